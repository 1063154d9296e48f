"""A thousand SLOs compiled to rules by a whole `chaos slo rules`: beside Sloth, on equivalent SLOs and on its file."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.result import Result, result
from bench.sloth import sloth
from tests.lab.labs import CHAOS

COUNT = 1000
RUNS = 5

OPENSLO = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: requests-{number}
  labels:
    team: ml-serving
  annotations:
    mlchaos.io/runbook: https://runbooks.example/requests-{number}
    mlchaos.io/alert-label.cluster: a
spec:
  service: service-{number}
  description: Requests of service {number} are answered.
  indicator:
    metadata:
      name: requests-{number}
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: prometheus
            spec:
              query: sum(rate(http_requests_total{{job="service-{number}",code=~"5.."}}[{{{{.window}}}}]))
        total:
          metricSource:
            type: prometheus
            spec:
              query: sum(rate(http_requests_total{{job="service-{number}"}}[{{{{.window}}}}]))
  timeWindow:
    - duration: 30d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999
"""
SLOTH = """\
version: prometheus/v1
service: service-{number}
labels:
  team: ml-serving
slos:
  - name: requests-{number}
    objective: 99.9
    description: Requests of service {number} are answered.
    sli:
      events:
        error_query: sum(rate(http_requests_total{{job="service-{number}",code=~"5.."}}[{{{{.window}}}}]))
        total_query: sum(rate(http_requests_total{{job="service-{number}"}}[{{{{.window}}}}]))
    alerting:
      name: RequestsOf{number}
      labels:
        cluster: a
      annotations:
        runbook: https://runbooks.example/requests-{number}
      page_alert:
        labels:
          severity: page
      ticket_alert:
        labels:
          severity: ticket
"""


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        openslo, theirs = place / "openslo.yaml", place / "sloth.yaml"
        openslo.write_text("---\n".join(OPENSLO.format(number=number) for number in range(COUNT)))
        theirs.write_text("---\n".join(SLOTH.format(number=number) for number in range(COUNT)))
        peer = sloth()
        seconds: dict[str, list[float]] = {"openslo": [], "sloth": [], "peer": []}
        for _ in range(RUNS):  # in turn, so that all see the same machine
            seconds["openslo"].append(_seconds(_ours(openslo, place / "a.yml")))
            seconds["sloth"].append(_seconds(_ours(theirs, place / "b.yml")))
            if peer is not None:
                seconds["peer"].append(_seconds([peer, "generate", "-i", str(theirs), "-o", str(place / "c.yml")]))
        for made in ("a.yml", "b.yml"):
            rules = (place / made).read_text().count("\n    - ")
            print(f"    {made}: {rules} rules", file=sys.stderr)
    name = f"chaos slo rules, {COUNT} SLOs"
    against = "sloth generate" if peer else None
    yield result(f"{name} in OpenSLO", seconds["openslo"], "s", against, seconds["peer"], "< 2 s")
    yield result(f"{name} in Sloth's own file", seconds["sloth"], "s", against, seconds["peer"], "< 2 s")


def _ours(source: Path, target: Path) -> Sequence[str]:
    return [str(CHAOS), "--no-version-check", "--no-log-file", "slo", "rules", str(source), "--out", str(target)]


def _seconds(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started
