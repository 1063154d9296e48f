"""Building rings between listeners on loopback."""

import socket
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lab.workloads.trainer.allreduce import Ring, RingBrokenError
from lab.workloads.trainer.assembly import Address, Assembly, listen


def assembly(
    rank: int, epoch: int, addresses: list[Address], listener: socket.socket, seconds: float = 5.0, over: bool = False
) -> Assembly:
    return Assembly(
        rank, epoch, addresses, listener, assembly_timeout=seconds, step_timeout=2.0, abandoned=lambda: over
    )


def addresses_of(listeners: list[socket.socket]) -> list[Address]:
    return [listener.getsockname() for listener in listeners]


@pytest.mark.parametrize("world_size", [1, 2, 3, 4])
def test_all_ranks_of_an_epoch_come_into_one_ring(world_size: int) -> None:
    listeners = [listen("127.0.0.1") for _ in range(world_size)]
    addresses = addresses_of(listeners)

    def work(rank: int) -> float:
        with assembly(rank, 5, addresses, listeners[rank]).build() as ring:
            vector = np.full(3, rank, np.float32)
            ring.average(vector)
            return float(vector[0])

    with ThreadPoolExecutor(world_size) as pool:
        results = list(pool.map(work, range(world_size)))
    assert results == pytest.approx([(world_size - 1) / 2] * world_size)
    for listener in listeners:
        listener.close()


def test_a_stale_rank_and_a_stranger_are_not_let_in() -> None:
    listeners = [listen("127.0.0.1") for _ in range(2)]
    addresses = addresses_of(listeners)
    stranger = socket.create_connection(addresses[0])
    stranger.sendall(b"GET / HTTP/1.1\r\nHost: ring\r\n\r\n")

    def build(rank_and_epoch: tuple[int, int]) -> Ring | str:
        rank, epoch = rank_and_epoch
        try:
            return assembly(rank, epoch, addresses, listeners[rank], seconds=1.0).build()
        except RingBrokenError as error:
            return error.reason

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(build, [(0, 7), (1, 6)]))
    assert set(outcomes) <= {"peer_lost", "timeout"}
    stranger.close()
    for listener in listeners:
        listener.close()


def test_an_unreachable_neighbour_is_a_lost_peer_at_once() -> None:
    gone = listen("127.0.0.1")
    here = listen("127.0.0.1")
    addresses = addresses_of([here, gone])
    gone.close()
    with pytest.raises(RingBrokenError, match="cannot be reached"):
        assembly(0, 1, addresses, here, seconds=30.0).build()
    here.close()


def test_building_ends_when_a_rank_is_known_to_have_left() -> None:
    listeners = [listen("127.0.0.1") for _ in range(2)]
    with pytest.raises(RingBrokenError, match="came back"):
        assembly(0, 1, addresses_of(listeners), listeners[0], seconds=30.0, over=True).build()
    for listener in listeners:
        listener.close()
