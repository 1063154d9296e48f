"""An experiment for every family of faults, on the ground of crash tests; those of one wave do not touch each other."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crash.ground import NAMESPACE, PATHS, Ground

HOLD_SECONDS = 1.0
"""How long the method stays in its fault: long enough to be killed there."""


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of fault; `wave` tells which may be in at the same time."""

    name: str
    arguments: Mapping[str, Any]
    wave: int = 1

    @property
    def file_name(self) -> str:
        return f"{self.name}.json"


def _pods(app: str, **more: Any) -> dict[str, Any]:
    return {"namespace": NAMESPACE, "label_selector": f"app={app}", "count": 1, **more}


def families(ground: Ground) -> tuple[Family, ...]:
    """Every family; one of each mechanism where a family has several."""
    url = ground.toxiproxy_url
    return (
        Family("pods.kill", _pods("killed", grace_seconds=0)),
        Family("pods.evict", _pods("evicted")),
        Family("pods.kill_container", _pods("restarted")),
        Family("pods.freeze", _pods("frozen")),
        Family("network.latency", {"toxiproxy_url": url, "proxies": [PATHS[0]], "latency_ms": 100}),
        Family("network.down", {"toxiproxy_url": url, "proxies": [PATHS[1]]}),
        Family("network.partition", _pods("partitioned")),
        Family("alerts.silence", {"alertmanager_url": ground.alertmanager_url, "alerts": ["CrashBurn"]}),
        Family("certificates.expired", {"namespace": NAMESPACE, "secret": "crash-tls"}),
        Family("nodes.cordon", {"names": ["cpu-b"]}),
        Family("nodes.taint", {"names": ["gpu-b"]}),
        Family("gpus.vanish", {"names": ["gpu-a"]}),
        Family("nodes.lose", {"names": ["gpu-b"]}, wave=2),
        Family("gpus.reading", {"names": ["gpu-a"], "reading": "row-remap-failure"}, wave=2),
    )


def write_experiment(ground: Ground, family: Family) -> Path:
    """The experiment's file; JSON is YAML too."""
    path = ground.directory / family.file_name
    path.write_text(json.dumps(_experiment(ground, family)))
    return path


def _experiment(ground: Ground, family: Family) -> dict[str, Any]:
    module, _, function = family.name.rpartition(".")
    return {
        "title": f"{family.name} dies",
        "description": "A run that is killed.",
        "runtime": {"rollbacks": {"strategy": "always"}},
        "controls": [{"name": "guard", "provider": {"type": "python", "module": "runner.guard"}}],
        "extensions": [
            {
                "name": "guard",
                "slos": [str(ground.slo_file)],
                "blast_radius": {
                    "namespaces": [NAMESPACE, "gpu-operator"],
                    "pods": {"max": 20, "percent": 100},
                    "nodes": {"max": 1},
                    "gpus": {"max": 8},
                    "paths": {"max": 1},
                    "secrets": {"max": 1},
                    "silences": {"max": 1},
                    "error_budget": {"max_spend": "100%"},
                    "duration": "60s",
                },
                "admit": {"budget_left": "0%", "quiet_alerts": False, "burn_below": 14.4},
                "abort_when": {"burn_rate": 15, "window": "10s"},
                "recover_within": "10s",
            }
        ],
        "configuration": {"prometheus_url": {"type": "env", "key": "PROMETHEUS_URL"}},
        "method": [
            {
                "type": "action",
                "name": family.name,
                "provider": {
                    "type": "python",
                    "module": f"actions.{module}",
                    "func": function,
                    "arguments": dict(family.arguments),
                },
                "pauses": {"after": HOLD_SECONDS},
            }
        ],
        "rollbacks": [],
    }
