"""The ring's average and gather, over real socket pairs, one thread per rank."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lab.workloads.trainer.allreduce import Ring, RingBrokenError, StoppedError

T = TypeVar("T")


def make_rings(world_size: int, epochs: list[int] | None = None, timeout: float = 5.0) -> list[Ring]:
    """A ring of socket pairs: pair i joins rank i (its right) with rank i + 1 (its left)."""
    pairs = [socket.socketpair() for _ in range(world_size)] if world_size > 1 else []
    return [
        Ring(
            rank,
            world_size,
            epochs[rank] if epochs else 1,
            (pairs[rank - 1][1], pairs[rank][0]) if pairs else None,
            timeout,
        )
        for rank in range(world_size)
    ]


def on_all(rings: list[Ring], work: Callable[[Ring], T]) -> list[T]:
    with ThreadPoolExecutor(len(rings)) as pool:
        results = list(pool.map(work, rings))
    for ring in rings:
        ring.close()
    return results


finite = st.floats(-1e3, 1e3, width=32)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda n: st.integers(0, 23).flatmap(
            lambda length: st.lists(arrays(np.float32, length, elements=finite), min_size=n, max_size=n)
        )
    )
)
def test_the_average_is_the_mean_and_the_same_bytes_on_every_rank(vectors: list[np.ndarray]) -> None:
    mean = np.mean(np.array(vectors, np.float64), axis=0)
    copies = [vector.copy() for vector in vectors]
    on_all(make_rings(len(vectors)), lambda ring: ring.average(copies[ring.rank]))
    np.testing.assert_allclose(copies[0], mean, rtol=1e-4, atol=1e-3)
    assert len({copy.tobytes() for copy in copies}) == 1


@settings(max_examples=15, deadline=None)
@given(st.lists(st.binary(min_size=7, max_size=7), min_size=1, max_size=5))
def test_every_rank_gathers_all_payloads_in_order(payloads: list[bytes]) -> None:
    gathered = on_all(make_rings(len(payloads)), lambda ring: ring.gather(payloads[ring.rank]))
    assert gathered == [payloads] * len(payloads)


def test_a_vector_larger_than_the_socket_buffers_does_not_deadlock() -> None:
    vectors = [np.full(2_000_000, rank, np.float32) for rank in range(2)]
    on_all(make_rings(2), lambda ring: ring.average(vectors[ring.rank]))
    assert float(vectors[0][0]) == 0.5
    assert float(vectors[1][-1]) == 0.5


def broken(ring: Ring) -> str:
    with pytest.raises(RingBrokenError) as caught:
        ring.average(np.zeros(4, np.float32))
    return caught.value.reason


def test_a_closed_neighbour_is_a_lost_peer() -> None:
    first, second = make_rings(2)
    second.close()
    assert broken(first) == "peer_lost"
    first.close()


def test_a_silent_neighbour_is_a_timeout() -> None:
    first, second = make_rings(2, timeout=0.05)
    assert broken(first) == "timeout"
    first.close()
    second.close()


def test_ranks_of_different_epochs_do_not_mix() -> None:
    assert set(on_all(make_rings(2, epochs=[3, 4]), broken)) <= {"protocol", "peer_lost"}


def test_a_ring_is_left_when_the_process_is_told_to_stop() -> None:
    left, right = socket.socketpair()
    stop = threading.Event()
    with Ring(0, 2, 1, (left, right), 30.0, stop.is_set) as ring:
        stop.set()
        with pytest.raises(StoppedError):
            ring.average(np.zeros(4, np.float32))
