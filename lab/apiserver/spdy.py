"""SPDY/3.1 frames: pure encoding and decoding. Header blocks stay compressed here (see spdy_headers)."""

import struct
from dataclasses import dataclass
from typing import Literal

VERSION = 3
FRAME_HEADER = 8
MAX_FRAME = 1 << 20
"""The longest frame accepted, in bytes after its header. Kubernetes' clients send at most 32 KiB."""

PROTOCOL_ERROR, INVALID_STREAM, REFUSED_STREAM = 1, 2, 3  # RST_STREAM's statuses that are used here

_FIN = 0x01
_CONTROL_BIT = 0x80000000
_STREAM_MASK = 0x7FFFFFFF

_ONE, _TWO, _SYN = struct.Struct("!I"), struct.Struct("!II"), struct.Struct("!IIBB")


class _Type:
    SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY, HEADERS, WINDOW_UPDATE = 1, 2, 3, 6, 7, 8, 9


class SpdyError(ValueError):
    """Bytes that are not SPDY/3.1, or a frame its sender was not entitled to."""


@dataclass(frozen=True, slots=True)
class Data:
    """DATA: bytes of a stream; `fin` ends the sender's side of it."""

    stream_id: int
    data: bytes
    fin: bool = False


@dataclass(frozen=True, slots=True)
class SynStream:
    """SYN_STREAM: opens a stream. Its priority and the stream it is associated to play no part here."""

    stream_id: int
    block: bytes
    fin: bool = False


@dataclass(frozen=True, slots=True)
class StreamHeaders:
    """SYN_REPLY (the answer to SYN_STREAM) or HEADERS (more of them)."""

    stream_id: int
    block: bytes
    fin: bool = False
    kind: Literal["reply", "more"] = "reply"


@dataclass(frozen=True, slots=True)
class RstStream:
    """RST_STREAM: ends a stream at once."""

    stream_id: int
    status: int


@dataclass(frozen=True, slots=True)
class Ping:
    """PING: to be answered with the same number (odd ones are the client's)."""

    id: int


@dataclass(frozen=True, slots=True)
class GoAway:
    """GOAWAY: the sender opens and accepts no further streams."""

    last_stream_id: int
    status: int = 0


@dataclass(frozen=True, slots=True)
class WindowUpdate:
    """WINDOW_UPDATE: the sender takes `delta` bytes more on a stream (0: on the connection)."""

    stream_id: int
    delta: int


@dataclass(frozen=True, slots=True)
class OtherControl:
    """A control frame that the lab has no use for: SETTINGS, or a type this version does not define (to be ignored)."""

    type: int
    flags: int
    payload: bytes


Frame = Data | SynStream | StreamHeaders | RstStream | Ping | GoAway | WindowUpdate | OtherControl


def encode(frame: Frame) -> bytes:
    """The bytes of `frame`."""
    match frame:
        case Data(stream_id, data, fin):
            return _TWO.pack(stream_id, fin << 24 | len(data)) + data
        case SynStream(stream_id, block, fin):
            return _control(_Type.SYN_STREAM, fin * _FIN, _SYN.pack(stream_id, 0, 0, 0) + block)
        case StreamHeaders(stream_id, block, fin, kind):
            return _control(
                _Type.SYN_REPLY if kind == "reply" else _Type.HEADERS, fin * _FIN, _ONE.pack(stream_id) + block
            )
        case RstStream(stream_id, status):
            return _control(_Type.RST_STREAM, 0, _TWO.pack(stream_id, status))
        case Ping(number):
            return _control(_Type.PING, 0, _ONE.pack(number))
        case GoAway(last_stream_id, status):
            return _control(_Type.GOAWAY, 0, _TWO.pack(last_stream_id, status))
        case WindowUpdate(stream_id, delta):
            return _control(_Type.WINDOW_UPDATE, 0, _TWO.pack(stream_id, delta))
        case OtherControl(kind, flags, payload):
            return _control(kind, flags, payload)


def decode(buffer: bytes | bytearray) -> tuple[Frame, int] | None:
    """The first frame of `buffer` and how many bytes it took; None while it is not whole yet.

    SpdyError where the bytes are no frame of this version, or one longer than MAX_FRAME.
    """
    if len(buffer) < FRAME_HEADER:
        return None
    word, length = _TWO.unpack_from(buffer)
    flags, length = length >> 24, length & 0xFFFFFF
    if length > MAX_FRAME:
        raise SpdyError(f"frame of {length} bytes is longer than {MAX_FRAME}")
    if word & _CONTROL_BIT and (version := word >> 16 & 0x7FFF) != VERSION:
        raise SpdyError(f"control frame of SPDY version {version}, not {VERSION}")
    end = FRAME_HEADER + length
    if len(buffer) < end:
        return None
    payload = bytes(buffer[FRAME_HEADER:end])
    if not word & _CONTROL_BIT:
        return Data(word, payload, bool(flags & _FIN)), end
    try:
        return _decode_control(word & 0xFFFF, flags, payload), end
    except struct.error as error:
        raise SpdyError(f"control frame of type {word & 0xFFFF} has a payload of {length} bytes") from error


def _control(kind: int, flags: int, payload: bytes) -> bytes:
    return _TWO.pack(_CONTROL_BIT | VERSION << 16 | kind, flags << 24 | len(payload)) + payload


def _decode_control(kind: int, flags: int, payload: bytes) -> Frame:
    fin = bool(flags & _FIN)
    match kind:
        case _Type.SYN_STREAM:
            stream_id, *_ = _SYN.unpack_from(payload)
            return SynStream(stream_id & _STREAM_MASK, payload[_SYN.size :], fin)
        case _Type.SYN_REPLY | _Type.HEADERS:
            (stream_id,) = _ONE.unpack_from(payload)
            return StreamHeaders(
                stream_id & _STREAM_MASK, payload[_ONE.size :], fin, "reply" if kind == _Type.SYN_REPLY else "more"
            )
        case _Type.RST_STREAM:
            stream_id, status = _TWO.unpack(payload)
            return RstStream(stream_id & _STREAM_MASK, status)
        case _Type.PING:
            return Ping(*_ONE.unpack(payload))
        case _Type.GOAWAY:
            stream_id, status = _TWO.unpack(payload)
            return GoAway(stream_id & _STREAM_MASK, status)
        case _Type.WINDOW_UPDATE:
            stream_id, delta = _TWO.unpack(payload)
            return WindowUpdate(stream_id & _STREAM_MASK, delta & _STREAM_MASK)
        case _:
            return OtherControl(kind, flags, payload)
