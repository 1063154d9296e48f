"""Commands run in a container for a client at the other end of a WebSocket (channel.k8s.io, versions 4 and 5)."""

import asyncio
import contextlib
import fcntl
import json
import os
import struct
import subprocess
import termios
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from lab.kubeclient import Document
from lab.kubelet.container import Container, NotRunningError
from lab.kubelet.process import Process

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
CHUNK_BYTES = 32 << 10
LAST_OUTPUT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ExecRequest:
    """A command and the streams that the client wants of it."""

    command: Sequence[str]
    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool


def exit_status(code: int) -> Document:
    """The metav1.Status that ends a session, in Kubernetes' form."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "reason": "NonZeroExitCode",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def failure(message: str) -> Document:
    return {"metadata": {}, "status": "Failure", "reason": "InternalError", "message": message, "code": 500}


async def serve_exec(socket: web.WebSocketResponse, container: Container, request: ExecRequest) -> None:
    """Run the command and relay its streams until it ends or the client goes away (the command is killed then)."""
    try:
        argv, launch = container.inside(request.command, tty=request.tty)
        streams = _Streams(request)
        try:
            # A terminal becomes the controlling one of a session that the command line itself opens, inside.
            process = Process(argv, launch.environment, launch.directory, streams.child, own_session=not request.tty)
        finally:
            streams.close_child_ends()
    except (NotRunningError, OSError) as error:
        await _send(socket, ERROR, json.dumps(failure(str(error))).encode())
        return
    try:
        await _relay(socket, process, streams)
    finally:
        process.kill()
        streams.close()


class _Streams:
    """Both ends of the command's standard streams: pipes, or one terminal for all."""

    def __init__(self, request: ExecRequest) -> None:
        self.input: int | None = None
        self.outputs: list[tuple[int, int]] = []  # channel, file descriptor
        self.terminal: int | None = None
        if request.tty:
            self.terminal, child = os.openpty()
            self.child = (child, child, child)
            self.input = os.dup(self.terminal)
            self.outputs = [(STDOUT, self.terminal)]
        else:
            self.child = (
                self._input() if request.stdin else subprocess.DEVNULL,
                self._output(STDOUT) if request.stdout else subprocess.DEVNULL,
                self._output(STDERR) if request.stderr else subprocess.DEVNULL,
            )
        for descriptor in self._ours():
            os.set_blocking(descriptor, False)

    def _input(self) -> int:
        child, self.input = os.pipe()
        return child

    def _output(self, channel: int) -> int:
        ours, child = os.pipe()
        self.outputs.append((channel, ours))
        return child

    def _ours(self) -> list[int]:
        return [descriptor for _, descriptor in self.outputs] + ([self.input] if self.input is not None else [])

    def close_child_ends(self) -> None:
        for descriptor in {descriptor for descriptor in self.child if descriptor >= 0}:
            os.close(descriptor)

    def close_input(self) -> None:
        if self.input is not None:
            os.close(self.input)
            self.input = None

    def close(self) -> None:
        for descriptor in self._ours():
            os.close(descriptor)


async def _relay(socket: web.WebSocketResponse, process: Process, streams: _Streams) -> None:
    moved = 0

    async def output(channel: int, descriptor: int) -> None:
        nonlocal moved
        while data := await _read(descriptor):
            await _send(socket, channel, data)
            moved += 1

    outputs = [asyncio.create_task(output(*stream)) for stream in streams.outputs]
    incoming = asyncio.create_task(_take_input(socket, streams))
    ended = asyncio.create_task(process.wait())
    try:
        await asyncio.wait((incoming, ended), return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            return
        # What the command wrote is still to be sent; but a process it left behind may hold the streams for ever.
        before = -1
        while outputs and before != moved and not incoming.done():
            before = moved
            await asyncio.wait(outputs, timeout=LAST_OUTPUT_SECONDS)
            if all(task.done() for task in outputs):
                break
        await _send(socket, ERROR, json.dumps(exit_status(ended.result())).encode())
    finally:
        tasks = (*outputs, incoming, ended)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _take_input(socket: web.WebSocketResponse, streams: _Streams) -> None:
    """Carry what the client sends into the command, until the client goes away."""
    async for message in socket:
        if message.type is not WSMsgType.BINARY or not message.data:
            continue
        channel, data = message.data[0], message.data[1:]
        if channel == STDIN and streams.input is not None:
            try:
                await _write(streams.input, data)
            except OSError:  # the command no longer reads
                streams.close_input()
        elif channel == CLOSE and data == bytes([STDIN]):
            streams.close_input()
        elif channel == RESIZE and streams.terminal is not None:
            with contextlib.suppress(ValueError, KeyError, TypeError, struct.error):
                size = json.loads(data)
                fcntl.ioctl(
                    streams.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size["Height"], size["Width"], 0, 0)
                )


async def _read(descriptor: int) -> bytes:
    """What the stream has next; empty at its end."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            return os.read(descriptor, CHUNK_BYTES)
        except BlockingIOError:
            await _ready(descriptor, loop.add_reader, loop.remove_reader)
        except OSError:  # EIO: the last process has left the terminal
            return b""


async def _write(descriptor: int, data: bytes) -> None:
    loop = asyncio.get_running_loop()
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            await _ready(descriptor, loop.add_writer, loop.remove_writer)


async def _ready(descriptor: int, add: Callable[..., object], remove: Callable[[int], object]) -> None:
    ready = asyncio.Event()
    add(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        remove(descriptor)


async def _send(socket: web.WebSocketResponse, channel: int, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        await socket.send_bytes(bytes([channel]) + data)
