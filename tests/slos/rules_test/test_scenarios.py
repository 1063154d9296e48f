"""Which situations an SLO's rules are tried in."""

import pytest

from slos.model import EventRatio
from slos.rules_test.inputs import derive
from slos.rules_test.scenarios import scenarios
from tests.slos.rules.declared import slo

TIMEOUTS, CRASHES = "sum(increase(timeouts[{{.window}}]))", "sum(increase(crashes[{{.window}}]))"


@pytest.mark.parametrize(
    ("bad", "tried"),
    [
        (TIMEOUTS, True),
        (f"({TIMEOUTS} or vector(0)) + ({CRASHES} or vector(0))", True),
        (f"{TIMEOUTS} + {CRASHES}", False),
    ],
)
def test_a_service_without_errors_yet_is_a_situation_where_its_bad_events_are_known(bad: str, tried: bool) -> None:
    declared = slo(indicator=EventRatio("requests", bad=bad))
    names = [scenario.name for scenario in scenarios(declared, derive(declared.indicator))]
    assert ("no-errors-yet" in names) == tried
