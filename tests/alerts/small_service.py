"""Services that count requests, half of which fail for as long as a file is there: what a small alert path watches."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.clients.misbehaving import answering, body

REQUESTS_PER_SECOND = 100.0
FAILING = 0.5


class SmallService:
    """Counts as if requests came evenly; `broken` is the file that makes them fail."""

    def __init__(self, name: str, broken: Path) -> None:
        self._name = name
        self._broken = broken
        self._counted_at = time.monotonic()
        self._served = self._failed = 0.0
        self._one_at_a_time = threading.Lock()

    def samples(self) -> str:
        """The counters now, as Prometheus reads them."""
        with self._one_at_a_time:
            now = time.monotonic()
            served = (now - self._counted_at) * REQUESTS_PER_SECOND
            self._counted_at = now
            self._served += served
            if self._broken.exists():
                self._failed += served * FAILING
            return (
                f'work_total{{service="{self._name}",outcome="ok"}} {self._served - self._failed}\n'
                f'work_total{{service="{self._name}",outcome="failed"}} {self._failed}\n'
            )


@contextmanager
def small_services(broken: Mapping[str, Path]) -> Iterator[str]:
    """Serve services' counters under /NAME,NAME/metrics until the block ends; gives `host:port`.

    `broken` has the services' names, and the file that breaks each.
    """
    services = {name: SmallService(name, path) for name, path in broken.items()}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        names = handler.path.split("/")[1].split(",")
        samples = "".join(services[name].samples() for name in names)
        body(200, f"# TYPE work_total counter\n{samples}", "text/plain; version=0.0.4")(handler)

    with answering(answer) as url:
        yield url.partition("://")[2]


def slo_text(name: str, objective: float) -> str:
    """The SLO of a service, as OpenSLO: its fast tier pages, and nothing else does."""
    return f"""\
apiVersion: openslo/v1
kind: Service
metadata: {{name: {name}}}
spec: {{description: A service of the tests.}}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {name}
  annotations:
    mlchaos.io/tiers: fast-page
    mlchaos.io/absent: "off"
    mlchaos.io/alert-annotation.runbook: Look at the test.
spec:
  description: Requests of a service of the tests that did not fail.
  service: {name}
  indicator:
    metadata: {{name: {name}}}
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: Prometheus
            spec: {{query: 'work_total{{service="{name}",outcome="failed"}}'}}
        total:
          metricSource:
            type: Prometheus
            spec: {{query: 'work_total{{service="{name}"}}'}}
  timeWindow: [{{duration: 28d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{displayName: answered, target: {objective}}}]
"""
