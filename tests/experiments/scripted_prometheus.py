"""A Prometheus whose samples follow a script: the same answers in every run, and faults of the data at will.

It answers the raw samples of a selector in a range, for a gateway's requests and for a model server's histogram of
first tokens, "scraped" five times a second for as long as one likes to look back; and what the guard asks of SLOs.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.clients.misbehaving import answering, body
from tests.guard.slo_prometheus import SloScript, slo_samples

SCRAPES_PER_SECOND = 5
REQUESTS_PER_SECOND = 50
FAILING_PER_SECOND = SLOW_PER_SECOND = REQUESTS_PER_SECOND / 2
NEVER = float("inf")
_QUERY = re.compile(r"(?P<metric>[\w:]+)\{.*\}\[(?P<range>\d+)ms\]")


@dataclass
class Script:
    """From when on (seconds since the epoch) something is wrong with the data."""

    failing_from: float = NEVER  # half of the requests
    failing_until: float = NEVER
    slow_from: float = NEVER  # half of the first tokens
    idle_from: float = NEVER  # no more requests
    absent: bool = False  # no such series
    down: bool = False  # no Prometheus
    unscraped_from: float = NEVER  # no more scrapes
    clients: bool = False  # the clients count too
    queries: list[str] = field(default_factory=list)
    slos: SloScript = field(default_factory=lambda: SloScript(("llm-availability", "llm-ttft")))


@contextmanager
def scripted_prometheus(script: Script) -> Iterator[str]:
    """Serve until the block ends; gives the address. The script may be changed meanwhile."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        asked = parse_qs(handler.rfile.read(length).decode() if length else urlsplit(handler.path).query)
        query, at = asked["query"][0], float(asked["time"][0])
        script.queries.append(query)
        if script.down:
            body(503, "down", "text/plain")(handler)
            return
        raw = _QUERY.fullmatch(query) is not None
        result = _vector(script, query, at) if not raw else [] if script.absent else _matrix(script, query, at)
        document = {
            "status": "success",
            "data": {"resultType": "matrix" if raw else "vector", "result": result},
        }
        body(200, json.dumps(document))(handler)

    with answering(answer) as url:
        yield url


def _vector(script: Script, query: str, at: float) -> list[dict[str, Any]]:
    samples = slo_samples(script.slos, query, at)
    return [{"metric": labels, "value": [at, str(value)]} for labels, value in samples]


def _matrix(script: Script, query: str, at: float) -> list[dict[str, Any]]:
    parsed = _QUERY.fullmatch(query)
    assert parsed is not None, query
    scrape_of = {
        "http_requests_total": lambda: _requests(script, "status", "2xx", "5xx"),
        "vllm:time_to_first_token_seconds_bucket": lambda: _first_tokens(script),
        "loadgen_requests_total": lambda: _requests(script, "outcome", "ok", "error") if script.clients else [],
    }
    series = scrape_of[parsed["metric"]]()
    seconds = int(parsed["range"]) // 1000
    newest = min(at, script.unscraped_from)
    scrapes = [newest - index / SCRAPES_PER_SECOND for index in range(seconds * SCRAPES_PER_SECOND, -1, -1)]
    return [
        {"metric": labels, "values": [[scrape, str(count(scrape))] for scrape in scrapes]} for labels, count in series
    ]


Counter = Callable[[float], float]


def _requests(script: Script, label: str, good: str, bad: str) -> list[tuple[dict[str, str], Counter]]:
    def failed(at: float) -> float:
        return FAILING_PER_SECOND * _seconds(script.failing_from, min(at, script.failing_until))

    return [({label: good}, lambda at: _served(script, at) - failed(at)), ({label: bad}, failed)]


def _first_tokens(script: Script) -> list[tuple[dict[str, str], Counter]]:
    def slow(at: float) -> float:
        return SLOW_PER_SECOND * _seconds(script.slow_from, at)

    return [
        ({"job": "llm", "le": "0.1"}, lambda at: _served(script, at) - slow(at)),
        ({"job": "llm", "le": "0.5"}, lambda at: _served(script, at) - slow(at)),
        ({"job": "llm", "le": "1.0"}, lambda at: _served(script, at)),
        ({"job": "llm", "le": "+Inf"}, lambda at: _served(script, at)),
    ]


def _served(script: Script, at: float) -> float:
    return REQUESTS_PER_SECOND * _seconds(1.7e9, min(at, script.idle_from))


def _seconds(start: float, end: float) -> float:
    return max(0.0, end - start) if start < NEVER else 0.0
