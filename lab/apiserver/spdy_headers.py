"""SPDY/3 header blocks: name/value lists, compressed by one zlib stream for each direction of a connection.

Both ends prime zlib with the dictionary the protocol publishes (draft-mbelshe-httpbis-spdy-00, section 2.6.10.1).
"""

import struct
import zlib

Headers = tuple[tuple[str, str], ...]

MAX_BLOCK = 64 * 1024
"""The most bytes a decompressed header block may have; a larger one is a bomb, not a request."""

_LENGTH = struct.Struct("!I")

# The dictionary's first part is words with their lengths before them, as in a header block; the rest is plain text.
_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie "
    "keep-alive origin"
)
_TEXT = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden"
    "404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)


class HeaderError(ValueError):
    """A header block that is not one."""


def _prefixed(text: str) -> bytes:
    raw = text.encode()
    return _LENGTH.pack(len(raw)) + raw


DICTIONARY = b"".join(_prefixed(word.replace("_", " ")) for word in _WORDS.split()) + _TEXT.encode()


def pack(headers: Headers) -> bytes:
    """The uncompressed block of `headers`."""
    return _LENGTH.pack(len(headers)) + b"".join(_prefixed(name) + _prefixed(value) for name, value in headers)


def unpack(block: bytes) -> Headers:
    """The headers of an uncompressed block; HeaderError where it is cut short, has a rest or is not UTF-8."""
    texts: list[str] = []
    position = _LENGTH.size
    try:
        (pairs,) = _LENGTH.unpack_from(block)
        while position < len(block):
            (length,) = _LENGTH.unpack_from(block, position)
            position += _LENGTH.size + length
            texts.append(block[position - length : position].decode())
    except (struct.error, UnicodeDecodeError) as error:
        raise HeaderError(f"header block cannot be read: {error}") from error
    if position != len(block) or len(texts) != 2 * pairs:
        raise HeaderError(f"header block announces {pairs} headers in {len(block)} bytes and does not hold them")
    return tuple(zip(texts[::2], texts[1::2], strict=True))


class HeaderCompressor:
    """The sending direction of one connection."""

    def __init__(self) -> None:
        self._zlib = zlib.compressobj(zdict=DICTIONARY)

    def compress(self, headers: Headers) -> bytes:
        """The compressed block; blocks must be sent in the order they were compressed."""
        return self._zlib.compress(pack(headers)) + self._zlib.flush(zlib.Z_SYNC_FLUSH)


class HeaderDecompressor:
    """The receiving direction of one connection."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(zdict=DICTIONARY)

    def decompress(self, block: bytes) -> Headers:
        """The headers of the next block received; HeaderError where it is damaged or larger than MAX_BLOCK."""
        try:
            raw = self._zlib.decompress(block, MAX_BLOCK)
        except zlib.error as error:
            raise HeaderError(f"header block cannot be decompressed: {error}") from error
        if self._zlib.unconsumed_tail:
            raise HeaderError(f"header block is larger than {MAX_BLOCK} bytes")
        return unpack(raw)
