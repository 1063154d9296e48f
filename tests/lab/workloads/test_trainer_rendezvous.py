"""The rendezvous of real sockets on loopback; followers are threads."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import structlog

from lab.workloads.trainer.assembly import Address
from lab.workloads.trainer.record import Claim
from lab.workloads.trainer.rendezvous import Assignment, Member, RendezvousError, RendezvousServer, join

LOG: structlog.stdlib.BoundLogger = structlog.get_logger()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def member(rank: int, incarnation: int = 1, world_size: int = 2) -> Member:
    return Member(rank, world_size, incarnation, ("127.0.0.1", 1000 + rank), Claim(3, 40, 99.5))


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.005)


class Party:
    """A rendezvous server, and ranks that join it in threads."""

    def __init__(self, world_size: int, pool: ThreadPoolExecutor) -> None:
        self.address: Address = ("127.0.0.1", free_port())
        self.server = RendezvousServer(*self.address, world_size, LOG)
        self.stop = threading.Event()
        self._pool = pool

    def join(self, who: Member) -> Future[Assignment]:
        return self._pool.submit(join, self.address, who, 5.0, self.stop.is_set, lambda _: None)


@contextmanager
def party(world_size: int) -> Iterator[Party]:
    with ThreadPoolExecutor(8) as pool:
        guests = Party(world_size, pool)
        try:
            yield guests
        finally:
            guests.stop.set()


ASSIGNMENT = Assignment(4, (("127.0.0.1", 1000), ("127.0.0.1", 1001)), "job/checkpoints/step-1.ckpt")


def test_all_ranks_get_the_same_assignment() -> None:
    with party(3) as guests:
        futures = [guests.join(member(rank, world_size=3)) for rank in (2, 1)]
        wait_for(lambda: len(guests.server.waiting()) == 2)
        members = guests.server.waiting()
        assert members == (member(1, world_size=3), member(2, world_size=3))
        assert guests.server.release(members, ASSIGNMENT)
        assert [future.result(5) for future in futures] == [ASSIGNMENT] * 2
        assert not guests.server.is_awaited()


def test_a_rank_that_waits_hears_how_many_are_there() -> None:
    heard: list[int] = []
    with party(2) as guests, ThreadPoolExecutor(1) as pool:
        pool.submit(join, guests.address, member(1), 5.0, guests.stop.is_set, heard.append)
        wait_for(lambda: 2 in heard)
        guests.stop.set()


def test_a_rank_that_dies_while_it_waits_is_forgotten() -> None:
    with party(2) as guests:
        with socket.create_connection(guests.address) as connection:
            connection.sendall(json.dumps(member(1).as_document()).encode() + b"\n")
            wait_for(guests.server.is_awaited)
            members = guests.server.waiting()
        wait_for(lambda: not guests.server.is_awaited())
        assert not guests.server.release(members, ASSIGNMENT)


def test_a_rank_of_a_running_ring_that_comes_back_says_that_the_ring_is_over() -> None:
    with party(2) as guests:
        first = guests.join(member(1, incarnation=10))
        wait_for(guests.server.is_awaited)
        guests.server.release(guests.server.waiting(), ASSIGNMENT)
        first.result(5)
        guests.join(member(1, incarnation=10))
        wait_for(guests.server.is_awaited)


def test_a_process_that_has_been_replaced_is_turned_away() -> None:
    with party(2) as guests:
        new = guests.join(member(1, incarnation=20))
        wait_for(guests.server.is_awaited)
        with pytest.raises(RendezvousError, match="replaced by a newer process"):
            guests.join(member(1, incarnation=10)).result(5)
        guests.server.release(guests.server.waiting(), ASSIGNMENT)
        new.result(5)
        with pytest.raises(RendezvousError, match="replaced by a newer process"):
            guests.join(member(1, incarnation=10)).result(5)
        assert not guests.server.is_awaited()


def test_a_newer_process_takes_the_place_of_the_one_that_waits() -> None:
    with party(2) as guests:
        old = guests.join(member(1, incarnation=10))
        wait_for(guests.server.is_awaited)
        guests.join(member(1, incarnation=20))
        with pytest.raises(RendezvousError, match="hung up"):
            old.result(5)
        wait_for(lambda: [waiting.incarnation for waiting in guests.server.waiting()] == [20])


@pytest.mark.parametrize("stranger", [member(0), member(2), member(1, world_size=3)])
def test_a_rank_of_another_job_is_turned_away(stranger: Member) -> None:
    with party(2) as guests:
        with pytest.raises(RendezvousError, match="none of 1 to 1 of 2"):
            guests.join(stranger).result(5)
        assert not guests.server.is_awaited()


def test_a_stranger_is_turned_away() -> None:
    with party(2) as guests:
        with socket.create_connection(guests.address) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert b"refused" in connection.recv(4096)
        assert not guests.server.is_awaited()


def test_nobody_at_the_rendezvous_is_an_error() -> None:
    with pytest.raises(RendezvousError, match="does not answer"):
        join(("127.0.0.1", free_port()), member(1), 5.0, lambda: False, lambda _: None)


def test_a_silent_rendezvous_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(RendezvousError, match="does not answer"):
        join(listener.getsockname(), member(1), 0.2, lambda: False, lambda _: None)
