"""`chaos slo status`: a report of whatever is recorded, and exit 4 when nothing could be read."""

import json
from pathlib import Path

import pytest

from tests.recorded_slos import AT, AT_TEXT, FakeSlo
from tests.recording_prometheus import Recording, recording_prometheus
from tests.runner.cli.slo.commands import Ended, chaos_slo

DECLARED = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: llm-ttft}
spec:
  service: llm
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
  indicator:
    metadata: {name: fast}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: slow_total}}}
        total: {metricSource: {type: Prometheus, spec: {query: all_total}}}
"""


def status(recording: Recording, *arguments: str) -> Ended:
    with recording_prometheus(recording) as url:
        return chaos_slo("status", "--at", AT_TEXT, "--prometheus", url, *arguments)


def test_everything_recorded_is_shown_worst_first_and_a_report_is_a_success() -> None:
    ended = status(Recording([FakeSlo("a"), FakeSlo("b", budget=-1), FakeSlo("c", budget=None)]))
    assert ended.status == 0
    names = [line.split()[0] for line in ended.out.splitlines()[4:7]]
    assert names == ["b", "c", "a"]
    assert ended.err == ""
    assert ended.out.startswith("3 SLOs as of 2026-01-15 03:00:00 UTC")


def test_json_has_every_figure() -> None:
    ended = status(Recording([FakeSlo(burn={"1h": 0.0, "3d": None})]), "--json")
    document = json.loads(ended.out)
    assert document["at"] == AT
    (slo,) = document["slos"]
    assert slo["slo"] == "llm-availability"
    assert slo["burn_rate"]["3d"] is None
    assert slo["burn_rate"]["1h"] == 0
    assert slo["seconds_to_exhaustion"] == "never"
    assert (slo["state"], slo["budget_left"], slo["window_coverage"], slo["read_at"]) == ("good", 0.75, 1, AT - 20)


def test_names_and_services_choose() -> None:
    recording = Recording([FakeSlo("a"), FakeSlo("b", service="x")])
    assert "\nb " not in status(recording, "a").out
    assert "\na " not in status(recording, "--service", "x").out


def test_a_file_chooses_and_what_nobody_records_of_it_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "slo.yaml").write_text(DECLARED)
    ended = status(Recording([FakeSlo("a"), FakeSlo("b")]), "--file", str(tmp_path), "b")
    assert ended.status == 0
    assert "llm-ttft: unknown: nothing is recorded of it at that time: load its rules" in " ".join(ended.out.split())
    assert "\nb " in ended.out
    assert "\na " not in ended.out
    assert "99%" in ended.out


def test_a_file_that_is_wrong_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "slo.yaml").write_text(DECLARED.replace("0.99", "99"))
    recording = Recording([FakeSlo("a")])
    ended = status(recording, "--file", str(tmp_path))
    assert ended.status == 2
    assert "slo.yaml:9:25" in ended.err
    assert recording.queries == []


@pytest.mark.parametrize(
    ("arguments", "what"),
    [((), "no SLO"), (("--service", "x"), "no SLO of the service x"), (("a", "b"), "nothing of a, b")],
)
def test_nothing_recorded_is_no_data(arguments: tuple[str, ...], what: str) -> None:
    ended = status(Recording(), *arguments)
    assert ended.status == 4
    assert f"records {what} at that time: load the rules into it (chaos slo rules)" in ended.err
    assert ended.out == ""
    machine = status(Recording(), "--json", *arguments)
    document = json.loads(machine.out)
    assert document["error"] in machine.err
    assert [one["time_scale"] for one in document["slos"]] == [None] * (2 if "a" in arguments else 0)


def test_without_a_time_nothing_is_said_of_one() -> None:
    with recording_prometheus(Recording()) as url:
        assert "records no SLO: load the rules" in chaos_slo("status", "--prometheus", url).err


def test_a_mistyped_name_is_told_once_with_the_nearest() -> None:
    ended = status(Recording([FakeSlo("llm-ttft")]), "llm-tfft")
    assert (ended.status, ended.out, ended.err.count("\n")) == (4, "", 1)
    assert ended.err.endswith("llm-tfft: nothing is recorded of it at that time: did you mean llm-ttft?\n")


def test_a_time_scale_is_told_with_what_is_real_time() -> None:
    ended = status(Recording([FakeSlo("a", time_scale="60"), FakeSlo("b")]))
    said = "time scale 1 and 60 (windows are divided by it, GONE IN is real time): "
    assert said in " ".join(ended.out.split())
    assert "time scale" not in status(Recording([FakeSlo("b")])).out


def test_colours_are_for_terminals() -> None:
    assert "\x1b" not in status(Recording([FakeSlo("a", budget=-1)])).out


def test_a_bad_time_is_bad_usage() -> None:
    ended = chaos_slo("status", "--at", "yesterday", "--prometheus", "http://127.0.0.1:1")
    assert ended.status == 2
    assert "--at" in ended.err
