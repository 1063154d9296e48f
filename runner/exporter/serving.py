"""The HTTP server of the exporter: /metrics in Prometheus's formats, and /-/healthy for probes."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from runner.exporter.metrics import METRICS
from runner.exporter.values import Value

READ_SECONDS = 10.0
"""How long whoever connects may take to say what he wants."""
Family = GaugeMetricFamily | CounterMetricFamily


class Values(Collector):
    """Gives prometheus_client what is known at the moment of a scrape."""

    def __init__(self, values: Callable[[], Iterable[Value]]) -> None:
        self._values = values

    def collect(self) -> Iterator[Family]:
        """Every metric that has a value; of two values with the same labels the last one counts."""
        found = {(one.metric.name, one.labels): one.value for one in self._values()}
        for metric in METRICS:
            values = {labels: value for (name, labels), value in found.items() if name == metric.name}
            if values:
                kind = CounterMetricFamily if metric.counter else GaugeMetricFamily
                family = kind(metric.name, metric.help, labels=metric.labels)
                for labels, value in values.items():
                    family.add_metric(labels, float(value))
                yield family

    def describe(self) -> Iterable[Family]:
        """Nothing in advance: what there is differs from scrape to scrape."""
        return []


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Without the look-up of the machine's name, which waits for a DNS that does not answer."""
        TCPServer.server_bind(self)
        host, self.server_port = self.socket.getsockname()[:2]
        self.server_name = str(host)
        self.setup_environ()


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = READ_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name is http.server's)
        """A line for every scrape says nothing."""


class Server:
    """Serves `values` at (host, port); port 0 takes any. Raises OSError where it cannot listen."""

    def __init__(self, host: str, port: int, values: Callable[[], Iterable[Value]]) -> None:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Values(values))
        self._server = (_Server6 if ":" in host else _Server)((host, port), _Handler)
        self._server.set_app(_application(make_wsgi_app(registry)))
        self._thread = threading.Thread(target=self._server.serve_forever, name="HTTP server", daemon=True)

    @property
    def url(self) -> str:
        """Where the metrics are."""
        host, port = self._server.server_name, self._server.server_port
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/metrics"

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _application(metrics: WSGIApplication) -> WSGIApplication:
    """The metrics under /metrics, `ok` under /-/healthy, and 404 for all else."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return metrics({**environ, "QUERY_STRING": ""}, start_response)
        healthy = path == "/-/healthy"
        start_response("200 OK" if healthy else "404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"ok\n" if healthy else b"the metrics are at /metrics\n"]

    return answer
