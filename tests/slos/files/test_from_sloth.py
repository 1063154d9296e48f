import pytest

from slos.files.reading import read
from slos.model import AbsentAlert, EventRatio, RawRatio, RollingWindow, Slo, TierAlert
from slos.rules.compile import compile_slo
from slos.rules.names import INFO
from slos.tiers import DAY
from tests.slos.files.documents import GONE, SLOTH, SLOTH_OBJECT, Doc, changed, text

SLO = "slos.0"


def the_slo(document: Doc) -> Slo:
    loaded = read({"f.yaml": text(document)})
    assert [str(problem) for problem in loaded.problems] == []
    (slo,) = loaded.slos.slos
    return slo


def test_a_file_of_sloth_becomes_slos_over_30_days() -> None:
    slo = the_slo(SLOTH)
    assert (slo.name, slo.service, slo.objective) == ("chat-requests-availability", "chat", 0.999)
    assert (slo.window, slo.description) == (RollingWindow(30 * DAY), "Requests answered")
    assert slo.indicator == EventRatio(
        total="sum(rate(http_requests_total[{{.window}}]))",
        bad='sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))',
    )


def test_alerts_carry_the_labels_that_sloth_gives_them() -> None:
    alerting = the_slo(SLOTH).alerting
    assert alerting.name == "ChatHighErrorRate"
    assert alerting.labels == {"team": "ml", "category": "availability", "owner": "serving"}
    assert alerting.annotations == {"runbook": "https://runbooks.example/chat"}
    assert alerting.runbook == "https://runbooks.example/chat"


def test_page_and_ticket_alerts_are_two_tiers_each() -> None:
    alerting = the_slo(SLOTH).alerting
    page = TierAlert("critical", labels={"route": "pager"})
    assert alerting.tiers == {"fast-page": page, "slow-page": page}
    assert alerting.absent == AbsentAlert("critical")


def test_without_alerts_nothing_is_told() -> None:
    off = {"disable": True}
    alerting = the_slo(changed(SLOTH, {f"{SLO}.alerting": {"page_alert": off, "ticket_alert": off}})).alerting
    assert (alerting.tiers, alerting.absent) == ({}, None)


def test_a_severity_of_all_alerts_is_that_of_each() -> None:
    alerting = the_slo(changed(SLOTH, {f"{SLO}.alerting": {"labels": {"severity": "sev2"}}})).alerting
    assert {tier.severity for tier in alerting.tiers.values()} == {"sev2"}
    assert "severity" not in alerting.labels


def test_the_kubernetes_object_says_the_same_in_its_spelling() -> None:
    slo = the_slo(SLOTH_OBJECT)
    assert slo.indicator == RawRatio("1 - avg_over_time(up[{{.window}}])")
    assert set(slo.alerting.tiers) == {"fast-ticket", "slow-ticket"}
    assert slo.place_of("indicator.query").path == "spec.slos[0].sli.raw.errorRatioQuery"


def test_each_slo_stands_at_its_own_place() -> None:
    second = changed(SLOTH["slos"][0], {"name": "latency"})
    slos = read({"f.yaml": text(changed(SLOTH, {"slos.1": second, f"{SLO}.alerting": GONE}))}).slos.slos
    assert [slo.place.path for slo in slos] == ["slos[0]", "slos[1]"]
    assert [slo.alerting.name for slo in slos] == ["ChatRequestsAvailabilityBudgetBurn", "ChatHighErrorRate"]


def test_every_slo_is_read_to_the_end() -> None:
    document = changed(SLOTH, {f"{SLO}.objective": 0.999, f"{SLO}.sli": {"plugin": {"id": "x"}}, f"{SLO}.colour": 1})
    assert [(problem.message, problem.remedy) for problem in read({"f.yaml": text(document)}).problems] == [
        ("0.999 percent", "write 99.9, if that is what the ratio means"),
        ("a plugin, which is not run here", "write the queries that it makes, under events or raw"),
        (
            "unknown key 'colour'",
            "remove it; the keys known here are name, description, objective, labels, sli, alerting",
        ),
    ]


def told(document: Doc) -> list[tuple[str, str, str]]:
    return [
        (problem.level, problem.place.path, problem.message) for problem in read({"f.yaml": text(document)}).problems
    ]


def test_a_tier_that_can_never_fire_is_switched_off_alone_with_a_warning() -> None:
    loaded = read({"f.yaml": text(changed(SLOTH, {f"{SLO}.objective": 90, f"{SLO}.alerting.ticket_alert": {}}))})
    (slo,) = loaded.slos.slos
    assert list(slo.alerting.tiers) == ["slow-page", "fast-ticket", "slow-ticket"]
    assert slo.alerting.absent == AbsentAlert("critical")
    assert [(problem.level, problem.place.path, problem.message, problem.remedy) for problem in loaded.problems] == [
        (
            "warning",
            "slos[0].objective",
            "the tier fast-page is switched off: it would take an error ratio of 1.44, and none exceeds 1",
            "raise the objective to have it, or ignore this: slow-page stays on",
        )
    ]


def test_an_alert_of_which_no_tier_can_fire_is_an_error() -> None:
    problems = read({"f.yaml": text(changed(SLOTH, {f"{SLO}.objective": 80}))}).problems
    assert [problem.level for problem in problems] == ["error", "error"]
    assert all(problem.remedy.endswith("switch it off: page_alert: {disable: true}") for problem in problems)


def test_templates_that_ask_for_labels_of_sloth_are_warned_of() -> None:
    annotations = {"note": "{{ $labels.sloth_service }} / {{ $labels.sloth_slo }}", "plain": "sloth_slo"}
    document = changed(
        SLOTH_OBJECT,
        {
            "spec.slos.0.alerting.annotations": annotations,
            "spec.slos.0.alerting.ticketAlert": {"labels": {"x": "{{ $labels.sloth_version }}"}},
        },
    )
    assert [str(problem).partition("warning: ")[2] for problem in read({"f.yaml": text(document)}).problems] == [
        (
            "spec.slos[0].alerting.annotations.note: alerts have no label sloth_service or sloth_slo here: the text "
            "would be empty in its place; "
            "write service for sloth_service, slo (which is the service and the name) for sloth_slo"
        ),
        (
            "spec.slos[0].alerting.ticketAlert.labels.x: alerts have no label sloth_version here: the text would be "
            "empty in its place; write one of slo, service, window, tier and severity"
        ),
    ]


def test_what_is_said_of_disabled_alerts_is_warned_of() -> None:
    one = changed(SLOTH, {f"{SLO}.alerting.ticket_alert.labels": {"severity": "low"}})
    assert told(one) == [
        (
            "warning",
            "slos[0].alerting.ticket_alert.labels",
            "labels of ticket_alert have no effect: it is disabled",
        )
    ]
    both = changed(SLOTH, {f"{SLO}.alerting.page_alert": {"disable": True}})
    assert [path for _, path, _ in told(both)] == ["slos[0].alerting.labels", "slos[0].alerting.annotations"]


GETTING_STARTED = changed(
    SLOTH, {"labels": {"owner": "shop-team", "repo": "shop/web", "tier": "2"}, "slos.0.labels": {"window": "wide"}}
)
"""Labels of the kind that Sloth's own first example has: `tier` is how much a service matters."""


def test_labels_that_the_rules_set_are_kept_and_left_off_the_alerts() -> None:
    loaded = read({"f.yaml": text(GETTING_STARTED)})
    told = [(problem.level, problem.place.path, problem.message) for problem in loaded.problems]
    assert [line for line in told if "label" in line[1]] == [
        ("warning", "labels.tier", "the label tier is kept on slo:info, as label_tier, and left off the alerts"),
        (
            "warning",
            "slos[0].labels.window",
            "the label window is kept on slo:info, as label_window, and left off the alerts",
        ),
    ]
    (slo,) = loaded.slos.slos
    assert slo.labels == {"owner": "shop-team", "repo": "shop/web", "tier": "2", "window": "wide"}
    assert slo.alerting.labels == {"owner": "serving", "repo": "shop/web"}
    info = next(rule for group in compile_slo(slo) for rule in group.rules if getattr(rule, "record", "") == INFO)
    assert (info.labels["label_tier"], info.labels["label_window"]) == ("2", "wide")


def test_a_label_of_the_file_is_warned_of_once() -> None:
    second = changed(SLOTH["slos"][0], {"name": "latency"})
    document = changed(SLOTH, {"labels": {"tier": "2"}, "slos.1": second, f"{SLO}.alerting": GONE})
    problems = read({"f.yaml": text(document)}).problems
    assert [problem.place.path for problem in problems if "label" in problem.place.path] == ["labels.tier"]


@pytest.mark.parametrize("part", ["labels", "page_alert.labels"])
def test_an_alert_label_that_the_rules_set_is_refused(part: str) -> None:
    problems = read({"f.yaml": text(changed(SLOTH, {f"{SLO}.alerting.{part}": {"tier": "2"}}))}).problems
    assert {(problem.level, problem.message) for problem in problems if "label" in problem.place.path} == {
        ("error", "the label tier is reserved: the rules set it")
    }
