"""`chaos slo test-rules` on the catalogue: no SLO is left out, and those of a kind of their own pass.

All of them take promtool a minute: run the command for that.
"""

from pathlib import Path

import pytest

from slos.rules.compile import compile_slo
from slos.rules_test.inputs import derive
from slos.rules_test.raw_series import feed
from slos.rules_test.scenarios import scenarios
from slos.rules_test.write import predicted, unit_tests
from slos.tiers import TIER
from tests.slos.rules.promtool import needs_promtool
from tests.slos.rules_test.test_on_promtool import failures
from tests.slos.test_catalog import all_slos

SLOS = {slo.name: slo for slo in all_slos()}


def test_every_slo_has_input_series() -> None:
    for slo in SLOS.values():
        assert derive(slo.indicator).series, slo.name


def test_the_tiers_of_a_query_that_counts_steps_are_known_to_fire() -> None:
    slo = SLOS["training-effective-time"]
    inputs = derive(slo.indicator)
    for scenario in scenarios(slo, inputs):
        alerts = predicted(slo, scenario, feed(slo, inputs, scenario, 1)).alerts()
        fired = {name for alert in alerts for name, fires in alert.tiers.items() if fires}
        assert {name for name in scenario.must if name in TIER} <= fired, scenario.name


@pytest.mark.lab
def test_test_files_can_be_written_for_every_slo() -> None:
    for slo in SLOS.values():
        written = {test.scenario for test in unit_tests(slo)}
        assert {"healthy", "absent", "never-seen", "whole-window", "fast-burn", "slow-burn"} <= written, slo.name


@pytest.mark.lab
@needs_promtool
@pytest.mark.parametrize("name", ["training-effective-time", "inference-latency"])
def test_the_rules_pass(tmp_path: Path, name: str) -> None:
    assert failures(tmp_path, SLOS[name], compile_slo(SLOS[name])) == []
