"""The experiments on the checkpoint store's certificate: each checks out, and judges training and checkpoints."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.experiment.check import check_file

TRAINING = Path(__file__).parents[2] / "experiments" / "training"
FILES = sorted(TRAINING.glob("checkpoints-cert-*.yaml"))


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def test_there_is_one_for_time_and_one_for_trust() -> None:
    assert [path.stem for path in FILES] == ["checkpoints-cert-expired", "checkpoints-cert-unknown-ca"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_file_checks_out(path: Path) -> None:
    assert [str(problem) for problem in check_file(str(path)).problems] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_client_has_to_see_that_damage(path: Path) -> None:
    action, seen = (activity["provider"] for activity in load(path)["method"][:2])
    assert (action["module"], seen["func"]) == ("actions.certificates", "client_sees")
    assert (
        seen["arguments"]["expect"] == action["func"] == path.stem.removeprefix("checkpoints-cert-").replace("-", "_")
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_training_must_go_on_and_checkpoints_must_come_again(path: Path) -> None:
    document = load(path)
    assert document["extensions"][0]["slos"] == ["training-progress"]
    judged = [
        probe["provider"]["arguments"]["slo"]
        for probe in document["steady-state-hypothesis"]["probes"]
        if probe["provider"]["func"] == "burn_rate"
    ]
    assert judged == ["training-progress", "training-checkpoint-age"]
