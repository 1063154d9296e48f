"""`chaos slo check`: silence and 0 for what is known to be good, a line and another status for anything else."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from runner.slo.files import load
from slos.definition import definition
from tests.recorded_slos import AT_TEXT, FakeSlo
from tests.recording_prometheus import Recording, recording_prometheus
from tests.runner.cli.slo.commands import Ended, chaos_slo
from tests.runner.cli.slo.test_status import DECLARED

READ = "read 2026-01-15 02:59:40 UTC, 20s before"
GOOD, SPENT = FakeSlo("good"), FakeSlo("spent", budget=-0.25)
BURNING, UNKNOWN = FakeSlo("burning", burn={"1h": 20.0, "5m": 30.0}), FakeSlo("unknown", burn={"1h": None})


def check(slos: list[FakeSlo], *arguments: str) -> Ended:
    with recording_prometheus(Recording(slos)) as url:
        return chaos_slo("check", "--at", AT_TEXT, "--prometheus", url, *arguments)


def test_good_is_quiet() -> None:
    assert check([GOOD, SPENT], "good") == Ended(0, "", "")


@pytest.mark.parametrize(
    ("slos", "status"),
    [
        ([GOOD, SPENT], 1),
        ([GOOD, BURNING], 1),
        ([GOOD, UNKNOWN], 4),
        ([UNKNOWN, SPENT], 1),
        ([GOOD, FakeSlo("also-good")], 0),
    ],
)
def test_the_exit_status_is_that_of_the_worst(slos: list[FakeSlo], status: int) -> None:
    assert check(slos, "--all").status == status


def test_each_that_does_not_pass_has_a_line_with_reason_value_and_time() -> None:
    ended = check([GOOD, SPENT, UNKNOWN, BURNING], "--all")
    assert ended.out.splitlines() == [
        f"burning: breached: fast-page: burns at 20 over 1h and 30 over 5m, above 13.4 ({READ})",
        f"spent: breached: the budget of 28d is spent (-25.0% left) ({READ})",
        f"unknown: unknown: there were no events in 1h ({READ})",
    ]


def test_a_name_that_nobody_records_is_unknown() -> None:
    ended = check([GOOD], "good", "gone")
    assert ended.status == 4
    assert ended.out == (
        "gone: unknown: nothing is recorded of it at that time: load its rules into Prometheus: chaos slo rules "
        "(no reading)\n"
    )


@pytest.mark.parametrize("arguments", [("gone",), ("--all",), ("--service", "x")])
def test_nothing_recorded_never_passes(arguments: tuple[str, ...]) -> None:
    ended = check([], *arguments)
    assert ended.status == 4
    assert "chaos slo rules" in ended.err


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("--budget-left", "75%"), 0),
        (("--budget-left", "75.1%"), 1),
        (("--budget-left", "75"), 0),
        (("--budget-left", "75.1"), 1),
        (("--budget-left", "0.5%"), 0),
        (("--budget-left", "0"), 0),
        (("--burn-below", "0.3"), 0),
        (("--burn-below", "0.25"), 1),
        (("--burn-below", "0.25", "--window", "6h"), 1),
        (("--burn-below", "1", "--window", "60m"), 0),
        (("--burn-below", "1", "--window", "28d"), 0),
        (("--budget-left", "0%", "--burn-below", "9"), 0),
    ],
)
def test_limits_are_held(arguments: tuple[str, ...], status: int) -> None:
    assert check([GOOD], "good", *arguments).status == status


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name the SLOs to check, or give --service, --file or --all"),
        (("--all", "good"), "--all is every SLO"),
        (("good", "--budget-left", "101%"), "no percentage from 0% to 100%"),
        (("good", "--budget-left", "0.5"), "0.5 may be 50% or 0.5%: write which"),
        (("good", "--budget-left", "1"), "1 may be 100% or 1%: write which"),
        (("good", "--budget-left", "half"), "write it like 50%"),
        (("good", "--budget-left", "-1%"), "no percentage"),
        (("good", "--budget-left", "nan%"), "no percentage"),
        (("good", "--burn-below", "0"), "--burn-below"),
        (("good", "--burn-below", "nan"), "--burn-below"),
        (("good", "--burn-below", "inf"), "--burn-below"),
        (("good", "--burn-below", "x"), "--burn-below"),
        (("good", "--window", "1h"), "--window is that of --burn-below"),
        (("good", "--burn-below", "1", "--window", "soon"), "is no duration"),
        (("good", "--burn-below", "1", "--window", "7m"), "choose from 5m, 30m, 1h, 2h, 6h, 1d, 3d, 28d"),
        (("good", "--at", "soon"), "--at"),
    ],
)
def test_bad_usage_is_told(arguments: tuple[str, ...], said: str) -> None:
    ended = check([GOOD], *arguments)
    assert ended.status == 2
    assert said in " ".join(ended.err.split())


def test_json_tells_all_and_ends_the_same() -> None:
    ended = check([GOOD, SPENT], "--all", "--json")
    assert ended.status == 1
    document = json.loads(ended.out)
    assert document["outcome"] == "breached"
    assert [(one["slo"], one["outcome"]) for one in document["slos"]] == [("good", "good"), ("spent", "breached")]
    assert document["slos"][1]["status"]["budget_left"] == -0.25


def test_a_mistyped_name_does_not_pass_and_suggests_the_nearest() -> None:
    alone, beside = check([GOOD], "goood"), check([GOOD, SPENT], "goood", "good")
    assert (alone.status, alone.out, beside.status) == (4, "", 4)
    assert alone.err.endswith("goood: nothing is recorded of it at that time: did you mean good?\n")
    assert "goood: unknown: nothing is recorded of it at that time: did you mean good?" in beside.out


def test_a_name_of_another_service_is_not_suggested_to_itself() -> None:
    assert "nothing is recorded of it at that time for this service" in check([GOOD], "good", "--service", "x").err


def test_what_is_recorded_passes_only_as_what_its_file_declares(tmp_path: Path) -> None:
    path = tmp_path / "slo.yaml"
    path.write_text(DECLARED.replace("llm-ttft", "good"))
    (declared,) = load([path]).slos.slos
    recorded = replace(GOOD, service=declared.service, definition=definition(declared))
    assert check([recorded], "--file", str(path)) == Ended(0, "", "")
    path.write_text(DECLARED.replace("llm-ttft", "good").replace("0.99", "0.999"))
    ended = check([recorded], "--file", str(path))
    assert ended.status == 4
    assert "what is recorded is not what the file declares (0.999 over 28d of the service" in ended.out
