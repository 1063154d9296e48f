"""Header blocks of SPDY/3."""

import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.apiserver.spdy_headers import (
    DICTIONARY,
    MAX_BLOCK,
    HeaderCompressor,
    HeaderDecompressor,
    HeaderError,
    Headers,
    pack,
    unpack,
)

headers = st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=5).map(tuple)


def test_the_dictionary_is_the_published_one() -> None:
    # Every SPDY/3 header stream names its dictionary by this checksum in its first bytes.
    assert (len(DICTIONARY), zlib.adler32(DICTIONARY)) == (1423, 0xE3C6A7C2)


def test_a_block_has_the_layout_of_the_protocol() -> None:
    assert pack((("streamtype", "error"),)) == b"\0\0\0\1\0\0\0\x0astreamtype\0\0\0\5error"


@given(headers)
def test_unpacking_gives_back_what_was_packed(given_headers: Headers) -> None:
    assert unpack(pack(given_headers)) == given_headers


@given(st.lists(headers, max_size=5))
def test_blocks_of_one_connection_share_one_zlib_stream(blocks: list[Headers]) -> None:
    compressor, decompressor = HeaderCompressor(), HeaderDecompressor()
    assert [decompressor.decompress(compressor.compress(block)) for block in blocks] == blocks


@given(st.binary(max_size=64))
def test_bytes_that_are_no_block_are_refused_and_nothing_else_happens(raw: bytes) -> None:
    try:
        unpacked = unpack(raw)
    except HeaderError:
        return
    assert pack(unpacked) == raw


@given(headers, st.integers(0, 200), st.integers(1, 255))
def test_a_damaged_compressed_block_never_raises_anything_but_header_error(
    given_headers: Headers, position: int, change: int
) -> None:
    block = bytearray(HeaderCompressor().compress(given_headers))
    block[position % len(block)] ^= change
    with suppress(HeaderError):
        HeaderDecompressor().decompress(bytes(block))


def test_a_block_that_grows_beyond_the_limit_is_refused() -> None:
    bomb = HeaderCompressor().compress((("x", "a" * (MAX_BLOCK + 1)),))
    assert len(bomb) < 1000
    with pytest.raises(HeaderError, match="larger than"):
        HeaderDecompressor().decompress(bomb)
