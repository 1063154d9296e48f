"""`python -m bench.recorded_prometheus COUNT`: a Prometheus that has recorded that many SLOs, in a process of its own.

Prints its address, then one line with the number of queries for each line that it reads.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from slos.tiers import DAY
from tests.clients.misbehaving import answering, body
from tests.recorded_slos import AT, FakeSlo, calendar_start
from tests.recording_prometheus import Recording, evaluated


def main() -> None:
    recording = Recording([_slo(index) for index in range(int(sys.argv[1]))], more=[calendar_start(AT - DAY)])
    answers: dict[str, str] = {}
    asked = 0

    def answer(handler: BaseHTTPRequestHandler) -> None:
        nonlocal asked
        asked += 1
        query = parse_qs(urlsplit(handler.path).query)["query"][0]
        if query not in answers:
            data = {"resultType": "vector", "result": evaluated(recording, query, AT)}
            answers[query] = json.dumps({"status": "success", "data": data})
        body(200, answers[query])(handler)

    with answering(answer) as url:
        print(url, flush=True)
        for _ in sys.stdin:
            print(asked, flush=True)


def _slo(index: int) -> FakeSlo:
    """Of ten, one judges by a number of events, one is of a month, one burns, and one is unknown."""
    kind = index % 10
    slo = FakeSlo(f"service-{index // 5}-objective-{index}", service=f"service-{index // 5}")
    if kind == 0:
        slo.minimum_events = "20"
    elif kind == 1:
        slo.window, slo.period_seconds, slo.calendar, slo.time_zone = "month", 30 * DAY, "month", "UTC"
    elif kind == 2:
        slo.burn = {"1h": 20.5, "5m": 31.25}
    elif kind == 3:
        slo.budget = None
    return slo


if __name__ == "__main__":
    main()
