"""A GET to a kubelet whose answer is read as it comes.

On httptools, which the API server has loaded anyway: an HTTP client library would cost a quarter of its memory.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httptools

CONNECT_TIMEOUT = 5.0
"""Seconds for reaching the kubelet."""
ANSWER_TIMEOUT = 10.0
"""Seconds for the kubelet's first bytes of an answer."""
READ_SIZE = 64 * 1024


class KubeletAnswer:
    """An answer of which the header has been read."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._headers_complete = False
        self._complete = False
        self.content_type = b"text/plain"

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self._parser.get_status_code())

    async def body(self) -> AsyncIterator[bytes]:
        """The body's bytes as they arrive. ConnectionResetError when it is cut short."""
        while True:
            for piece in self._body:
                yield piece
            self._body.clear()
            if self._complete:
                return
            await self._feed()

    async def read_header(self) -> None:
        """Read until the body begins."""
        while not self._headers_complete:
            await self._feed()

    async def _feed(self) -> None:
        data = await self._reader.read(READ_SIZE)
        if not data:
            raise ConnectionResetError("the kubelet hung up in the middle of its answer")
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise ConnectionResetError(f"the kubelet's answer is not HTTP: {error}") from error

    # What httptools calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        if name.lower() == b"content-type":
            self.content_type = value

    def on_headers_complete(self) -> None:
        """The end of the headers."""
        self._headers_complete = True

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The end of the answer."""
        self._complete = True


@asynccontextmanager
async def get(url: str, token: str) -> AsyncIterator[KubeletAnswer]:
    """GET `url`, of plain http; OSError (so TimeoutError) where the kubelet cannot be reached or gives no answer."""
    address = urlsplit(url)
    async with asyncio.timeout(CONNECT_TIMEOUT):
        reader, writer = await asyncio.open_connection(address.hostname, address.port or 80)
    try:
        target = f"{address.path}?{address.query}" if address.query else address.path
        lines = [f"GET {target} HTTP/1.1", f"Host: {address.netloc}", f"Authorization: Bearer {token}"]
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        answer = KubeletAnswer(reader)
        async with asyncio.timeout(ANSWER_TIMEOUT):
            await answer.read_header()
        yield answer
    finally:
        writer.close()
