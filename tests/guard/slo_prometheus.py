"""A Prometheus that knows SLOs and nothing else: their error ratio is what a test says it is."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.clients.misbehaving import answering, body

EVENTS = 1000.0
_WATCHED = re.compile(r'"mlchaos_watch", "([^"]+)"')


@dataclass
class SloScript:
    """What is recorded and counted of every SLO. It may be changed while it serves."""

    names: tuple[str, ...] = ("llm-availability",)
    error_ratio: float = 0.0
    known: bool = True
    down: bool = False
    firing: list[str] = field(default_factory=list)
    recorded: bool = True


@contextmanager
def slo_prometheus(script: SloScript) -> Iterator[str]:
    """Serve until the block ends; gives the address."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.protocol_version = "HTTP/1.1"  # connections are kept, as Prometheus keeps them
        handler.close_connection = False
        length = int(handler.headers.get("Content-Length") or 0)
        asked = parse_qs(handler.rfile.read(length).decode() if length else urlsplit(handler.path).query)
        if script.down:
            body(503, "down", "text/plain")(handler)
            return
        query, at = asked["query"][0], float(asked["time"][0])
        result = [{"metric": labels, "value": [at, str(value)]} for labels, value in slo_samples(script, query, at)]
        document = {"status": "success", "data": {"resultType": "vector", "result": result}}
        body(200, json.dumps(document))(handler)

    with answering(answer) as url:
        yield url


def slo_samples(script: SloScript, query: str, at: float) -> list[tuple[dict[str, Any], float]]:
    """The instant vector that answers `query`; empty for a query of something else."""
    if "mlchaos_watch" in query:
        return _watched(script, query, at)
    if query.startswith("ALERTS"):
        return [({"alertname": "Burning", "slo": name, "severity": "page"}, 1.0) for name in script.firing]
    if query.startswith("slo:info") and script.recorded:
        return [(_info(name), 1.0) for name in script.names]
    return []


def _watched(script: SloScript, query: str, at: float) -> list[tuple[dict[str, Any], float]]:
    if not script.known:
        return []
    values = {"bad": EVENTS * script.error_ratio, "total": EVENTS, "newest": at}
    return [({"mlchaos_watch": label}, values[label.rpartition(":")[2]]) for label in _WATCHED.findall(query)]


def _info(name: str) -> dict[str, str]:
    return {
        "slo": name,
        "service": "s",
        "window": "28d",
        "period_seconds": "2419200",
        "minimum_events": "0",
        "tiers": "",
        "alert": "Burning",
        "calendar": "",
        "time_zone": "",
        "first": "",
        "time_scale": "60",
        "definition": "x",
        "indicator": "events",
    }
