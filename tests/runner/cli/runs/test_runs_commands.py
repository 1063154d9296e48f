"""`chaos runs` as it is typed: what is printed, exit codes, and a line for whatever is wrong."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli.runs import runs
from runner.runs.record import Durations
from runner.store.opening import open_unfilled
from tests.runner.store.records import NOW, record

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def store(memory_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seven runs, a day apart; the last one is slower and breached."""
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(memory_path))
    monkeypatch.setenv("MLCHAOS_LEDGER", "local")
    monkeypatch.delenv("MLCHAOS_STORE", raising=False)
    with open_unfilled() as opened:
        for day in range(7):
            run = record(f"2026111{day}T000000Z-aaaaaa", NOW + day * 86_400)
            opened.put(run, NOW)
        last = record("20261117T000000Z-bbbbbb", NOW + 7 * 86_400, verdict="breached", durations=Durations(50.0, 6.0))
        opened.put(replace(last, spent={"llm-availability": 0.5}), NOW)
    return memory_path / "results.db"


def chaos_runs(*arguments: str) -> Result:
    return CliRunner().invoke(runs, arguments, env={"COLUMNS": "120", "NO_COLOR": "1"})


def test_the_list_has_the_newest_runs_and_says_that_there_are_more() -> None:
    printed = chaos_runs("list", "--limit", "2")
    assert printed.exit_code == 0
    _, first, second, more = printed.stdout.splitlines()
    told = "20261117T000000Z-bbbbbb  breached  a killed LLM pod costs little      1m     50s    6s        -  50.00%"
    assert " ".join(first.split()) == " ".join(told.split())
    assert second.startswith("20261116T000000Z-aaaaaa  held")
    assert more == "The newest 2; there may be more (--limit)."


@pytest.mark.parametrize("columns", [50, 60, 80, 92, 100, 120])
def test_a_run_id_is_never_folded_however_narrow_the_terminal_is(columns: int) -> None:
    printed = CliRunner().invoke(runs, ["list"], env={"COLUMNS": str(columns), "NO_COLOR": "1"}).stdout
    assert "20261117T000000Z-bbbbbb  breached" in printed
    assert all(f"2026111{day}T000000Z-aaaaaa  held" in printed for day in range(7))
    assert max(len(line) for line in printed.splitlines()) <= columns
    assert "50.00%" in printed or columns < 80
    assert ("lasted" in printed) == (columns >= 100)


def test_an_empty_list_says_where_it_looked(store: Path) -> None:
    assert chaos_runs("list", "--verdict", "died").stdout == f"There is no such run in {store}.\n"


def test_lists_runs_trends_and_comparisons_are_there_for_machines(store: Path) -> None:
    listed = json.loads(chaos_runs("list", "--json").stdout)
    assert (listed["store"], len(listed["runs"])) == (str(store), 8)
    assert json.loads(chaos_runs("show", "latest", "--json").stdout)["spent"] == {"llm-availability": 0.5}
    (trend,) = json.loads(chaos_runs("trends", "--json").stdout)["trends"]
    assert (trend["runs"], trend["held_share"], len(trend["points"])) == (8, 0.875, 8)
    compared = json.loads(chaos_runs("compare", "20261110", "latest", "--json").stdout)
    verdict = compared["facts"][0]
    assert (verdict["name"], verdict["first"], verdict["second"], verdict["same"]) == (
        "verdict", "held", "breached", False,
    )  # fmt: skip


def test_a_run_is_shown_with_its_faults_slos_and_alerts() -> None:
    shown = chaos_runs("show", "20261110").stdout
    for part in ("HELD  a killed LLM pod costs little", "intended -1.0, active +0.0, stuck +9.0: the API is away",
                 "99.9% / 28d", "LlmBudgetBurn (page)", "lost at received", "Watchdog", "python 3.11.2"):  # fmt: skip
        assert part in shown


def test_a_comparison_shows_what_changed_and_by_how_much() -> None:
    compared = chaos_runs("compare", "20261110", "20261117").stdout
    assert "time to detect" in compared
    assert "+45s" in compared
    assert "+48.80%" in compared
    assert "a killed LLM pod costs little" not in compared
    assert "a killed LLM pod costs little" in chaos_runs("compare", "20261110", "20261117", "--all").stdout
    assert "do not differ" in chaos_runs("compare", "20261110", "20261110").stdout


def test_a_trend_sets_the_last_runs_against_those_before() -> None:
    trend = chaos_runs("trends").stdout
    assert "+++++++!" in trend
    assert "88%" in trend


def test_runs_are_exported_whole_as_json_lines_and_as_figures_in_csv(tmp_path: Path) -> None:
    lines = chaos_runs("export").stdout.splitlines()
    assert [json.loads(line)["run_id"] for line in lines][::7] == ["20261110T000000Z-aaaaaa", "20261117T000000Z-bbbbbb"]
    assert json.loads(chaos_runs("export", "latest").stdout)["transitions"][0]["state"] == "intended"
    exported = chaos_runs("export", "--format", "csv", "--output", str(tmp_path / "runs.csv"))
    assert (exported.exit_code, exported.stdout) == (0, "")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "runs.csv").read_text())))
    assert (len(rows), rows[-1]["detect_seconds"], rows[-1]["recover_seconds"]) == (8, "50.0", "")


def test_pruning_says_how_many_and_forgets_none_in_a_dry_run() -> None:
    assert "would be forgotten" in chaos_runs("prune", "--older-than", "1s", "--dry-run").stdout
    assert len(json.loads(chaos_runs("list", "--json").stdout)["runs"]) == 8


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["show", "nonsuch"], 2, "the store has no run 'nonsuch'"),
        (["show", "2026111"], 2, "give more of the id"),
        (["list", "--since", "yesterday"], 2, "is no time"),
        (["list", "--verdict", "good"], 2, "is not one of"),
        (["prune", "--older-than", "long"], 2, "is no duration"),
        (["export", "latest", "--tag", "x"], 2, "name runs, or choose them by options"),
        (["export", "--output", "/proc/nowhere/x"], 2, "cannot be written"),
    ],
)
def test_what_is_wrong_is_told(arguments: list[str], status: int, said: str) -> None:
    ended = chaos_runs(*arguments)
    assert (ended.exit_code, ended.stdout) == (status, "")
    assert said in ended.stderr


def test_a_store_that_cannot_be_asked_is_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCHAOS_STORE", "postgresql://me:hunter2@127.0.0.1:1/x")
    ended = chaos_runs("list", "--json")
    assert ended.exit_code == 4
    assert "cannot be used" in json.loads(ended.stdout)["error"]
    assert "hunter2" not in ended.output
