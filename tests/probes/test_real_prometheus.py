"""The probes against a real Prometheus that scrapes a real process: what was counted is what is read."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from clients.prometheus import Known, Prometheus, PrometheusError, Series, Unknown
from lab.servers import PROMETHEUS, find
from probes.serving import availability, first_token_in_time
from tests.clients.misbehaving import answering, body
from tests.octets import reserved_octet
from tests.real_prometheus import address_in, real_prometheus, scraping
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(find(PROMETHEUS) is None, reason="no prometheus on PATH: chaos lab servers --bring"),
]

SCRAPES_OF_A_WINDOW = 8  # and a little more than the 1.5 s that the tests read


@dataclass
class Scraped:
    """A Prometheus and the counters of the process that it scrapes five times a second."""

    url: str
    requests: Counter
    first_token: Histogram

    def begin(self, case: str) -> str:
        """Requests of a case of their own, scraped for a window already; gives the selector."""
        self.requests.labels(case, "2xx").inc(1000)
        selector = f'job="test",case="{case}"'
        self.wait_for_scrapes(selector, SCRAPES_OF_A_WINDOW)
        return selector

    def wait_for_scrapes(self, selector: str, count: int) -> None:
        wanted = self._samples(selector) + count
        wait_for(lambda: self._samples(selector) >= wanted, 20)

    def first_scrape(self, selector: str) -> float:
        return min(one.samples[0].at for one in self._series(selector))

    def _samples(self, selector: str) -> int:
        return max((len(one.samples) for one in self._series(selector)), default=0)

    def _series(self, selector: str) -> Sequence[Series]:
        now = time.time()
        with Prometheus(self.url) as prometheus:
            return prometheus.raw(f"http_requests_total{{{selector}}}", now - 60, now).series


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    registry = CollectorRegistry()
    requests = Counter("http_requests_total", "x", ["case", "status"], registry=registry)
    first_token = Histogram("vllm:time_to_first_token_seconds", "x", buckets=(0.1, 0.5, 1.0), registry=registry)

    def metrics(handler: BaseHTTPRequestHandler) -> None:
        body(200, generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4)(handler)

    with (
        answering(metrics) as exporter,
        reserved_octet() as octet,
        real_prometheus(
            tmp_path_factory.mktemp("prometheus"),
            address_in(octet),
            scraping({"test": exporter.removeprefix("http://")}),
        ) as url,
    ):
        wait_for(lambda: _is_scraping(url), 20)
        yield Scraped(url, requests, first_token)


def _is_scraping(url: str) -> bool:
    with Prometheus(url) as prometheus:
        return isinstance(prometheus.value('up{job="test"} == 1', time.time()), Known)


def test_events_are_read_exactly_as_they_were_counted(scraped: Scraped) -> None:
    selector = scraped.begin("exact")
    scraped.requests.labels("exact", "2xx").inc(37)
    scraped.requests.labels("exact", "5xx").inc(3)
    scraped.wait_for_scrapes(selector, 2)

    found = availability(scraped.url, selector, window_seconds=1.5)

    assert (found["good"], found["total"]) == (37, 40)


def test_a_window_that_is_not_there_yet_is_waited_for(scraped: Scraped) -> None:
    selector = scraped.begin("late")
    scraped.requests.labels("late", "2xx").inc(10)
    first = scraped.first_scrape(selector)
    window = time.time() - first + 1.5

    found = availability(scraped.url, selector, window_seconds=window)

    assert found["at"] - window >= first
    assert found["total"] == 10


def test_first_tokens_are_read_at_a_real_bucket_edge(scraped: Scraped) -> None:
    selector = scraped.begin("tokens")
    for seconds in (0.05, 0.3, 0.7):
        scraped.first_token.observe(seconds)
    scraped.wait_for_scrapes(selector, 2)

    found = first_token_in_time(scraped.url, 'job="test"', threshold_seconds=0.5, window_seconds=1.5)

    assert (found["good"], found["total"]) == (2, 3)


def test_a_division_of_nothing_by_nothing_is_unknown(scraped: Scraped) -> None:
    with Prometheus(scraped.url) as prometheus:
        assert isinstance(prometheus.value("vector(0) / vector(0)", time.time()), Unknown)


def test_a_query_that_prometheus_refuses_is_told_with_its_reason(scraped: Scraped) -> None:
    with Prometheus(scraped.url) as prometheus, pytest.raises(PrometheusError, match="parse error"):
        prometheus.value("sum(", time.time())
