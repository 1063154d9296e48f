"""A small alert path of real programs: services, Prometheus with their rules, Alertmanager, and the lab's pager."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.processes import die_with_parent
from slos.files.reading import read
from slos.rules.compile import AlertRule, compile_slos
from slos.rules.text import rule_file
from tests.waiting import wait_for

TIME_SCALE = 60.0
SCRAPE = "1s"
SLOWER = 2.0
"""Rules are evaluated every 2 s and 4 s: as in the lab, many of them on a small machine."""
ONCALL, TICKETS, REFUSING = "oncall", "tickets", "refusing"
MAINTENANCE = "Maintenance"
"""An alert that always fires, and mutes those of the service `inhibited`."""


def rules_text(texts: Iterable[str], without_alerts: Sequence[str]) -> str:
    """The rules of SLOs; those named lack their alerts."""
    loaded = read({f"{number}.yaml": text for number, text in enumerate(texts)})
    assert not loaded.problems, loaded.problems
    groups = []
    for group in compile_slos(loaded.slos.slos, TIME_SCALE):
        deleted = group.name.removeprefix("slo:") in without_alerts
        kept = tuple(rule for rule in group.rules if not (deleted and isinstance(rule, AlertRule)))
        groups.append(replace(group, rules=kept, interval_seconds=group.interval_seconds * SLOWER))
    return rule_file(groups)


def maintenance_rules() -> str:
    rule = {"alert": MAINTENANCE, "expr": "vector(1)", "labels": {"severity": "none"}}
    return json.dumps({"groups": [{"name": "maintenance", "interval": "1s", "rules": [rule]}]})


def prometheus_configuration(target: str, jobs: Iterable[Sequence[str]], alertmanager: str) -> str:
    """Scrape services, several in each job; alerts of the service `unlabelled` lose their severity on the way."""
    lose = {"source_labels": ["slo"], "regex": "unlabelled", "target_label": "severity", "replacement": ""}
    return json.dumps(
        {
            "global": {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE, "evaluation_interval": "1s"},
            "rule_files": ["rules/*.yml"],
            "alerting": {
                "alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}],
                "alert_relabel_configs": [lose],
            },
            "scrape_configs": [
                {
                    "job_name": services[0],
                    "metrics_path": f"/{','.join(services)}/metrics",
                    "static_configs": [{"targets": [target]}],
                }
                for services in jobs
            ],
        }
    )


def alertmanager_configuration(pager_url: str) -> str:
    """Pages go to `oncall`; a route before that loses those of the service `misrouted`."""

    def receiver(name: str) -> dict[str, Any]:
        url = f"{pager_url}/alerts/{name}"
        return {"name": name, "webhook_configs": [{"url": url, "send_resolved": True}]}

    return json.dumps(
        {
            "route": {
                "receiver": TICKETS,
                "group_by": ["alertname"],
                "group_wait": "0s",
                "group_interval": "1s",
                "repeat_interval": "1h",
                "routes": [
                    {"matchers": ['slo="misrouted"', 'severity="page"'], "receiver": TICKETS},
                    {"matchers": ['slo="refused"'], "receiver": REFUSING},
                    {"matchers": ['severity="page"'], "receiver": ONCALL},
                ],
            },
            "inhibit_rules": [
                {"source_matchers": [f'alertname="{MAINTENANCE}"'], "target_matchers": ['slo="inhibited"']}
            ],
            "receivers": [receiver(name) for name in (ONCALL, TICKETS, REFUSING)],
        }
    )


@contextmanager
def pager(directory: Path, host: str) -> Iterator[str]:
    """The lab's pager, whose receiver `refusing` answers 500; gives its URL."""
    url = f"http://{host}:8080"
    log = directory / "pager.log"
    environment: Mapping[str, str] = {**os.environ, "POD_IP": host}
    with log.open("wb") as output:
        process = subprocess.Popen(
            die_with_parent([sys.executable, "-m", "lab.workloads.pager"]),
            env=dict(environment),
            stdout=output,
            stderr=output,
        )

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return bool(send(f"{url}/healthz") == 200)
        except OSError:
            return False

    try:
        wait_for(ready, 30, every=0.1)
        assert send(f"{url}/answers/{REFUSING}?status=500", "PUT") == 200
        yield url
    finally:
        process.kill()
        process.wait()


def send(url: str, method: str = "GET") -> int:
    """The status of the answer. OSError where there is none."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(urllib.request.Request(url, method=method), timeout=10) as answer:
        return int(answer.status)
