"""The client's end of a SPDY/3.1 connection, for tests."""

from lab.apiserver.spdy import Frame, StreamHeaders, SynStream, decode, encode
from lab.apiserver.spdy_headers import HeaderCompressor, HeaderDecompressor


class SpdyPeer:
    """Keeps the header compression of both directions."""

    def __init__(self) -> None:
        self._compressor = HeaderCompressor()
        self._decompressor = HeaderDecompressor()

    def open(self, stream_id: int, stream_type: str, *, fin: bool = False) -> bytes:
        """The bytes that open a stream as Kubernetes' clients do."""
        return encode(SynStream(stream_id, self._compressor.compress((("streamtype", stream_type),)), fin))

    def read(self, raw: bytes) -> list[Frame]:
        """The frames in `raw`, which must be whole; header blocks of replies are taken out and must be sound."""
        frames: list[Frame] = []
        while raw:
            decoded = decode(raw)
            assert decoded, f"a frame is cut short: {raw!r}"
            frame, size = decoded
            raw = raw[size:]
            if isinstance(frame, StreamHeaders):
                assert self._decompressor.decompress(frame.block) == ()
                frame = StreamHeaders(frame.stream_id, b"", frame.fin, frame.kind)
            frames.append(frame)
        return frames
