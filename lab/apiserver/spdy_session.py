"""The serving end of one SPDY/3.1 connection, without I/O: bytes in, events and bytes out."""

from dataclasses import dataclass, field

from lab.apiserver.spdy import (
    INVALID_STREAM,
    PROTOCOL_ERROR,
    Data,
    Frame,
    GoAway,
    Ping,
    RstStream,
    SpdyError,
    StreamHeaders,
    SynStream,
    WindowUpdate,
    decode,
    encode,
)
from lab.apiserver.spdy_headers import HeaderCompressor, HeaderDecompressor, HeaderError

CHUNK = 32 * 1024
"""Bytes of a DATA frame that is sent; longer payloads are cut up."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The client opened a stream; it is to be answered with `reply` or `reset`."""

    stream_id: int
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Received:
    """The client sent bytes on a stream."""

    stream_id: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The client sends nothing further on a stream."""

    stream_id: int


@dataclass(frozen=True, slots=True)
class Left:
    """The client said that it goes."""


Event = Opened | Received | Ended | Left


@dataclass(slots=True)
class SpdySession:
    """State of one connection: its header compression, the streams that the client still sends on, bytes to send.

    Received bytes are handed out at once and the window they took is given back in the same breath: whoever reads the
    connection only as fast as it can pass the bytes on has TCP hold the client back. The windows for sending are not
    kept: Kubernetes' clients (moby/spdystream) never send WINDOW_UPDATE, so that a sender that kept to the protocol's
    initial 64 KiB would wait for ever after them; here, too, TCP is what slows the sender down.
    """

    _compressor: HeaderCompressor = field(default_factory=HeaderCompressor)
    _decompressor: HeaderDecompressor = field(default_factory=HeaderDecompressor)
    _inbound: bytearray = field(default_factory=bytearray)
    _outbound: bytearray = field(default_factory=bytearray)
    _receiving: set[int] = field(default_factory=set)
    _last_stream_id: int = 0

    def receive(self, data: bytes) -> list[Event]:
        """What the client did with these bytes. SpdyError where they break the protocol: say go_away and hang up."""
        self._inbound += data
        events: list[Event] = []
        while decoded := decode(self._inbound):
            frame, size = decoded
            del self._inbound[:size]
            events += self._handle(frame)
        return events

    def take_output(self) -> bytes:
        """The bytes to send by now, in order."""
        output = bytes(self._outbound)
        self._outbound.clear()
        return output

    def reply(self, stream_id: int) -> None:
        """Accept a stream that the client opened."""
        self._send(StreamHeaders(stream_id, self._compressor.compress(())))

    def reset(self, stream_id: int, status: int) -> None:
        """End a stream at once, in both directions."""
        self._receiving.discard(stream_id)
        self._send(RstStream(stream_id, status))

    def send(self, stream_id: int, data: bytes) -> None:
        """Send bytes on a stream."""
        for start in range(0, len(data), CHUNK):
            self._send(Data(stream_id, data[start : start + CHUNK]))

    def finish(self, stream_id: int) -> None:
        """Send nothing further on a stream."""
        self._send(Data(stream_id, b"", fin=True))

    def go_away(self, status: int = 0) -> None:
        """Say that no further stream is accepted (status 1: because the client broke the protocol)."""
        self._send(GoAway(self._last_stream_id, status))

    def _send(self, frame: Frame) -> None:
        self._outbound += encode(frame)

    def _handle(self, frame: Frame) -> list[Event]:
        match frame:
            case Data():
                return self._handle_data(frame)
            case SynStream():
                return self._handle_open(frame)
            case StreamHeaders(stream_id, block, fin):
                self._headers(block)  # the connection's one zlib stream must see every block
                return self._end(stream_id) if fin else []
            case RstStream(stream_id):
                return self._end(stream_id)
            case Ping(number) if number % 2:
                self._send(frame)
            case GoAway():
                return [Left()]
        return []

    def _handle_open(self, frame: SynStream) -> list[Event]:
        headers = self._headers(frame.block)
        if frame.stream_id % 2 == 0 or frame.stream_id <= self._last_stream_id:
            raise SpdyError(f"client opens stream {frame.stream_id} after {self._last_stream_id}")
        self._last_stream_id = frame.stream_id
        self._receiving.add(frame.stream_id)
        opened = Opened(frame.stream_id, headers)
        return [opened, *self._end(frame.stream_id)] if frame.fin else [opened]

    def _handle_data(self, frame: Data) -> list[Event]:
        if frame.stream_id not in self._receiving:
            if frame.stream_id == 0:
                raise SpdyError("data on stream 0")
            self._send(RstStream(frame.stream_id, INVALID_STREAM))
            return []
        events: list[Event] = []
        if frame.data:
            self._send(WindowUpdate(0, len(frame.data)))
            self._send(WindowUpdate(frame.stream_id, len(frame.data)))
            events.append(Received(frame.stream_id, frame.data))
        return events + self._end(frame.stream_id) if frame.fin else events

    def _end(self, stream_id: int) -> list[Event]:
        if stream_id not in self._receiving:
            return []
        self._receiving.remove(stream_id)
        return [Ended(stream_id)]

    def _headers(self, block: bytes) -> dict[str, str]:
        try:
            return dict(self._decompressor.decompress(block))
        except HeaderError as error:
            raise SpdyError(str(error)) from error


def farewell(session: SpdySession) -> bytes:
    """The last bytes for a client that broke the protocol."""
    session.go_away(PROTOCOL_ERROR)
    return session.take_output()
