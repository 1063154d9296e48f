import re
from dataclasses import replace
from itertools import pairwise

import pytest

from runner.report.axis import Axis, tick_label
from runner.report.chart import chart_of
from runner.report.make import report_of
from runner.report.slo_lanes import HEIGHT, WIDTH
from runner.runs.record import SloSample
from tests.runner.report import records
from tests.runner.report.records import FAULT, MADE

AXIS = Axis(100.0, 200.0, 110.0)


def test_a_time_outside_of_the_axis_is_at_its_edge() -> None:
    assert [AXIS.x(at) for at in (50.0, 100.0, 125.0, 200.0, 900.0)] == [0, 0, 25, 100, 100]


@pytest.mark.parametrize("length", [0.5, 9, 47, 280, 3000, 20_000, 90_000, 3_000_000])
def test_an_axis_of_any_length_has_ticks_that_can_be_read(length: float) -> None:
    ticks = Axis(0, length, 0).ticks()
    assert 1 <= len(ticks) <= 10
    assert ticks[0].label == "0"


@pytest.mark.parametrize(
    ("seconds", "label"),
    [
        (0, "0"),
        (30, "+30 s"),
        (-5, "\N{MINUS SIGN}5 s"),
        (90, "+1:30 min"),
        (120, "+2 min"),
        (5400, "+1:30 h"),
        (86_400, "+1 d"),
    ],
)
def test_a_tick_is_a_round_number_of_something(seconds: int, label: str) -> None:
    assert tick_label(seconds) == label


@pytest.mark.parametrize("name", sorted(records.every()))
def test_nothing_is_drawn_outside_of_the_picture(name: str) -> None:
    chart = chart_of(records.report(name))
    bands = [band for fault in chart.faults for band in fault.bands]
    bands += [band for alert in chart.alerts for band in alert.bands]
    bands += [band for lane in chart.slos for band in lane.unknown]
    assert all(band.x >= 0 and band.width >= 0 and band.x + band.width <= 100.001 for band in bands)
    assert all(0 <= rule.y <= HEIGHT for lane in chart.slos for rule in lane.rules)
    numbers = [pair for lane in chart.slos for line in lane.lines for pair in re.findall(r"([\d.]+) ([\d.]+)", line)]
    assert all(float(x) <= WIDTH and float(y) <= HEIGHT for x, y in numbers)


def test_no_dip_is_lost_however_many_readings_there_are() -> None:
    samples = [SloSample(FAULT + number / 300, "llm-ttft", 0.0, 0.0) for number in range(6_000)]
    samples[2_777] = replace(samples[2_777], burn=9.0)
    record = replace(records.held(), samples=tuple(samples))
    lane = next(lane for lane in chart_of(report_of(record, MADE)).slos if lane.name == "llm-ttft")
    depths = [float(y) for y in re.findall(r" ([\d.]+)", lane.lines[0])]
    assert len(depths) < 4100
    assert max(depths) > lane.objective_y


def test_a_line_is_broken_where_nothing_was_known() -> None:
    lane = next(one for one in chart_of(records.report("inconclusive")).slos if one.unknown)
    assert (len(lane.lines), len(lane.unknown)) == (2, 1)


def test_an_slo_without_an_objective_is_told_by_its_burn() -> None:
    record = replace(records.breached(), objectives=())
    (lane, *_) = chart_of(report_of(record, MADE)).slos
    assert {rule.label for rule in lane.rules} <= {"burn 0", "burn 1", "burn 25", ""}


def test_labels_of_levels_do_not_touch() -> None:
    for name in records.every():
        for lane in chart_of(records.report(name)).slos:
            heights = sorted(rule.y for rule in lane.rules if rule.label)
            apart = 34 if lane.quiet else 15
            assert all(below - above >= apart for above, below in pairwise(heights))


def test_the_turns_of_a_run_are_flags_of_different_heights() -> None:
    flags = chart_of(records.report("breached")).flags
    assert [flag.label for flag in flags] == [
        "fault in effect",
        "guard stops the run",
        "all faults out",
        "SLOs back",
        "end: breached",
    ]
    assert [flag.level for flag in flags] == list(range(5))


def test_many_targets_are_one_bar_and_few_are_one_each() -> None:
    (lane,) = chart_of(records.report("crowded")).faults
    assert lane.target == "40 targets"
    assert len(chart_of(records.report("stuck")).faults) == 2


def test_a_stuck_fault_is_drawn_to_the_end() -> None:
    lane = next(lane for lane in chart_of(records.report("stuck")).faults if lane.stuck)
    assert lane.bands[-1].kind == "stuck"
    assert lane.bands[-1].x + lane.bands[-1].width == pytest.approx(100)


def test_the_picture_is_told_in_words_for_whoever_cannot_see_it() -> None:
    words = chart_of(records.report("breached")).description
    assert "llm-availability: lowest 87.5%" in words
    assert "its receiver was not notified" in words
