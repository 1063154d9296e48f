"""Probes of GPUs: what DCGM's exporter shows of them in Prometheus."""

import logging
import time

from clients.prometheus import LabelledValue, Prometheus, PrometheusError
from probes.reading import NoReadingError

logger = logging.getLogger("chaostoolkit")

XID_METRIC = "DCGM_FI_DEV_XID_ERRORS"
"""A gauge that holds the last XID of a GPU; 0 while there was none."""
POLL_SECONDS = 0.25


class NotShownError(Exception):
    """The exporter does not show what it has to: whoever listens to it would not know either."""


def xid_shown(
    prometheus_url: str, xid: int, selector: str = "", metric: str = XID_METRIC, within_seconds: float = 30.0
) -> dict[str, str | float]:
    """Probe: wait until DCGM's exporter shows this XID for a GPU of the selector, as a detector that reads it would.

    Gives the labels of the first such GPU. Raises NotShownError when none does within `within_seconds`, NoReadingError
    when there is no such series, or Prometheus does not answer.
    """
    query = f"{metric}{{{selector}}}"
    started, problem, shown = time.time(), "there are none", None
    with Prometheus(prometheus_url) as prometheus:
        while True:
            try:
                shown = prometheus.vector(query, time.time()).samples
            except PrometheusError as error:
                problem = str(error)
            found = _first(shown or (), xid)
            waited = time.time() - started
            if found is not None:
                logger.info("XID %d is shown after %.1f s: %s", xid, waited, dict(found.labels))
                return {**found.labels, "waited_seconds": waited}
            if waited > within_seconds:
                break
            time.sleep(POLL_SECONDS)
    if not shown:
        raise NoReadingError(f"{query} has no data: {problem}")
    values = ", ".join(sorted({f"{one.value:g}" for one in shown}))
    raise NotShownError(f"no GPU of {query} shows XID {xid} within {within_seconds:g} s; shown are: {values}")


def _first(shown: tuple[LabelledValue, ...], xid: int) -> LabelledValue | None:
    return next((one for one in shown if one.value == xid), None)
