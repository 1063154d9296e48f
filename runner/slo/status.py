"""Reading the state of SLOs from Prometheus."""

from collections.abc import Collection

from clients.prometheus import Prometheus
from probes.slo_recorded import read_recorded
from slos.budget.status import SloStatus, judge


def read_statuses(
    prometheus: Prometheus, at: float, names: Collection[str] = (), service: str | None = None
) -> tuple[SloStatus, ...]:
    """How SLOs stand at the time `at` (seconds since the epoch), by name: at most 9 queries, however many there are.

    With `names` those, and unknown where nothing is recorded of one; without, every recorded one (of the service).
    Raises PrometheusError when Prometheus cannot be asked.
    """
    return judge(read_recorded(prometheus, at, names, service), names)
