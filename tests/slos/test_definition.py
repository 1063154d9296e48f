"""The digest of a declaration: changed by what changes a judgement, and by nothing else."""

from dataclasses import replace

import pytest

from slos.definition import definition
from slos.model import CalendarWindow, EventRatio, Slo
from tests.slos.rules.declared import slo


@pytest.mark.parametrize(
    "other",
    [
        slo(objective=0.99),
        slo(window=7 * 86_400),
        slo(window=CalendarWindow("month", "UTC", 1)),
        slo(indicator=EventRatio("other_total", bad="errors_total")),
        slo(tiers=["fast-page"]),
        slo(minimum_events=5),
    ],
)
def test_what_is_judged_differently_is_defined_differently(other: Slo) -> None:
    assert definition(other) != definition(slo())


def test_how_it_is_told_does_not_matter() -> None:
    told = replace(slo(), description="other", labels={"team": "a"}, service="other")
    assert definition(told) == definition(slo())
    assert len(definition(told)) == 12
