"""Which endpoint the next connection goes to."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.proxy.balancer import Balancer
from lab.proxy.endpoints import Address

A, B, C = (Address(f"127.77.16.{last}", 8000) for last in (2, 3, 4))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def balancer(*ready: Address) -> tuple[Balancer, Clock]:
    clock = Clock()
    made = Balancer(clock)
    made.update(ready)
    return made, clock


def test_there_is_nobody_to_go_to() -> None:
    assert balancer()[0].candidates() == []


def test_short_connections_go_around() -> None:
    made, _ = balancer(A, B, C)
    chosen = []
    for _ in range(6):
        address = made.candidates()[0]
        made.opened(address)
        made.closed(address)
        chosen.append(address)
    assert chosen == [A, B, C, A, B, C]


def test_long_connections_go_to_the_least_busy() -> None:
    made, _ = balancer(A, B)
    for _ in range(4):
        made.opened(made.candidates()[0])
    made.closed(B)
    assert made.candidates()[0] == B


def test_who_refused_is_left_alone_for_a_second() -> None:
    made, clock = balancer(A, B)
    made.refused(A)
    assert made.candidates() == [B]
    clock.now = 1.0
    assert set(made.candidates()) == {A, B}


def test_when_all_refused_all_are_tried() -> None:
    made, _ = balancer(A, B)
    made.refused(A)
    made.refused(B)
    assert set(made.candidates()) == {A, B}


def test_connections_to_an_endpoint_that_left_still_count_when_it_returns() -> None:
    made, _ = balancer(A, B)
    made.opened(A)
    made.update([B])
    assert made.candidates() == [B]
    made.update([A, B])
    assert made.candidates()[0] == B
    made.closed(A)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.booleans(), max_size=60))
def test_open_connections_never_differ_by_more_than_one_without_closing(opens: list[bool]) -> None:
    made, _ = balancer(A, B, C)
    count = Counter({A: 0, B: 0, C: 0})
    for _ in opens:
        address = made.candidates()[0]
        made.opened(address)
        count[address] += 1
    assert max(count.values()) - min(count.values()) <= 1
