"""The lab's exporter: what Prometheus knows of chaos there."""

import pytest

from tests.lab.labs import Lab
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.lab,
    pytest.mark.needs("prometheus"),
    pytest.mark.xdist_group("full-lab"),
    pytest.mark.timeout(600),
]


def test_prometheus_scrapes_what_the_ledger_and_the_store_say(full_lab: Lab) -> None:
    def answered() -> bool:
        rows = full_lab.query("mlchaos_source_up")
        return {row["metric"]["source"]: row["value"][1] for row in rows} == {"ledger": "1", "store": "1"}

    wait_for(answered, 60)
    (row,) = full_lab.query("mlchaos_source_up{source='ledger'}")
    assert row["metric"]["job"] == "mlchaos-exporter"
    assert full_lab.value("sum(mlchaos_faults)") is not None
    assert full_lab.value("mlchaos_unreadable_records") == 0
