"""The serving end of a SPDY/3.1 connection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.apiserver.spdy import (
    INVALID_STREAM,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    Data,
    GoAway,
    OtherControl,
    Ping,
    RstStream,
    SpdyError,
    StreamHeaders,
    SynStream,
    WindowUpdate,
    encode,
)
from lab.apiserver.spdy_session import CHUNK, Ended, Event, Left, Opened, Received, SpdySession, farewell
from tests.lab.apiserver.spdy_peer import SpdyPeer


def opened_session() -> tuple[SpdySession, SpdyPeer]:
    """A session on which the client has opened stream 1."""
    session, peer = SpdySession(), SpdyPeer()
    assert session.receive(peer.open(1, "stdin")) == [Opened(1, {"streamtype": "stdin"})]
    return session, peer


def merged(events: list[Event]) -> list[Event]:
    """Events with neighbouring bytes of one stream put together: where a frame is cut is of no meaning."""
    result: list[Event] = []
    for event in events:
        last = result[-1] if result else None
        if isinstance(event, Received) and isinstance(last, Received) and event.stream_id == last.stream_id:
            result[-1] = Received(event.stream_id, last.data + event.data)
        else:
            result.append(event)
    return result


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.lists(st.integers(1, 30), max_size=20))
def test_events_do_not_depend_on_how_the_bytes_are_cut(pieces: list[bytes], cuts: list[int]) -> None:
    peer = SpdyPeer()
    raw = peer.open(1, "stdin") + peer.open(3, "error")
    raw += b"".join(encode(Data(1, piece)) for piece in pieces) + encode(Data(1, b"", fin=True))
    whole = SpdySession().receive(raw)
    session, events = SpdySession(), []
    for cut in cuts:
        events += session.receive(raw[:cut])
        raw = raw[cut:]
    assert events + session.receive(raw) == whole
    assert merged(whole[2:]) == merged([*(Received(1, piece) for piece in pieces), Ended(1)])


def test_received_bytes_give_their_window_back_on_stream_and_connection() -> None:
    session, peer = opened_session()
    assert session.receive(encode(Data(1, b"abc"))) == [Received(1, b"abc")]
    assert peer.read(session.take_output()) == [WindowUpdate(0, 3), WindowUpdate(1, 3)]


def test_output_is_handed_out_once() -> None:
    session, peer = opened_session()
    session.reply(1)
    assert peer.read(session.take_output()) == [StreamHeaders(1, b"")]
    assert session.take_output() == b""


def test_replies_share_one_header_stream() -> None:
    session, peer = opened_session()
    session.receive(peer.open(3, "error"))
    session.reply(1)
    session.reply(3)
    assert peer.read(session.take_output()) == [StreamHeaders(1, b""), StreamHeaders(3, b"")]


def test_a_ping_of_the_client_is_answered_and_an_answer_is_not() -> None:
    session, peer = opened_session()
    assert session.receive(encode(Ping(5)) + encode(Ping(6))) == []
    assert peer.read(session.take_output()) == [Ping(5)]


def test_the_last_frame_of_a_stream_ends_it() -> None:
    session, _ = opened_session()
    assert session.receive(encode(Data(1, b"x", fin=True))) == [Received(1, b"x"), Ended(1)]


def test_a_stream_may_be_opened_and_ended_in_one_frame() -> None:
    opened = [Opened(1, {"streamtype": "stdout"}), Ended(1)]
    assert SpdySession().receive(SpdyPeer().open(1, "stdout", fin=True)) == opened


def test_a_stream_that_the_client_resets_ends_once() -> None:
    session, _ = opened_session()
    assert session.receive(encode(RstStream(1, 5)) + encode(RstStream(1, 5))) == [Ended(1)]


@pytest.mark.parametrize("before", [b"", encode(Data(1, b"", fin=True)), encode(RstStream(1, 5))])
def test_data_outside_an_open_stream_is_answered_with_a_reset(before: bytes) -> None:
    session, peer = opened_session()
    session.receive(before)
    stream_id = 1 if before else 7
    assert session.receive(encode(Data(stream_id, b"x"))) == []
    assert peer.read(session.take_output()) == [RstStream(stream_id, INVALID_STREAM)]


def test_a_refused_stream_receives_nothing_further() -> None:
    session, peer = opened_session()
    session.reset(1, REFUSED_STREAM)
    assert peer.read(session.take_output()) == [RstStream(1, REFUSED_STREAM)]
    assert session.receive(encode(Data(1, b"x"))) == []


def test_a_client_that_goes_says_so() -> None:
    session, _ = opened_session()
    assert session.receive(encode(GoAway(0))) == [Left()]


def test_settings_windows_and_unknown_frames_are_ignored() -> None:
    session, _ = opened_session()
    assert session.receive(encode(OtherControl(4, 0, b"\0\0\0\0")) + encode(WindowUpdate(1, 9))) == []
    assert session.take_output() == b""


def test_long_payloads_are_cut_up_and_come_to_an_end() -> None:
    session, peer = opened_session()
    session.send(1, b"a" * (CHUNK + 1))
    session.finish(1)
    assert peer.read(session.take_output()) == [Data(1, b"a" * CHUNK), Data(1, b"a"), Data(1, b"", fin=True)]


@pytest.mark.parametrize("stream_id", [0, 1, 2])
def test_stream_numbers_that_are_not_odd_and_rising_break_the_protocol(stream_id: int) -> None:
    session, peer = opened_session()
    with pytest.raises(SpdyError, match="opens stream"):
        session.receive(peer.open(stream_id, "error"))


def test_data_on_the_connection_itself_breaks_the_protocol() -> None:
    with pytest.raises(SpdyError, match="stream 0"):
        SpdySession().receive(encode(Data(0, b"x")))


def test_headers_that_cannot_be_read_break_the_protocol() -> None:
    with pytest.raises(SpdyError, match="decompressed"):
        SpdySession().receive(encode(SynStream(1, b"not zlib")))


def test_the_farewell_to_a_client_that_broke_the_protocol_says_so() -> None:
    session, peer = opened_session()
    assert peer.read(farewell(session)) == [GoAway(1, PROTOCOL_ERROR)]
