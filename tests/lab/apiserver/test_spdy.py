"""Frames of SPDY/3.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.apiserver.spdy import (
    MAX_FRAME,
    Data,
    Frame,
    GoAway,
    OtherControl,
    Ping,
    RstStream,
    SpdyError,
    StreamHeaders,
    SynStream,
    WindowUpdate,
    decode,
    encode,
)

stream_ids = st.integers(0, 2**31 - 1)
words = st.integers(0, 2**32 - 1)
payloads = st.binary(max_size=100)
frames: st.SearchStrategy[Frame] = st.one_of(
    st.builds(Data, stream_ids, payloads, st.booleans()),
    st.builds(SynStream, stream_ids, payloads, st.booleans()),
    st.builds(StreamHeaders, stream_ids, payloads, st.booleans(), st.sampled_from(["reply", "more"])),
    st.builds(RstStream, stream_ids, words),
    st.builds(Ping, words),
    st.builds(GoAway, stream_ids, words),
    st.builds(WindowUpdate, stream_ids, stream_ids),
    st.builds(OtherControl, st.sampled_from([0, 4, 5, 10, 0xFFFF]), st.integers(0, 255), payloads),
)


@given(frames, st.binary(max_size=20))
def test_decoding_gives_back_the_frame_and_its_size(frame: Frame, rest: bytes) -> None:
    encoded = encode(frame)
    assert decode(encoded + rest) == (frame, len(encoded))


@given(frames, st.data())
def test_a_frame_cut_short_waits_for_the_rest(frame: Frame, data: st.DataObject) -> None:
    encoded = encode(frame)
    assert decode(encoded[: data.draw(st.integers(0, len(encoded) - 1))]) is None


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_a_frame_or_not_yet_one_or_an_error(raw: bytes) -> None:
    try:
        decoded = decode(raw)
    except SpdyError:
        return
    assert decoded is None or 8 <= decoded[1] <= len(raw)


@pytest.mark.parametrize(
    ("frame", "encoded"),
    [
        (Data(1, b"hi", fin=True), "00000001 01000002 6869"),
        (SynStream(3, b"\xaa"), "80030001 0000000b 00000003 00000000 0000 aa"),
        (StreamHeaders(3, b"\xaa", fin=True), "80030002 01000005 00000003 aa"),
        (RstStream(5, 3), "80030003 00000008 00000005 00000003"),
        (Ping(7), "80030006 00000004 00000007"),
        (GoAway(9, 1), "80030007 00000008 00000009 00000001"),
        (StreamHeaders(3, b"", kind="more"), "80030008 00000004 00000003"),
        (WindowUpdate(0, 65536), "80030009 00000008 00000000 00010000"),
    ],
)
def test_frames_have_the_layout_of_the_protocol(frame: Frame, encoded: str) -> None:
    assert encode(frame) == bytes.fromhex(encoded)


def test_a_frame_too_long_is_refused_by_its_header_alone() -> None:
    with pytest.raises(SpdyError, match="longer than"):
        decode((1).to_bytes(4, "big") + (MAX_FRAME + 1).to_bytes(4, "big"))


def test_a_control_frame_of_another_version_is_refused() -> None:
    with pytest.raises(SpdyError, match="version 2"):
        decode(bytes.fromhex("80020006 00000004 00000001"))


@pytest.mark.parametrize("encoded", ["80030006 00000003 000001", "80030003 0000000a 00000005 00000003 0000"])
def test_a_control_frame_of_the_wrong_length_is_refused(encoded: str) -> None:
    with pytest.raises(SpdyError, match="payload of"):
        decode(bytes.fromhex(encoded))
