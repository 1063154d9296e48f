"""The probes against a real Prometheus that scrapes a real process: what was counted is what is read."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from clients.prometheus import Known, Prometheus, PrometheusError, Series, Unknown
from lab.processes import die_with_parent
from lab.servers import PROMETHEUS, find
from probes.serving import availability, first_token_in_time
from tests.clients.misbehaving import answering, body
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
        _prometheus(tmp_path_factory.mktemp("prometheus"), exporter.removeprefix("http://")) as url,
    ):
        yield Scraped(url, requests, first_token)


class _prometheus:  # noqa: N801 (reads as the function that it is)
    """A real Prometheus on a free port, which scrapes the exporter."""

    def __init__(self, directory: Path, exporter: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        scrape = {"job_name": "test", "static_configs": [{"targets": [exporter]}]}
        configuration = {"global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"}, "scrape_configs": [scrape]}
        (directory / "prometheus.yml").write_text(yaml.safe_dump(configuration))
        self._command = [
            str(find(PROMETHEUS)),
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={address}",
        ]
        self._directory = directory
        self.url = f"http://{address}"

    def __enter__(self) -> str:
        with (self._directory / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(die_with_parent(self._command), stdout=log, stderr=log)
        wait_for(self._is_scraping, 20)
        return self.url

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._directory / "data", ignore_errors=True)

    def _is_scraping(self) -> bool:
        assert self._process.poll() is None, (self._directory / "prometheus.log").read_text()
        try:
            with Prometheus(self.url) as prometheus:
                return isinstance(prometheus.value('up{job="test"} == 1', time.time()), Known)
        except PrometheusError:
            return False


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
