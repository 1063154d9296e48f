"""Six ways in which a page is lost while all looks well, and three in which all is well: each with real programs.

All runs go on beside each other, each with a service, an SLO and an alert of its own, since each takes a while.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from clients.alertmanager import Alertmanager, Silence, SilenceMatcher
from clients.prometheus import Prometheus
from slos.files.alert_names import budget_burn_alert
from tests.alerts import alert_path
from tests.alerts.alert_path import ONCALL, REFUSING, TICKETS
from tests.alerts.at_once import AtOnce
from tests.alerts.small_service import slo_text, small_services
from tests.guard.slo_prometheus import SloScript
from tests.guard.stage import Ended, Stage
from tests.octets import reserved_octet
from tests.real_alertmanager import address_in as alertmanager_in
from tests.real_alertmanager import real_alertmanager
from tests.real_prometheus import address_in as prometheus_in
from tests.real_prometheus import real_prometheus
from tests.waiting import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600), pytest.mark.needs("prometheus", "alertmanager")]

QUICK, SLOW = 0.999, 0.99
"""Objectives: when half of the requests fail, the page fires after 2 s, and after 16 s."""


@dataclass(frozen=True)
class Case:
    """One run; without an Alertmanager it is with the second Prometheus, which has none."""

    name: str
    receiver: str = ONCALL
    objective: float = QUICK
    expects: dict[str, Any] = field(default_factory=dict)
    no_alertmanager: bool = False


UNSCRAPED = "unscraped"
CASES = (
    Case("whole"),
    Case("unreceived", no_alertmanager=True),
    Case("misrouted"),
    Case("unlabelled"),
    Case("refused", receiver=REFUSING),
    Case("unruled"),
    Case("silenced"),
    Case(UNSCRAPED, objective=SLOW, no_alertmanager=True),
    Case("inhibited", expects={"muted_by": "inhibition"}),
    Case("quieted", expects={"muted_by": "silence"}),
)
UNRULED = ("unruled",)
SILENCED = ("silenced", "quieted")


class Runs:
    """The small alert path, and one run for each case on it."""

    def __init__(self, directory: Path, octet: int, stack: ExitStack) -> None:
        self._directory = directory
        self._stack = stack
        self._places = {case.name: self._place(case.name) for case in CASES}
        self._program = AtOnce()
        stack.callback(self._program.close)
        broken = {name: place / "broken" for name, place in self._places.items()}
        self._target = stack.enter_context(small_services(broken))
        self._pages_url = stack.enter_context(alert_path.pager(directory, f"127.{octet}.0.2"))
        configuration = alert_path.alertmanager_configuration(self._pages_url)
        place = self._place("alertmanager")
        self._alertmanager_url = stack.enter_context(real_alertmanager(place, alertmanager_in(octet), configuration))
        self._silence()
        heard = [case for case in CASES if not case.no_alertmanager]
        self._prometheus_url = self._prometheus("prometheus", prometheus_in(octet), heard, self._alertmanager_url)
        # A second one, whose Alertmanager is away: nobody listens there.
        deaf = [case for case in CASES if case.no_alertmanager]
        self._no_alertmanager_url = f"http://127.{octet}.0.3:9093"
        self._deaf_url = self._prometheus("deaf", f"127.{octet}.0.3:9090", deaf, self._no_alertmanager_url)

    def all_ended(self) -> dict[str, Ended]:
        """How each run ended."""
        self._wait_for_data()
        stages = {case.name: self._stage(case) for case in CASES}
        running = {name: stage.start() for name, stage in stages.items()}
        self._program.begin()
        self._stop_scraping_when_broken()
        self._program.wait()
        return {name: stage.finish(running[name]) for name, stage in stages.items()}

    def _place(self, name: str) -> Path:
        place = self._directory / name
        place.mkdir()
        return place

    def _prometheus(self, name: str, address: str, cases: Sequence[Case], alertmanager_url: str) -> str:
        slos = alert_path.rules_text([slo_text(case.name, case.objective) for case in cases], UNRULED)
        return self._stack.enter_context(
            real_prometheus(
                self._place(name),
                address,
                self._configuration([case.name for case in cases], alertmanager_url),
                {"slos": slos, "maintenance": alert_path.maintenance_rules()},
                # What is sent before it has found its Alertmanager is lost, and by default comes again after a minute.
                flags=["--web.enable-lifecycle", "--rules.alert.resend-delay=1s"],
            )
        )

    def _configuration(self, services: Sequence[str], alertmanager_url: str) -> str:
        together = [name for name in services if name != UNSCRAPED]
        jobs = [together, [UNSCRAPED]] if UNSCRAPED in services else [together]
        return alert_path.prometheus_configuration(self._target, jobs, alertmanager_url.partition("://")[2])

    def _silence(self) -> None:
        """What somebody has left behind."""
        server = Alertmanager(self._alertmanager_url)
        now = time.time()
        for name in SILENCED:
            matchers = (SilenceMatcher("alertname", budget_burn_alert(name)),)
            server.silence(Silence(matchers, now, now + 3600, "somebody", "only until tomorrow"))
        server.close()

    def _wait_for_data(self) -> None:
        """Until burns over the short window are recorded of every service, and Alertmanager has what mutes one."""
        wanted = {case.name for case in CASES}
        wait_for(lambda: _recorded(self._prometheus_url) | _recorded(self._deaf_url) == wanted, 60, every=0.5)
        wait_for(lambda: _has_maintenance(self._alertmanager_url), 30, every=0.5)

    def _stage(self, case: Case) -> Stage:
        place = self._places[case.name]
        (place / "slo.yaml").write_text(slo_text(case.name, case.objective))
        stage = Stage(
            self._program, place, SloScript(), self._deaf_url if case.no_alertmanager else self._prometheus_url
        )
        stage.environment |= {
            "MLCHAOS_PAGES_URL": self._pages_url,
            "ALERTMANAGER_URL": self._no_alertmanager_url if case.no_alertmanager else self._alertmanager_url,
        }
        stage.guard.update(
            slos=[str(place / "slo.yaml")],
            abort_when={"burn_rate": 0.95 / (1 - case.objective), "window": "8s"},
            recover_within="1m",
            alerts=[
                {
                    "alert": budget_burn_alert(case.name),
                    "severity": "page",
                    "receiver": case.receiver,
                    "fires_within": "30s",
                    "notified_within": "10s",
                    "resolves_within": "1m",
                    **case.expects,
                }
            ],
            unexpected_pages="allow",
        )
        stage.experiment["method"] = [stage.touch()]
        return stage

    def _stop_scraping_when_broken(self) -> None:
        """Of the second Prometheus: one that is told of a new configuration sends no alerts for some seconds."""
        place = self._places[UNSCRAPED]
        wait_for((place / "broken").exists, 60)
        left = [case.name for case in CASES if case.no_alertmanager and case.name != UNSCRAPED]
        configuration = self._configuration(left, self._no_alertmanager_url)
        (self._directory / "deaf" / "prometheus.yml").write_text(configuration)
        assert alert_path.send(f"{self._deaf_url}/-/reload", "POST") == 200


def _recorded(prometheus_url: str) -> set[str]:
    with Prometheus(prometheus_url) as prometheus:
        return {one.labels["slo"] for one in prometheus.vector('slo:events{window="5m"} > 0', time.time()).samples}


def _has_maintenance(alertmanager_url: str) -> bool:
    server = Alertmanager(alertmanager_url)
    names = [alert.labels.get("alertname") for alert in server.alerts()]
    server.close()
    return alert_path.MAINTENANCE in names


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ended]]:
    with reserved_octet() as octet, ExitStack() as stack:
        yield Runs(tmp_path_factory.mktemp("alerts"), octet, stack).all_ended()


def timeline(run: Ended) -> dict[str, Any]:
    (found,) = run.journal["mlchaos"]["alerts"]["timelines"]
    assert isinstance(found, dict)
    return found


def lost(run: Ended) -> tuple[str, str, str]:
    found = timeline(run)
    return run.verdict, found["outcome"], found["lost_at"]


@pytest.mark.parametrize("name", ["whole", "inhibited", "quieted"])
def test_a_path_that_is_whole_or_muted_as_asked_holds(ended: dict[str, Ended], name: str) -> None:
    assert (ended[name].verdict, timeline(ended[name])["outcome"]) == ("held", "proven"), ended[name].said


def test_every_stage_of_a_whole_path_is_seen_in_its_order(ended: dict[str, Ended]) -> None:
    times = [stage["at"] for stage in timeline(ended["whole"])["stages"]]
    assert all(times)
    assert times[-2:] == sorted(times[-2:])
    assert max(times[:-2]) <= times[-2]


def test_an_alertmanager_that_is_down_is_found_where_it_should_have_received(ended: dict[str, Ended]) -> None:
    assert lost(ended["unreceived"]) == ("breached", "lost", "received")


def test_a_route_to_somebody_else_is_found_with_whom_it_reached(ended: dict[str, Ended]) -> None:
    assert lost(ended["misrouted"]) == ("breached", "lost", "notified")
    assert TICKETS in ended["misrouted"].reason


def test_a_label_that_is_dropped_on_the_way_loses_the_page(ended: dict[str, Ended]) -> None:
    verdict, outcome, stage = lost(ended["unlabelled"])
    assert (verdict, outcome) == ("breached", "lost")
    assert stage in ("received", "notified")


def test_a_receiver_that_answers_500_is_found(ended: dict[str, Ended]) -> None:
    assert lost(ended["refused"]) == ("breached", "lost", "notified")
    assert "500" in ended["refused"].reason


def test_a_rule_that_was_deleted_is_found(ended: dict[str, Ended]) -> None:
    assert lost(ended["unruled"]) == ("breached", "lost", "pending")
    assert "no rule" in ended["unruled"].reason


def test_a_silence_that_was_left_on_is_found_with_its_maker(ended: dict[str, Ended]) -> None:
    assert lost(ended["silenced"]) == ("breached", "lost", "notified")
    assert "somebody" in ended["silenced"].reason


def test_a_prometheus_that_does_not_scrape_proves_nothing(ended: dict[str, Ended]) -> None:
    verdict, outcome, stage = lost(ended["unscraped"])
    assert verdict in ("breached", "inconclusive")
    assert (outcome, stage) == ("unknown", "crossed")
