"""The on-call's page, in words: what stands where, and that nothing unknown looks like something known."""

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest

from runner.cli.slo.burn_page import burn_page
from runner.cli.slo.page import Page
from runner.runs.chaos import ChaosRun, Coincidence
from runner.slo.review import BudgetReview
from slos.budget.review import Slices, review
from slos.budget.status import SloStatus
from slos.burn import Counts

AT = 1_790_002_800.0  # 2026-09-21T15:00:00Z
GOOD = Counts(0, 1000)
STATUS = SloStatus(
    name="llm-availability",
    state="burning",
    reasons=("fast-page: burns at 20 over 1h",),
    service="llm",
    objective=0.995,
    window="1d",
    period_seconds=86_400,
    sli=0.99876,
    burn={"5m": 20.5, "1h": None, "1d": 0.25},
    budget_left=0.371,
    seconds_to_exhaustion=7800,
)
RUN = ChaosRun("r1", "An LLM pod is killed", AT - 7000, AT - 6900, "breached", 1, "log")


def found(counts: Sequence[Counts | None], status: SloStatus = STATUS) -> BudgetReview:
    slices = Slices(AT - 300 * len(counts), 300, tuple(counts))
    return BudgetReview(AT, status, review(slices, 0.995))


def shown(page: BudgetReview, *runs: Coincidence, top: int = 5, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    out = Page(file)
    beside = [list(runs), *([] for _ in page.review.burns[1:])] if page.review.burns else []
    out.print(*burn_page(page, beside, top, out.width, out.unicode))
    file.seek(0)
    return file.read()


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


INCIDENT = [GOOD] * 200 + [Counts(500, 1000)] * 4 + [GOOD] * 84


def test_a_long_reason_is_wrapped_below_itself() -> None:
    reason = "the budget of 28d is spent (-417.6% left), judged from the 0.37% of it that has been seen"
    lines = shown(found(INCIDENT, replace(STATUS, reasons=(reason, "and more")))).splitlines()
    assert [line.rstrip() for line in lines[1:4]] == [
        "  the budget of 28d is spent (-417.6% left), judged from the 0.37% of it that",
        "  has been seen",
        "  and more",
    ]


def test_the_headline_tells_the_state_and_why() -> None:
    lines = shown(found(INCIDENT)).splitlines()
    assert lines[0] == "BURNING  llm-availability  (service llm) at 2026-09-21 15:00:00 UTC"
    assert lines[1] == "  fast-page: burns at 20 over 1h"
    assert lines[2:7] == [
        "Objective    99.5% over 1d",
        "SLI          99.8760%",
        "Budget left  37.1%",
        "Gone         in 2h10m at the burn of the last hour, 2026-09-21 17:10 UTC",
        "Burn now     5m: 20.5  1h: unknown  1d: 0.25",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "unknown"),
        (0, "now: all of it is spent"),
        (float("inf"), "not within a year"),
        (1e18, "not within a year"),
    ],
)
def test_when_the_budget_is_gone_is_told_in_words(seconds: float | None, said: str) -> None:
    text = shown(found(INCIDENT, replace(STATUS, seconds_to_exhaustion=seconds)))
    assert f"Gone         {said}" in text


def test_unknown_is_said() -> None:
    text = shown(found(INCIDENT, replace(STATUS, state="unknown", sli=None, budget_left=None)))
    assert text.startswith("UNKNOWN")
    assert "SLI          unknown\nBudget left  unknown\n" in text


def test_burns_are_told_with_what_they_cost_and_the_rest_in_sum() -> None:
    two = [GOOD] * 50 + [Counts(10, 1000)] + [GOOD] * 49 + INCIDENT
    assert ["1", "2026-09-21", "07:40", "to", "08:00", "20m", "100", "2,000", "103.1%"] in words(shown(found(two)))
    lines = words(shown(found(two), top=1))
    assert ["the", "rest:", "1", "more", "5m", "2", "10", "0.5%"] in lines
    assert ["between", "burns", "0", "0.0%"] in lines
    assert ["all", "2,010", "103.6%"] in lines


def test_a_burn_that_has_not_ended_goes_on() -> None:
    assert "2026-09-21 14:40 and goes on" in shown(found([GOOD] * 284 + [Counts(500, 1000)] * 4))


def test_chaos_runs_stand_beside_their_burns() -> None:
    overlaps = [
        Coincidence(replace(RUN, title=title), seconds) for title, seconds in (("a", 100), ("b", 0), ("c", None))
    ]
    lines = words(shown(found(INCIDENT), *overlaps))
    began = ["breached", "2026-09-21", "13:03:20"]
    assert ["1", "a", *began, "1m40s", "of", "20m"] in lines
    assert ["1", "b", *began, "just", "before"] in lines
    assert ["1", "c", *began, "unknown"] in lines


def test_without_chaos_runs_that_is_said() -> None:
    assert "No chaos run that is known here was beside any of these burns." in shown(found(INCIDENT))


def test_gaps_are_said() -> None:
    text = shown(found([*INCIDENT, *[None] * 96]))
    assert "No data for 25.0% of the window: the gaps." in text


def test_a_gap_too_small_to_see_is_not_told() -> None:
    assert "No data" not in shown(found([*INCIDENT * 8, None]))


def test_data_is_never_rounded_away() -> None:
    text = shown(found([*[None] * 5000, GOOD]))
    assert "more than 99.9% of the window is not shown." in text


def test_what_is_too_new_for_a_slice_is_said() -> None:
    page = found(INCIDENT)
    assert "in none of the slices" not in shown(page)
    later = shown(replace(page, at=AT + 130))
    assert "The last 2m10s are in none of the slices yet; burn now: 20.5." in later


def test_an_slo_that_is_younger_than_its_window_is_shown_since_it_is_there() -> None:
    text = shown(found([*[None] * 96, *INCIDENT]))
    assert "No data before 2026-09-20 15:00: 25.0% of the window is not shown." in text
    assert "the gaps" not in text
    assert "\n         09-20 15:00 " in text


def test_no_events_spend_nothing() -> None:
    assert "There were no events in the window" in shown(found([Counts(0, 0)] * 10))


def test_what_the_output_cannot_show_is_replaced_not_fatal() -> None:
    text = shown(found(INCIDENT), Coincidence(replace(RUN, title="Ümlaut \x1b[2J"), 5), encoding="ascii")
    assert text.isascii()
    assert "?mlaut ?[2J" in text
    assert "  100% |*" in text


def test_titles_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in shown(found(INCIDENT), Coincidence(replace(RUN, title="\x1b[2J[bold]x[/bold]"), 5))
    assert "[bold]x[/bold]" in shown(found(INCIDENT), Coincidence(replace(RUN, title="[bold]x[/bold]"), 5))


@pytest.mark.parametrize("columns", ["20", "50", "80", "200"])
def test_the_page_fits_its_width(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    text = shown(found(INCIDENT), Coincidence(RUN, 60))
    assert max(map(len, text.splitlines())) <= max(min(int(columns), 120), 50)
