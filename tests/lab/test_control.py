"""Asking a running lab something over its socket."""

import asyncio
import socket
from pathlib import Path

import pytest

from lab.control import Reply, Request, ask, check_length, serve
from lab.directory import LabDirectory
from lab.errors import LabError


async def conversation(directory: LabDirectory, request: Request) -> Reply:
    async def answer(asked: Request) -> Reply:
        return Reply(detail=f"{asked.verb} {asked.component}")

    server = await serve(directory, answer)
    try:
        return await asyncio.to_thread(ask, directory, request)
    finally:
        server.close()


def test_a_request_is_answered(tmp_path: Path) -> None:
    reply = asyncio.run(conversation(LabDirectory(tmp_path), Request(verb="stop", component="gpu-b")))
    assert reply == Reply(detail="stop gpu-b")


def test_the_socket_is_for_its_owner_only(tmp_path: Path) -> None:
    asyncio.run(conversation(LabDirectory(tmp_path), Request(verb="stop", component="x")))
    assert (tmp_path / "control.sock").stat().st_mode & 0o077 == 0


def test_nonsense_is_answered_with_a_problem(tmp_path: Path) -> None:
    async def scenario() -> Reply:
        async def answer(_: Request) -> Reply:
            raise AssertionError("nothing was asked")

        server = await serve(LabDirectory(tmp_path), answer)
        reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
        writer.write(b"{]\n")
        reply = Reply.model_validate_json(await reader.readline())
        writer.close()
        server.close()
        return reply

    assert "not a request" in asyncio.run(scenario()).problem


def test_a_socket_that_nobody_serves_is_no_lab(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(str(tmp_path / "control.sock"))
    with pytest.raises(LabError, match="chaos lab status"):
        ask(LabDirectory(tmp_path), Request(verb="stop", component="x"))


def test_a_path_that_the_kernel_would_refuse_is_refused_with_the_option_that_helps(tmp_path: Path) -> None:
    check_length(LabDirectory(tmp_path))
    with pytest.raises(LabError, match="--dir"):
        check_length(LabDirectory(tmp_path / ("x" * 90)))
