import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from runner.alerting.timeline import AlertPath, AlertTimeline, StageSeen
from runner.alerting.tried import read_tried
from runner.exit_codes import Exit

PATH = AlertPath(
    (AlertTimeline("Burn", "a", "page", "oncall", (StageSeen("fault", 1.0, "ledger"),), 30.0, None, "lost", "firing"),),
    evidence="sink",
)


def journal(directory: Path, **changes: Any) -> Path:
    ours = {"run_id": "r", "verdict": "breached", "reason": "why", "faults": [], "alerts": asdict(PATH)} | changes
    path = directory / "journal.json"
    path.write_text(json.dumps({"status": "completed", "mlchaos": ours}))
    return path


def test_a_journal_tells_the_way_of_each_alert(tmp_path: Path) -> None:
    tried = read_tried(journal(tmp_path))
    assert tried is not None
    assert (tried.verdict, tried.path, tried.status) == ("breached", PATH, Exit.BREACHED)


def test_a_run_that_was_refused_has_no_alerts(tmp_path: Path) -> None:
    path = journal(tmp_path, verdict="refused")
    document = json.loads(path.read_text())
    del document["mlchaos"]["alerts"]
    path.write_text(json.dumps(document))
    tried = read_tried(path)
    assert tried is not None
    assert (tried.path.timelines, tried.status) == ((), Exit.REFUSED)


def test_a_fault_that_is_stuck_comes_before_the_verdict(tmp_path: Path) -> None:
    fault = {"fault": "pods.kill", "kind": "pod", "name": "llm-0", "record": "x", "undone_at": None, "reason": "gone"}
    tried = read_tried(journal(tmp_path, verdict="held", faults=[fault, {**fault, "undone_at": 2.0}]))
    assert tried is not None
    assert tried.stuck == ("pods.kill on pod llm-0 (record x): gone",)
    assert tried.status == Exit.STUCK


@pytest.mark.parametrize("text", ["", "{}", '{"mlchaos": {}}', '{"mlchaos": {"run_id": "r"}}', "[]"])
def test_without_the_guards_word_nothing_is_known(tmp_path: Path, text: str) -> None:
    path = tmp_path / "journal.json"
    assert read_tried(path) is None
    path.write_text(text)
    assert read_tried(path) is None


def test_alerts_that_cannot_be_read_are_no_alerts_that_went_well(tmp_path: Path) -> None:
    assert read_tried(journal(tmp_path, alerts={"timelines": [{"alert": "Burn"}]})) is None
