"""The proxy's sockets: joining, balancing, refusing, half-closing."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from lab.network import LabNetwork
from lab.proxy.endpoints import Address, ServicePort
from lab.proxy.listeners import Listeners

WEB = ServicePort("ns", "web", "")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with everything that came, once the client has ended."""
    writer.write(await reader.read())
    await writer.drain()
    writer.close()


def says(word: bytes) -> Serve:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(word)
        writer.close()

    return serve


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110 (sockets and logs tell nobody)
            await asyncio.sleep(0.005)


class Bench:
    """A Service address of a test and endpoints behind it."""

    def __init__(self, octet: int) -> None:
        self.network = LabNetwork(octet)
        self.front = Address(f"127.{octet}.8.2", 8000)
        self.listeners = Listeners()
        self._servers: list[asyncio.Server] = []

    def endpoint(self, number: int) -> Address:
        return Address(f"127.{self.network.octet}.16.{number + 2}", 8000)

    async def serve(self, number: int, serve: Serve) -> Address:
        address = self.endpoint(number)
        self._servers.append(await asyncio.start_server(serve, *address))
        return address

    async def balance(self, *addresses: Address) -> None:
        await self.listeners.follow({self.front: WEB}, {WEB: set(addresses)})
        await until(self.is_listening)

    def is_listening(self) -> bool:
        with socket.socket() as client:
            client.settimeout(1)
            return client.connect_ex(self.front) == 0

    async def ask(self, data: bytes = b"") -> bytes:
        """Everything that the Service answers to `data`."""
        reader, writer = await asyncio.open_connection(*self.front)
        try:
            writer.write(data)
            writer.write_eof()
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()

    async def close(self) -> None:
        await self.listeners.close()
        for server in self._servers:
            server.close()


@asynccontextmanager
async def bench(octet: int) -> AsyncIterator[Bench]:
    made = Bench(octet)
    try:
        yield made
    finally:
        await made.close()


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


def test_much_passes_both_ways_and_half_closes_are_kept(lab_octet: int) -> None:
    async def scenario() -> None:
        async with bench(lab_octet) as made:
            await made.balance(await made.serve(0, echo))
            data = bytes(range(256)) * 20_000
            assert await made.ask(data) == data

    run(scenario())


def test_connections_are_spread_over_the_endpoints(lab_octet: int) -> None:
    async def scenario() -> None:
        async with bench(lab_octet) as made:
            await made.balance(await made.serve(0, says(b"a")), await made.serve(1, says(b"b")))
            assert sorted([await made.ask() for _ in range(6)]) == [b"a"] * 3 + [b"b"] * 3

    run(scenario())


def test_an_endpoint_that_refuses_is_passed_over(lab_octet: int) -> None:
    async def scenario() -> None:
        async with bench(lab_octet) as made:
            await made.balance(made.endpoint(7), await made.serve(0, says(b"a")))
            assert [await made.ask() for _ in range(5)] == [b"a"] * 5

    run(scenario())


@pytest.mark.parametrize("endpoints", [0, 2])
def test_without_an_endpoint_that_answers_the_client_is_reset(lab_octet: int, endpoints: int) -> None:
    async def scenario() -> None:
        async with bench(lab_octet) as made:
            await made.balance(*(made.endpoint(number) for number in range(endpoints)))
            with pytest.raises(ConnectionResetError):
                await made.ask(b"hello")

    run(scenario())


def test_an_endpoint_that_breaks_the_connection_breaks_the_client_s(lab_octet: int) -> None:
    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async def scenario() -> None:
        async with bench(lab_octet) as made:
            await made.balance(await made.serve(0, breaks))
            with pytest.raises(ConnectionResetError):
                await made.ask(b"x")

    run(scenario())


def test_a_slow_reader_slows_its_sender_and_nobody_else_s(lab_octet: int) -> None:
    everything = 100 << 20
    sent: dict[bytes, int] = {}

    async def floods(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not (client := await reader.read(1)):
            writer.close()  # it only looked whether anybody listens
            return
        sent[client] = 0
        while sent[client] < everything:
            writer.write(b"x" * (1 << 18))
            sent[client] += 1 << 18
            await writer.drain()

    async def connect(made: Bench, name: bytes, limit: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*made.front, limit=limit)
        writer.write(name)
        return reader, writer

    async def scenario() -> None:
        async with bench(lab_octet) as made:
            await made.balance(await made.serve(0, floods))
            slow, slow_writer = await connect(made, b"s", 1024)
            await until(lambda: b"s" in sent)
            quick, quick_writer = await connect(made, b"q", 1 << 20)
            received = 0
            while received < everything:
                piece = await quick.read(1 << 20)
                assert piece, "the connection ended"
                received += len(piece)
            assert sent[b"s"] < everything / 2
            assert await slow.read(10)
            slow_writer.transport.abort()
            quick_writer.transport.abort()

    run(scenario())


def test_connections_outlive_the_removal_of_their_endpoint(lab_octet: int) -> None:
    joined = asyncio.Event()

    async def echo_and_tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first := await reader.read(1):
            joined.set()
        writer.write(first)
        await echo(reader, writer)

    async def scenario() -> None:
        async with bench(lab_octet) as made:
            first = await made.serve(0, echo_and_tell)
            await made.balance(first)
            reader, writer = await asyncio.open_connection(*made.front)
            writer.write(b"before ")
            await writer.drain()
            await joined.wait()
            await made.listeners.follow({made.front: WEB}, {WEB: {await made.serve(1, says(b"b"))}})
            writer.write(b"after")
            writer.write_eof()
            assert await reader.read() == b"before after"
            assert await made.ask() == b"b"
            writer.close()

    run(scenario())


def test_listeners_go_with_their_service(lab_octet: int) -> None:
    async def scenario() -> None:
        async with bench(lab_octet) as made:
            await made.balance()
            await made.listeners.follow({}, {})
            assert not made.is_listening()

    run(scenario())


def test_a_port_in_use_is_told_and_taken_when_it_is_free(lab_octet: int) -> None:
    async def scenario() -> None:
        async with bench(lab_octet) as made:
            other = Address(f"127.{lab_octet}.8.3", 8000)
            endpoint = await made.serve(0, says(b"a"))
            squatter = socket.create_server(made.front)
            web, free = {made.front: WEB}, {other: ServicePort("ns", "other", "")}
            await made.listeners.follow(web | free, {WEB: {endpoint}})
            await until(lambda: any("cannot listen" in entry["event"] for entry in entries))
            with socket.create_connection(other, 1):
                pass
            squatter.close()
            await made.balance(endpoint)
            assert await made.ask() == b"a"

    with capture_logs() as entries:
        run(scenario())
    [complaint] = [entry for entry in entries if "cannot listen" in entry["event"]]
    assert complaint["address"].endswith(".8.2:8000")
    assert f"pid {os.getpid()}" in complaint["holder"]
