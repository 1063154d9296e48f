"""A Prometheus that has recorded what a test says: it answers the queries by which mlchaos reads recorded SLOs."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.clients.in_process import answering_in_process
from tests.clients.misbehaving import body
from tests.recorded_slos import FakeSlo, Series

_MATCHER = re.compile(r'(?P<label>\w+)(?P<operator>=~|!=|=)(?P<value>"(?:[^"\\]|\\.)*")')
_SELECTOR = r"(?P<{0}metric>[\w:]+)(?:\{{(?P<{0}matchers>.*?)\}})?"
_MARKED = re.compile(r'label_replace\((?P<query>timestamp\(.*?), "(?P<label>\w+)", "(?P<value>\w+)", "", ""\)(?: or )?')
_QUERY = re.compile(
    rf"(?P<timestamp>timestamp\()?{_SELECTOR.format('')}\)?"
    rf"(?: and on \((?P<on>[\w, ]+)\) {_SELECTOR.format('other_')})?"
)


@dataclass
class Recording:
    """What it has recorded, and what it was asked. May be changed while it serves."""

    slos: Sequence[FakeSlo] = ()
    more: Sequence[Series] = ()
    warnings: Sequence[str] = ()
    queries: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)


@contextmanager
def recording_prometheus(recording: Recording) -> Iterator[str]:
    """Serve until the block ends; gives the address."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if not urlsplit(handler.path).path.endswith("/query"):
            body(422, json.dumps({"status": "error", "error": "only instants are recorded here"}))(handler)
            return
        asked = parse_qs(_parameters(handler))
        query, at = asked["query"][0], float(asked["time"][0])
        recording.queries.append(query)
        recording.methods.append(handler.command)
        document: dict[str, Any] = {
            "status": "success",
            "data": {"resultType": "vector", "result": evaluated(recording, query, at)},
        }
        if recording.warnings:
            document["warnings"] = list(recording.warnings)
        body(200, json.dumps(document))(handler)

    with answering_in_process(answer) as url:
        yield url


def evaluated(recording: Recording, query: str, at: float) -> list[dict[str, Any]]:
    """The instant vector that the query gives, as the HTTP API writes it."""
    if marked := list(_MARKED.finditer(query)):
        return [
            {**entry, "metric": {**entry["metric"], part["label"]: part["value"]}}
            for part in marked
            for entry in evaluated(recording, part["query"], at)
        ]
    series = [*(one for slo in recording.slos for one in slo.series(at)), *recording.more]
    parsed = _QUERY.fullmatch(query)
    assert parsed is not None, query
    found = _selected(series, parsed["metric"], parsed["matchers"])
    if parsed["other_metric"]:
        on = parsed["on"].split(", ")
        others = _selected(series, parsed["other_metric"], parsed["other_matchers"])
        matched = {tuple(one.labels.get(label) for label in on) for one in others}
        found = [one for one in found if tuple(one.labels.get(label) for label in on) in matched]
    return [_entry(one, at, timestamp=bool(parsed["timestamp"])) for one in found]


def _entry(one: Series, at: float, timestamp: bool) -> dict[str, Any]:
    if timestamp:
        return {"metric": dict(one.labels), "value": [at, f"{one.at:.3f}"]}
    return {"metric": {"__name__": one.metric, **one.labels}, "value": [at, _written(one.value)]}


def _written(value: float) -> str:
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(str(value), str(value))


def _selected(series: Sequence[Series], metric: str, matchers: str | None) -> list[Series]:
    wanted = [(one["label"], one["operator"], json.loads(one["value"])) for one in _MATCHER.finditer(matchers or "")]
    return [one for one in series if one.metric == metric and all(_matches(one, *matcher) for matcher in wanted)]


def _matches(one: Series, label: str, operator: str, value: str) -> bool:
    found = one.labels.get(label, "")
    if operator == "=~":
        return re.fullmatch(value, found) is not None
    return (found == value) == (operator == "=")


def _parameters(handler: BaseHTTPRequestHandler) -> str:
    if handler.command == "POST":
        return handler.rfile.read(int(handler.headers["Content-Length"])).decode()
    return urlsplit(handler.path).query
