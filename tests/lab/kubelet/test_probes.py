"""What the answers of a probe mean over time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import aiohttp
import pytest

from lab.kubelet.probes import Probe, Prober, follow, until_started

FAST: dict[str, Any] = {"periodSeconds": 0.02, "failureThreshold": 2}


def answers(*given: str | None) -> Callable[[], Awaitable[str | None]]:
    """An `ask` that gives these answers, the last one for ever."""
    rest: list[str | None] = list(given)

    async def ask() -> str | None:
        return rest.pop(0) if len(rest) > 1 else rest[0]

    return ask


def verdicts(document: dict[str, Any], given: Iterable[str | None], count: int, *, hurry: bool) -> list[bool]:
    async def scenario() -> list[bool]:
        got: list[bool] = []
        enough = asyncio.Event()

        def verdict(good: bool, _: str) -> None:
            got.append(good)
            if len(got) == count:
                enough.set()

        task = asyncio.create_task(follow(Probe.parse(document), answers(*given), verdict, hurry=hurry))
        await asyncio.wait_for(enough.wait(), 5)
        task.cancel()
        return got

    return asyncio.run(scenario())


def test_defaults_are_those_of_kubernetes() -> None:
    probe = Probe.parse({"exec": {"command": ["true"]}})
    assert (probe.initial_delay, probe.period, probe.timeout, probe.successes, probe.failures) == (0, 10, 1, 1, 3)


def test_readiness_is_found_at_once_whatever_the_period() -> None:
    assert verdicts({"periodSeconds": 3600}, ["no", "no", None], 1, hurry=True) == [True]


def test_readiness_is_lost_after_the_failure_threshold_and_found_again() -> None:
    assert verdicts(FAST, [None, "no", None, "no", "no", None], 3, hurry=True) == [True, False, True]


def test_liveness_is_lost_without_ever_having_been_told() -> None:
    assert verdicts(FAST, ["no", "no"], 1, hurry=False) == [False]


@pytest.mark.parametrize(("given", "expected"), [(("no", None), None), (("no",), "no")])
def test_a_start_up_probe_waits_for_success_as_long_as_it_may(
    given: tuple[str | None, ...], expected: str | None
) -> None:
    assert asyncio.run(until_started(Probe.parse({"periodSeconds": 0.3}), answers(*given))) == expected


def ask(handler: dict[str, Any], container: dict[str, Any] | None = None, status: int = 0) -> str | None:
    async def scenario() -> str | None:
        async def run_inside(_: object) -> int:
            if status < 0:
                await asyncio.sleep(5)
            return status

        async with aiohttp.ClientSession() as session:
            return await Prober(container or {}, "127.0.0.1", session, run_inside).ask(handler, 0.05)

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("handler", "status", "complaint"),
    [
        ({"exec": {"command": ["x"]}}, 0, None),
        ({"exec": {"command": ["x"]}}, 3, "command exited with 3"),
        ({"exec": {"command": ["x"]}}, -1, "no answer within 0.05 s"),
        ({"tcpSocket": {"port": 1}}, 0, "Connect call failed"),
        ({"httpGet": {"port": 1}}, 0, "Cannot connect"),
        ({"httpGet": {"port": "web"}}, 0, "no container port is named 'web'"),
        ({"grpc": {"port": 1}}, 0, "the lab has no such probe"),
    ],
)
def test_complaints_say_what_is_wrong(handler: dict[str, Any], status: int, complaint: str | None) -> None:
    found = ask(handler, status=status)
    assert (found is None) if complaint is None else (found is not None and complaint in found)
