"""How the `chaos lab` commands talk to a running lab: one line of JSON each way over a Unix socket in its directory."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lab.directory import LabDirectory
from lab.errors import LabError

SOCKET_PATH_LIMIT = 100
"""Bytes; the kernel takes 108 with the end mark."""

Verb = Literal["start", "stop"]


class Request(BaseModel):
    model_config = ConfigDict(frozen=True)

    verb: Verb
    component: str


class Reply(BaseModel):
    """`problem` empty means done; `remedy` says what to do about a problem."""

    model_config = ConfigDict(frozen=True)

    detail: str = ""
    problem: str = ""
    remedy: str = ""


def check_length(directory: LabDirectory) -> None:
    """Refuse a directory whose socket the kernel would not take."""
    if len(str(directory.control_socket).encode()) > SOCKET_PATH_LIMIT:
        raise LabError(
            f"the path of the lab's directory is too long for a socket: {directory.root}",
            "choose a shorter one with --dir or MLCHAOS_LAB_DIR",
        )


async def serve(directory: LabDirectory, answer: Callable[[Request], Awaitable[Reply]]) -> asyncio.Server:
    """Listen for requests; each is answered by `answer`."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = Request.model_validate_json(await reader.readline())
            reply = await answer(request)
        except ValueError as error:
            reply = Reply(problem=f"not a request: {error}", remedy="use the chaos lab commands")
        writer.write(reply.model_dump_json().encode() + b"\n")
        await writer.drain()
        writer.close()

    directory.control_socket.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(converse, directory.control_socket)
    directory.control_socket.chmod(0o600)
    return server


def ask(directory: LabDirectory, request: Request, timeout: float = 30) -> Reply:
    """Send one request to the lab and give its reply. Raises LabError where no lab answers within `timeout` seconds."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(str(directory.control_socket))
            connection.sendall(json.dumps(request.model_dump()).encode() + b"\n")
            with connection.makefile("rb") as answer:
                return Reply.model_validate_json(answer.readline())
    except (OSError, ValueError) as error:
        raise LabError(f"no lab answers in {directory.root} ({error})", "see `chaos lab status`") from error
