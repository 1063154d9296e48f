"""The table of statuses: what matters is there at every width, and no figure looks better than it is."""

import re
from dataclasses import replace

import pytest

from runner.cli.slo.status_table import table
from slos.budget.status import SloStatus, judge, worst_first
from slos.tiers import DAY
from tests.recorded_slos import AT, FakeSlo, recorded

PAGING = {"1h": 20.0, "5m": 31.25, "30m": 12.0, "2h": 3.3}


def plain(text: str, style: str) -> str:
    return text


def marked(text: str, style: str) -> str:
    return f"<{style}>{text}</>"


def statuses(*slos: FakeSlo) -> list[SloStatus]:
    return worst_first(judge(recorded(*slos)))


MANY = statuses(
    FakeSlo("llm-chat-inter-token-latency", objective=0.95, coverage=0.125),
    FakeSlo("gateway-availability", burn=dict(PAGING), budget=0.034),
    FakeSlo("trainer-step-time", budget=-0.5, window="month", period_seconds=30 * DAY),
    FakeSlo("gpu-capacity", budget=None),
)


def row(text: str, name: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(name) and ":" not in line]
    return line.split()


@pytest.mark.parametrize("width", [200, 120, 100, 80, 60, 44])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, table(MANY, AT, width, plain).splitlines())) <= width


def test_a_hundred_columns_hold_every_figure_of_a_long_name() -> None:
    text = table(MANY, AT, 100, plain)
    titles = "SLO STATE LEFT IN SLI GOAL 5m 30m 1h 2h 6h 1d 3d"
    assert titles in " ".join(text.split())
    assert row(text, "gateway-availability")[1:] == (
        ["burning", "3.4%", "1h9m", "99.903%", "99.9%", "31.2", "12.0", "20.0", "3.30", "0.25", "0.25", "0.25"]
    )


def test_the_narrowest_keeps_the_state_the_budget_and_its_end() -> None:
    text = table(MANY, AT, 34, plain)
    assert row(text, "gateway-ava") == ["gateway-avai..", "burning", "3.4%", "1h9m"]


def test_a_wide_terminal_shows_window_and_service() -> None:
    text = table(MANY, AT, 140, plain)
    assert row(text, "llm-chat-inter-token-latency")[-4:] == ["12%", "of", "28d", "llm"]
    assert "has been seen of" not in text


def test_headings_do_not_run_together_above_narrow_columns() -> None:
    text = table(statuses(FakeSlo("gpu-capacity", events={"5m": None}, budget=None)), AT, 100, plain)
    assert text.splitlines()[2].split() == ["BUDGET", "GONE", "BURN", "RATE", "OVER"]


def test_coverage_is_told_below_where_its_column_is_not() -> None:
    text = table(MANY, AT, 100, plain)
    assert "Only 12% of 28d has been seen of llm-chat-inter-token-latency" in text


def test_the_head_says_as_of_when_and_counts_the_states() -> None:
    text = table(MANY, AT, 140, plain)
    assert text.splitlines()[0] == (
        "4 SLOs as of 2026-01-15 03:00:00 UTC, newest reading 20s before: 1 good, 1 burning, 1 exhausted, 1 unknown"
    )


def test_every_state_but_good_is_explained_and_the_next_step_named() -> None:
    text = table(MANY, AT, 140, plain)
    assert "gateway-availability: burning: fast-page: burns at 20 over 1h and 31.2 over 5m, above 13.4" in text
    assert "gpu-capacity: unknown: its budget is not recorded" in text
    assert text.endswith("What spent it: chaos slo burn gateway-availability")


def test_many_reasons_are_cut_and_counted() -> None:
    text = table(statuses(*(FakeSlo(f"slo-{index:02}", budget=None) for index in range(25))), AT, 100, plain)
    assert text.count("not recorded (yet)") == 20
    assert "... and 5 more: --json tells the reasons of all" in text


def test_good_slos_need_no_words() -> None:
    assert len(table(statuses(FakeSlo("a"), FakeSlo("b")), AT, 100, plain).splitlines()) == 6


@pytest.mark.parametrize(
    ("ratio", "shown"), [(0.9989999, "99.899%"), (0.999, "99.900%"), (1.0, "100.000%"), (0.99999, "99.999%")]
)
def test_an_sli_is_rounded_down(ratio: float, shown: str) -> None:
    (status,) = statuses(FakeSlo("a"))
    assert row(table([replace(status, sli=ratio)], AT, 100, plain), "a ")[4] == shown


@pytest.mark.parametrize(
    ("left", "shown"),
    [(0.999, "99%"), (1.0, "100%"), (0.0349, "3.4%"), (0.0, "0%"), (-0.0001, "-0.1%"), (-2.5, "-250%"), (None, "?")],
)
def test_a_budget_is_rounded_down(left: float | None, shown: str) -> None:
    (status,) = statuses(FakeSlo("a"))
    assert row(table([replace(status, budget_left=left)], AT, 100, plain), "a ")[2] == shown


@pytest.mark.parametrize(
    ("burn", "shown"),
    [(0.0, "0"), (0.001, "<.01"), (0.994, "0.99"), (9.996, "10.0"), (99.96, "100"), (12345.6, "12346"), (None, "?")],
)
def test_burn_rates_are_short(burn: float | None, shown: str) -> None:
    text = table(statuses(FakeSlo("a", objective=0.99999, burn={"3d": burn}, tiers="fast-page")), AT, 100, plain)
    assert row(text, "a ")[12] == shown


def test_what_others_recorded_cannot_steer_the_terminal() -> None:
    text = table(statuses(FakeSlo("a\x1b[2J", service="b\n", budget=None, window="28d\x07")), AT, 140, plain)
    assert all(line.isprintable() for line in text.splitlines())


def test_colours_are_where_the_trouble_is_and_take_no_room() -> None:
    text = table(MANY, AT, 100, marked)
    assert "<red>burning</>" in text
    assert "<red>31.2</> 12.0 <red>20.0</>" in text
    assert "<green>good</>" in text
    assert re.sub(r"<\w+>|</>", "", text) == table(MANY, AT, 100, plain)
