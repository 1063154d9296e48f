"""An API server on a bad day: stands before a real one, and spoils a share of the requests.

    python -m tests.crash.flaky_api --listen 127.9.0.2:6444 --upstream 127.9.0.1:6443 --ca ca.crt --share 0.33 --seed 1
        --calm-until "POST /api/v1/namespaces/mlchaos/configmaps" --tell began

Prints `ready` when it listens. Every request is answered until the one that begins with `--calm-until`, when the file
`--tell` is made: a run is refused while it is planned on a day that is bad already, and then nothing is proven. After
that each spoilt request meets one of the ways below, drawn with the seed. `lost` is the worst: the request is done, and
its answer never comes.
"""

import argparse
import asyncio
import contextlib
import json
import random
import ssl
import sys
from pathlib import Path
from typing import Literal, get_args

Way = Literal["500", "429", "409", "hang", "drop", "lost"]
WAYS: tuple[Way, ...] = get_args(Way)
HANG_SECONDS = 30.0
_REASONS = {"500": "InternalError", "429": "TooManyRequests", "409": "Conflict"}


class FlakyApi:
    """One proxy; connections from clients are plain HTTP, those to the real server TLS."""

    def __init__(
        self,
        upstream: str,
        trust: ssl.SSLContext,
        share: float,
        seed: int,
        hang_seconds: float,
        calm_until: bytes,
        tell: Path,
    ) -> None:
        self._host, _, port = upstream.rpartition(":")
        self._port = int(port)
        self._trust = trust
        self._share = share
        self._random = random.Random(seed)  # noqa: S311 (bad days to repeat, not secrets)
        self._hang_seconds = hang_seconds
        self._calm_until = calm_until
        self._tell = tell
        self._calm = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request on one connection, which is closed afterwards."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            head = await reader.readuntil(b"\r\n\r\n")
            await self._answer(head, reader, writer)
        writer.close()

    async def _answer(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upgrade = b"\r\nupgrade:" in head.lower()
        if self._calm and head.startswith(self._calm_until):
            self._calm = False
            self._tell.touch()
        spoilt = not self._calm and self._random.random() < self._share
        way = self._random.choice(WAYS) if spoilt else None
        if way in _REASONS:
            await reader.readexactly(_body_length(head))
            writer.write(_refusal(int(way)))
            await writer.drain()
        elif way == "hang":
            await asyncio.sleep(self._hang_seconds)
        elif way != "drop":
            await self._forward(head, reader, writer, upgrade=upgrade, lose=way == "lost")

    async def _forward(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, upgrade: bool, lose: bool
    ) -> None:
        up_reader, up_writer = await asyncio.open_connection(self._host, self._port, ssl=self._trust)
        try:
            if upgrade:
                up_writer.write(head)
                await asyncio.wait(
                    {asyncio.create_task(_pump(reader, up_writer)), asyncio.create_task(_pump(up_reader, writer))},
                    return_when=asyncio.FIRST_COMPLETED,
                )
                return
            body = await reader.readexactly(_body_length(head))
            up_writer.write(_without_keep_alive(head) + body)
            answer = await up_reader.read(-1)
            if not lose:
                writer.write(answer)
                await writer.drain()
        finally:
            up_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()


def _body_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _without_keep_alive(head: bytes) -> bytes:
    lines = [line for line in head[:-4].split(b"\r\n") if not line.lower().startswith((b"connection:", b"host:"))]
    return b"\r\n".join([*lines, b"Host: flaky", b"Connection: close"]) + b"\r\n\r\n"


def _refusal(code: int) -> bytes:
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": "a bad day",
        "reason": _REASONS[str(code)],
        "code": code,
    }
    body = json.dumps(status).encode()
    head = f"HTTP/1.1 {code} Spoilt\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body


async def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", required=True)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--share", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--hang-seconds", type=float, default=HANG_SECONDS)
    parser.add_argument("--calm-until", required=True)
    parser.add_argument("--tell", type=Path, required=True)
    options = parser.parse_args()
    trust = ssl.create_default_context(cafile=options.ca)
    calm_until: bytes = options.calm_until.encode()
    api = FlakyApi(options.upstream, trust, options.share, options.seed, options.hang_seconds, calm_until, options.tell)
    host, _, port = options.listen.rpartition(":")
    server = await asyncio.start_server(api.serve, host, int(port), limit=1 << 20)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
