"""Every query of every panel has data in the whole lab while an experiment of its stack runs."""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from dashboards import committed
from tests.dashboards.asking import asked_by
from tests.dashboards.outstanding import Outstanding
from tests.experiments.chaos import REPOSITORY
from tests.lab.labs import CHAOS, Lab
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.lab,
    pytest.mark.xdist_group("full-lab"),
    pytest.mark.timeout(900),
    pytest.mark.needs("prometheus", "alertmanager", "redis", "toxiproxy"),
]

EXPERIMENTS = ("alerts/llm-gone", "alerts/trainer-rank-freeze", "alerts/gpu-xid")
"""One for serving, one for training, one for the GPUs: each ends in a page, so that the alert path has data, too."""
CHOICES = {
    "slo": "llm-availability", "service": ".*", "namespace": ".*", "model": ".*", "host": ".*", "alert": ".*",
    "experiment": ".*", "window": "1m", "__rate_interval": "10s", "__interval": "5s", "__range": "5m",
}  # fmt: skip
"""What a reader would choose, with the intervals that Grafana takes for scrapes each second."""
RUNS_SECONDS = 150.0
AFTERWARDS_SECONDS = 15.0
"""What a run came to is in the store when it has ended, and in Prometheus after the exporter's next look."""
ATTEMPTS = 3
"""On a machine that is busy with other tests a run may be refused or stopped, and that is right."""


def test_every_query_has_data_while_its_experiment_runs(full_lab: Lab, tmp_path: Path) -> None:
    outstanding = Outstanding((asked for one in committed.read() for asked in asked_by(one.model)), CHOICES)
    for attempt in range(ATTEMPTS):
        with running(EXPERIMENTS, full_lab.environment(), tmp_path / str(attempt)) as runs:
            wait_for(lambda: outstanding.ask(full_lab) or all_ended(runs), RUNS_SECONDS, every=0.5)
            with contextlib.suppress(AssertionError):
                wait_for(lambda: outstanding.ask(full_lab), AFTERWARDS_SECONDS, every=0.5)
        if not outstanding.left:
            return
    pytest.fail(f"without data:\n{outstanding}\n{said(tmp_path)}")


def all_ended(runs: Sequence["subprocess.Popen[bytes]"]) -> bool:
    return all(run.poll() is not None for run in runs)


@contextlib.contextmanager
def running(
    experiments: Sequence[str], environment: Mapping[str, str], directory: Path
) -> Iterator[Sequence["subprocess.Popen[bytes]"]]:
    """Runs of experiments, side by side; at the end of the block they are waited for, so that nothing stays broken."""
    directory.mkdir()
    with contextlib.ExitStack() as stack:
        runs = []
        for name in experiments:
            stem = name.replace("/", "-")
            output = stack.enter_context((directory / f"{stem}.out").open("wb"))
            command = [str(CHAOS), "--no-version-check", "--no-log-file", "run"]
            command += ["--journal-path", str(directory / f"{stem}.json"), str(REPOSITORY / f"experiments/{name}.yaml")]
            runs.append(
                stack.enter_context(
                    subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        env={**os.environ, **environment},
                    )
                )
            )
        yield runs


def said(directory: Path) -> str:
    """How each run ended, for a failure's report."""
    texts = sorted(directory.rglob("*.out"))
    return "".join(f"\n--- {text.stem}\n{text.read_text(errors='replace')[-1500:]}" for text in texts)
