import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from runner.exporter.metrics import FAULTS, HALTED, SOURCE_FAILURES, SOURCE_UP
from runner.exporter.serving import Server
from runner.exporter.values import Value

VALUES = [
    Value(HALTED, True),
    Value(FAULTS, 1, ("pods.kill", "active")),
    Value(FAULTS, 2, ("pods.kill", "active")),
    Value(SOURCE_FAILURES, 3, ("store",)),
    Value(SOURCE_UP, 1.0, ('a "b" \\ c',)),
]


@pytest.fixture(scope="module", params=["127.0.0.1", "::1"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    try:
        server = Server(request.param, 0, lambda: VALUES)
    except OSError:
        pytest.skip(f"this machine has no {request.param}")
    server.start()
    yield server.url
    server.close()


def get(url: str, **headers: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=40) as answer:
        return f"{answer.headers['Content-Type']}\n{answer.read().decode()}"


def test_every_metric_is_served_with_what_it_says(url: str) -> None:
    text = get(url)
    assert text.startswith("text/plain; version=")
    assert "# HELP mlchaos_halted 1 while all runs are halted (chaos halt).\n# TYPE mlchaos_halted gauge" in text
    assert "\nmlchaos_halted 1.0\n" in text
    assert "# TYPE mlchaos_source_failures_total counter" in text
    assert 'mlchaos_source_up{source="a \\"b\\" \\\\ c"} 1.0' in text


def test_no_series_is_there_twice(url: str) -> None:
    assert [line for line in get(url).splitlines() if line.startswith("mlchaos_faults{")] == [
        'mlchaos_faults{fault="pods.kill",state="active"} 2.0'
    ]


def test_it_speaks_openmetrics_where_that_is_asked_for(url: str) -> None:
    text = get(url, Accept="application/openmetrics-text; version=1.0.0")
    assert text.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


def test_it_says_that_it_lives_and_where_the_metrics_are(url: str) -> None:
    assert get(url.replace("/metrics", "/-/healthy")).endswith("\nok\n")
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(url.replace("/metrics", "/"))
    assert (refused.value.code, refused.value.read()) == (404, b"the metrics are at /metrics\n")


def test_an_address_in_use_is_an_error(url: str) -> None:
    host, _, port = url.removeprefix("http://").removesuffix("/metrics").rpartition(":")
    with pytest.raises(OSError, match="in use"):
        Server(host.strip("[]"), int(port), lambda: VALUES)
