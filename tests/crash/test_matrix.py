"""A run is killed wherever it may be, and after one pass of recovery nothing of its fault is left.

`make test` does so at the three worst moments and at a random one, `make crash` before and after each transition and at
50 random moments. The sequences are drawn with fixed seeds.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.crash.bad_days import bad_day
from tests.crash.families import Family, families, write_experiment
from tests.crash.ground import Ground, a_ground
from tests.crash.leftovers import Picture, differences, picture
from tests.crash.runs import Death, Running, RunServer, run_servers
from tests.octets import reserved_octet
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.lab,
    pytest.mark.crash,
    pytest.mark.needs("prometheus", "alertmanager", "toxiproxy"),
    pytest.mark.xdist_group("crash-matrix"),
    pytest.mark.timeout(7200),
]

ALL = bool(os.environ.get("MLCHAOS_CRASH_ALL"))
RANDOM_MOMENTS = 50 if ALL else 1
SIDE_BY_SIDE = 3
CONVERGES_SECONDS = 60.0
"""Until what the cluster does by itself is over: a node comes back, a Deployment is whole again."""

TRANSITIONS = tuple(
    Death(call, when)
    for call in ("add", "inject", "move:active", "move:undoing", "undo", "move:undone", "remove", "end")
    for when in ("before", "after")
)

WORST = tuple(death for death in TRANSITIONS if str(death) in ("after inject", "after move:active", "after undo"))
SIGNALS: Sequence[tuple[signal.Signals, ...]] = (
    (signal.SIGTERM,),
    (signal.SIGINT,),
    (signal.SIGINT, signal.SIGINT),
    (signal.SIGTERM, signal.SIGINT, signal.SIGTERM),
)


@dataclass
class Battlefield:
    """The ground, what it looks like when nothing is broken, and servers that run what dies."""

    ground: Ground
    whole: Picture
    servers: "SimpleQueue[RunServer]"

    def run(self, family: Family, death: Death | None = None, **environment: str) -> "tuple[RunServer, Running]":
        server = self.servers.get()
        arguments = ["run", "--journal-path", str(self.ground.directory / f"{family.name}.journal.json")]
        running = server.start(
            [*arguments, str(write_experiment(self.ground, family))],
            {**self.ground.environment, **environment},
            self.log(family),
            death,
        )
        return server, running

    def log(self, family: Family) -> Path:
        return self.ground.directory / f"{family.name}.log"

    def said(self, family: Family) -> str:
        """The end of what its runs printed."""
        return self.log(family).read_text()[-2000:]

    def recover(self) -> str:
        """One pass; what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.crash.recover_once"],
            env={**os.environ, **self.ground.environment},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    def assert_whole(self, what: str) -> None:
        """Nothing is left, as soon as the cluster has done its own part."""
        left: list[str] = []

        def same() -> bool:
            left[:] = differences(self.whole, _picture(self.ground))
            return not left

        try:
            wait_for(same, CONVERGES_SECONDS, every=0.25)
        except AssertionError as error:
            raise AssertionError(f"{what} left: {left}") from error


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battlefield]:
    with a_ground(tmp_path_factory.mktemp("crash")) as ground, run_servers(SIDE_BY_SIDE) as servers:
        yield Battlefield(ground, _picture(ground), servers)


def _picture(ground: Ground) -> Picture:
    return picture(ground.lab, ground.toxiproxy_url, ground.alertmanager_url)


ATTEMPTS = 3
"""On a machine that stands still the guard fences itself, and ends a run before it can be killed: rightly."""


def in_waves(field: Battlefield, each: Callable[[Family], object], what: str) -> None:
    """Let every family's run die, those of one wave side by side; then recover once, and see that nothing is left."""
    everyone = families(field.ground)
    for wave in sorted({family.wave for family in everyone}):
        members = [family for family in everyone if family.wave == wave]
        try:
            with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
                list(pool.map(each, members))
        finally:
            said = field.recover()  # also after a failure, so that the next test finds the ground whole
        field.assert_whole(f"{what} (wave {wave}; {said})")


@pytest.mark.parametrize("death", TRANSITIONS if ALL else WORST, ids=str)
def test_a_run_killed_at_a_transition_leaves_nothing(field: Battlefield, death: Death) -> None:
    def die(family: Family) -> None:
        for _ in range(ATTEMPTS):
            server, running = field.run(family, death)
            status = running.wait()
            field.servers.put(server)
            if status == -signal.SIGKILL:
                return
        raise AssertionError(f"{family.name} was not killed {death}: {field.log(family).read_text()[-2000:]}")

    in_waves(field, die, f"a run killed {death}")


@pytest.mark.parametrize("seed", range(RANDOM_MOMENTS))
def test_a_run_killed_at_any_moment_leaves_nothing(field: Battlefield, seed: int) -> None:
    moments = random.Random(seed)  # noqa: S311 (the same moments again)

    def die(family: Family) -> None:
        server, running = field.run(family)
        opened = running.wait_until_open()
        if opened:
            time.sleep(moments.uniform(0, 4))
            running.kill(signal.SIGKILL)
        running.wait()
        field.servers.put(server)
        assert opened, field.said(family)  # one that was refused has put nothing in that could be left

    in_waves(field, die, f"runs killed at the moments of seed {seed}")


@pytest.mark.parametrize("signals", SIGNALS if ALL else SIGNALS[-1:], ids=lambda it: "-".join(one.name for one in it))
def test_a_run_that_is_told_to_end_takes_its_fault_along(
    field: Battlefield, signals: tuple[signal.Signals, ...]
) -> None:
    def end(family: Family) -> None:
        server, running = field.run(family)
        assert running.wait_until_open(), field.said(family)
        time.sleep(1.0)
        for number in signals:
            running.kill(number)
            time.sleep(0.05)
        status = running.wait()
        field.servers.put(server)
        # Whoever is told once more when all is out ends by that signal.
        assert status != 0, family.name

    everyone = families(field.ground)
    for wave in sorted({family.wave for family in everyone}):
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(end, [family for family in everyone if family.wave == wave]))
        field.assert_whole(f"runs told to end by {signals} (wave {wave})")


@pytest.mark.parametrize("seed", range(10 if ALL else 1))
def test_an_api_server_on_a_bad_day_leaves_nothing(field: Battlefield, seed: int) -> None:
    moments = random.Random(seed)  # noqa: S311 (the same moments again)
    begun: list[str] = []
    numbers = {family.name: number for number, family in enumerate(families(field.ground))}

    with reserved_octet() as octet:

        def run(family: Family) -> None:
            with bad_day(field.ground, octet, seed, numbers[family.name]) as (kubeconfig, began):
                server, running = field.run(family, KUBECONFIG=str(kubeconfig), MLCHAOS_KUBE_TIMEOUT="1")
                if running.wait_until_open() and moments.random() < 0.5:
                    time.sleep(moments.uniform(0, 4))
                    running.kill(signal.SIGKILL)
                running.wait()
                field.servers.put(server)
                if began.exists():
                    begun.append(family.name)

        in_waves(field, run, f"runs on a bad day of seed {seed}")
    assert len(begun) > len(numbers) / 2, f"too few runs wrote a fault down for anything to be proven: {begun}"
