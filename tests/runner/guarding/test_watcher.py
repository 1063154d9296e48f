"""Watching for real, from a Prometheus over HTTP: what is unknown for too long ends the run, a gap does not."""

from collections.abc import Iterator

import pytest

from clients.prometheus import Prometheus
from probes.slo_watch import SloWatch
from runner.guarding import stops, watcher
from runner.guarding.stops import Limits, Stop, StopKind
from runner.guarding.watcher import Watcher
from runner.slo.files import CATALOG, load
from tests.guard.slo_prometheus import SloScript, slo_prometheus
from tests.waiting import wait_for

LIMITS = Limits(burn_rate=14.4, window_seconds=10.0, max_spend=1.0)


class Watching:
    """A watcher at work, the script that it reads, and what it asked to stop for."""

    def __init__(self, script: SloScript, prometheus: Prometheus) -> None:
        self.script = script
        self.stops: list[Stop] = []
        slos = [slo for slo in load((CATALOG,)).slos.slos if slo.name in script.names]
        self.watcher = Watcher(SloWatch(prometheus, slos, 60.0, 10.0), LIMITS, self.stops.append, lambda: None)

    def look(self) -> None:
        """Wait for two more readings: of what holds from now on."""
        for _ in range(2):
            latest = self.watcher.latest
            assert self.watcher.newer_than(latest.at if latest else 0.0, 30) is not None


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watching]:
    monkeypatch.setattr(watcher, "POLL_SECONDS", 0.01)
    script = SloScript()
    with slo_prometheus(script) as url, Prometheus(url) as prometheus:
        made = Watching(script, prometheus)
        made.watcher.start()
        made.look()
        yield made
        made.watcher.close()


@pytest.mark.parametrize("change", [{"known": False}, {"down": True}])
def test_what_is_unknown_for_too_long_ends_the_run(
    watching: Watching, change: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stops, "UNKNOWN_SECONDS", 0.1)
    for name, value in change.items():
        setattr(watching.script, name, value)
    wait_for(lambda: bool(watching.stops), 30)
    assert watching.stops[0].kind is StopKind.UNKNOWN
    assert "llm-availability has been unknown for 0.1 s" in watching.stops[0].reason


def test_a_gap_ends_nothing(watching: Watching) -> None:
    watching.script.known = False
    watching.look()
    watching.script.known = True
    watching.look()
    assert watching.stops == []


def test_a_breach_is_told_until_the_watcher_is_disarmed(watching: Watching) -> None:
    watching.script.error_ratio = 0.5
    wait_for(lambda: bool(watching.stops), 30)
    assert watching.stops[0].kind is StopKind.BREACH
    watching.watcher.disarm()
    watching.look()
    told = len(watching.stops)
    watching.look()
    assert len(watching.stops) == told
