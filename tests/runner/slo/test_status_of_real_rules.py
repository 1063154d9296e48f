"""The whole chain on a real Prometheus: what a process counts, the compiled rules, and the state that is read of it."""

import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from clients.prometheus import Prometheus
from runner.slo.status import read_statuses
from slos.budget.status import SloStatus, State
from slos.rules.compile import compile_slos
from slos.rules.text import rule_file
from slos.tiers import HOUR
from tests.clients.misbehaving import answering, body
from tests.real_prometheus import address_in, real_prometheus, scraping
from tests.runner.cli.slo.commands import chaos_slo
from tests.slos.rules.declared import slo
from tests.waiting import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.needs("prometheus")]

TIME_SCALE = 60
PATIENCE = 30
CHAT = slo("chat", window=7 * HOUR, objective=0.9, tiers=["fast-page"], minimum_events=20)
"""Long enough to be summed from slices, and with room in its budget: a spent one stays spent, unknown or not."""


@dataclass
class Exporter:
    """A gateway that has answered a hundred requests more whenever it is scraped."""

    failing: bool = False
    silent: bool = False
    answered: int = 0
    failed: int = 0

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        if self.silent:
            body(503, "", "text/plain")(handler)
            return
        failed = 10 if self.failing else 0
        self.failed += failed
        self.answered += 100 - failed
        lines = [f'requests_total{{code="{code}"}} {n}' for code, n in ((200, self.answered), (500, self.failed)) if n]
        body(200, "\n".join(lines) + "\n", "text/plain; version=0.0.4")(handler)


def test_a_service_goes_from_unknown_to_good_to_burning_and_back_to_unknown(tmp_path: Path, lab_octet: int) -> None:
    gateway = Exporter()
    rules = {"slos": rule_file(compile_slos([CHAT], TIME_SCALE))}
    with (
        answering(gateway) as exporter,
        real_prometheus(
            tmp_path, address_in(lab_octet), scraping({"gw": exporter.removeprefix("http://")}), rules
        ) as url,
        Prometheus(url) as prometheus,
    ):

        def reaches(state: State, reason: str = "") -> SloStatus:
            def reached() -> SloStatus | None:
                (status,) = read_statuses(prometheus, time.time(), ["chat"])
                return status if status.state == state and reason in "".join(status.reasons) else None

            found = wait_for(reached, PATIENCE, every=0.1)
            assert found is not None
            return found

        reaches("unknown", "its SLI has no data")

        good = reaches("good")
        assert (good.budget_left, good.sli, good.burn["1h"]) == (1, 1, 0)
        assert good.coverage is not None
        assert good.coverage < 0.1
        assert good.time_scale == TIME_SCALE
        assert chaos_slo("check", "chat", "--prometheus", url).status == 0

        gateway.failing = True
        burning = reaches("burning")
        assert burning.burning_tiers == ("fast-page",)
        assert chaos_slo("check", "chat", "--prometheus", url).status == 1
        report = chaos_slo("status", "--prometheus", url)
        assert (report.status, report.err) == (0, "")
        assert "chat: burning: fast-page: burns at" in report.out

        gateway.silent = True
        reaches("unknown", "its SLI has no data")
        assert chaos_slo("check", "chat", "--prometheus", url).status == 4
