import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slos.files.reading import read
from slos.model import (
    AbsentAlert,
    Alerting,
    CalendarWindow,
    EventRatio,
    GaugeThreshold,
    LatencyThreshold,
    RawRatio,
    RollingWindow,
    Slo,
    TierAlert,
)
from slos.tiers import DAY, TIER, TIERS
from tests.slos.files.documents import (
    CALENDAR_SLO,
    GAUGE_SLO,
    GONE,
    LATENCY_SLO,
    OBJECTIVE,
    RATIO,
    RATIO_SLO,
    RAW_SLO,
    REFERRING_SLO,
    SERVICE,
    SLI,
    Doc,
    changed,
    query,
    text,
)

EVERY_TIER = {tier.name: TierAlert(tier.urgency) for tier in TIERS}


def the_slo(*documents: Doc) -> Slo:
    loaded = read({"f.yaml": text(*documents)})
    assert [str(problem) for problem in loaded.problems if problem.level == "error"] == []
    (slo,) = loaded.slos.slos
    return slo


def with_annotations(**annotations: str) -> Slo:
    ours = {f"mlchaos.io/{key.replace('__', '.').replace('_', '-')}": value for key, value in annotations.items()}
    return the_slo(changed(RATIO_SLO, {"metadata.annotations": ours}))


def test_a_document_becomes_an_slo() -> None:
    slo = the_slo(RATIO_SLO)
    assert slo == Slo(
        name="llm-availability",
        service="chat",
        objective=0.999,
        window=RollingWindow(28 * DAY),
        indicator=EventRatio(total="gateway_requests_total", bad='gateway_requests_total{code=~"5.."}'),
        alerting=Alerting(
            name="LlmAvailabilityBudgetBurn",
            absent_name="LlmAvailabilitySliAbsent",
            tiers=EVERY_TIER,
            absent=AbsentAlert("page"),
        ),
        place=slo.place,
        description="Requests answered",
        display_name="LLM availability",
        minimum_events=20.0,
        labels={"team": "ml-serving", "stack": "vllm,gateway"},
        annotations={"mlchaos.io/minimum-events": "20", "owner": "ml"},
    )


@pytest.mark.parametrize(
    ("document", "indicator"),
    [
        (
            changed(RATIO_SLO, {f"{RATIO}.bad": GONE, f"{RATIO}.good": query('gateway_requests_total{code="200"}')}),
            EventRatio(total="gateway_requests_total", good='gateway_requests_total{code="200"}'),
        ),
        (RAW_SLO, RawRatio('1 - avg_over_time(up{job="llm"}[{{.window}}])')),
        (
            changed(RAW_SLO, {f"{RATIO}.rawType": "success", f"{RATIO}.raw": query("avg_over_time(up[{{.window}}])")}),
            RawRatio("1 - (avg_over_time(up[{{.window}}]))"),
        ),
        (
            changed(
                RAW_SLO, {f"{RATIO}.rawType": "success", f"{RATIO}.raw": query("avg_over_time(up[{{.window}}]) # ok")}
            ),
            RawRatio("1 - (avg_over_time(up[{{.window}}]) # ok\n)"),
        ),
        (LATENCY_SLO, LatencyThreshold('vllm:time_to_first_token_seconds{job="llm"}', 0.5)),
        (GAUGE_SLO, GaugeThreshold("max(mltrain_checkpoint_age_seconds)", "lt", 900, 60)),
    ],
    ids=["good events", "raw", "raw success", "raw success with a comment", "latency", "gauge"],
)
def test_every_indicator_is_read(document: Doc, indicator: object) -> None:
    assert the_slo(document).indicator == indicator


@pytest.mark.parametrize(
    ("duration", "start", "window"),
    [
        ("1M", "2026-01-01 00:00:00", CalendarWindow("month", "Europe/Berlin", 1)),
        ("1w", "2026-01-04 00:00:00", CalendarWindow("week", "Europe/Berlin", 6)),
        ("1w", "2026-01-05", CalendarWindow("week", "Europe/Berlin", 0)),
        ("1Q", "2026-01-01T00:00:00", CalendarWindow("quarter", "Europe/Berlin", 1)),
        ("1Q", "2026-11-01 00:00", CalendarWindow("quarter", "Europe/Berlin", 2)),
    ],
)
def test_calendar_windows_begin_where_they_say(duration: str, start: str, window: CalendarWindow) -> None:
    calendar = {"startTime": start, "timeZone": "Europe/Berlin"}
    document = changed(CALENDAR_SLO, {"spec.timeWindow.0": {"duration": duration, "calendar": calendar}})
    assert the_slo(document).window == window


def test_a_window_without_a_calendar_rolls() -> None:
    assert the_slo(changed(RATIO_SLO, {"spec.timeWindow.0": {"duration": "4w"}})).window == RollingWindow(28 * DAY)


def test_percent_is_exact() -> None:
    assert the_slo(changed(RATIO_SLO, {OBJECTIVE: {"targetPercent": 99.9}})).objective == 0.999


def test_a_referred_sli_is_that_of_any_file() -> None:
    loaded = read({"a.yaml": text(REFERRING_SLO), "b.yaml": text(SLI)})
    (slo,) = loaded.slos.slos
    assert slo.indicator == EventRatio(total='all_total{job="g"}', good='ok_total{job="g"}')
    assert (slo.place_of("indicator.good").file, slo.place_of("objective").file) == ("b.yaml", "a.yaml")


def test_every_part_knows_its_place() -> None:
    slo = the_slo(RATIO_SLO)
    assert {part: slo.place_of(part).path for part in slo.places} == {
        "name": "metadata.name",
        "service": "spec.service",
        "objective": "spec.objectives[0].target",
        "window": "spec.timeWindow[0]",
        "indicator": "spec.indicator.spec.ratioMetric",
        "indicator.bad": "spec.indicator.spec.ratioMetric.bad.metricSource.spec.query",
        "indicator.total": "spec.indicator.spec.ratioMetric.total.metricSource.spec.query",
        "labels.team": "metadata.labels.team",
        "labels.stack": "metadata.labels.stack",
        "minimum_events": 'metadata.annotations["mlchaos.io/minimum-events"]',
    }


def test_a_service_is_read() -> None:
    (service,) = read({"f.yaml": text(SERVICE)}).slos.services
    assert (service.name, service.display_name, service.description) == ("chat", "Chat", "Chat over the gateway")


def test_tiers_are_switched_on_by_name() -> None:
    alerting = with_annotations(tiers="slow-ticket,fast-page", severity__fast_page="critical").alerting
    assert alerting.tiers == {"fast-page": TierAlert("critical"), "slow-ticket": TierAlert("ticket")}
    assert alerting.absent == AbsentAlert("page")


def test_without_a_page_tier_missing_data_is_a_ticket() -> None:
    assert with_annotations(tiers="slow-ticket").alerting.absent == AbsentAlert("ticket")
    assert with_annotations(tiers="none").alerting == Alerting(
        "LlmAvailabilityBudgetBurn", "LlmAvailabilitySliAbsent", {}, AbsentAlert("ticket")
    )


def test_the_absent_alert_is_configured_and_switched_off() -> None:
    assert with_annotations(absent="wake", for__absent="10m").alerting.absent == AbsentAlert("wake", 600)
    assert with_annotations(absent="off").alerting.absent is None


def test_an_slo_may_say_what_chaos_may_cost_in_a_month() -> None:
    assert with_annotations(chaos_allowance="2.5%").chaos_allowance == pytest.approx(0.025)
    assert with_annotations().chaos_allowance is None


def test_names_labels_annotations_and_runbook_of_alerts() -> None:
    alerting = with_annotations(
        alert_name="ChatDown",
        absent_alert_name="ChatDark",
        alert_label__team="ml",
        alert_annotation__note="look here",
        runbook="https://runbooks.example/chat",
        for__fast_page="2m",
    ).alerting
    assert (alerting.name, alerting.absent_name) == ("ChatDown", "ChatDark")
    assert (alerting.labels, alerting.annotations) == ({"team": "ml"}, {"note": "look here"})
    assert (alerting.runbook, alerting.tiers["fast-page"].for_seconds) == ("https://runbooks.example/chat", 120)


@pytest.mark.parametrize(
    ("annotations", "idle"),
    [
        ({"tiers": "slow-page", "severity.fast-page": "sev1"}, ["severity.fast-page"]),
        ({"tiers": "slow-page", "for.fast-ticket": "2m", "for.slow-page": "2m"}, ["for.fast-ticket"]),
        ({"absent": "off", "for.absent": "10m", "absent-alert-name": "Gone"}, ["absent-alert-name", "for.absent"]),
        ({"tiers": "none", "alert-name": "Burn", "alert-label.team": "ml"}, ["alert-name"]),
        ({"tiers": "none", "absent": "off", "runbook": "https://r.example"}, ["runbook"]),
        ({"tiers": "none", "absent": "off", "alert-label.team": "ml"}, ["alert-label.team"]),
        ({"runbook": "https://r.example", "alert-annotation.runbook_url": "https://s.example"}, ["runbook"]),
    ],
)
def test_what_is_said_of_an_alert_that_is_switched_off_is_warned_of(
    annotations: dict[str, str], idle: list[str]
) -> None:
    ours = {f"mlchaos.io/{key}": value for key, value in annotations.items()}
    loaded = read({"f.yaml": text(changed(RATIO_SLO, {"metadata.annotations": ours}))})
    assert loaded.ok
    said = sorted(problem.message.partition(":")[0] for problem in loaded.problems)
    assert said == [f"mlchaos.io/{key} has no effect" for key in idle]


def test_tiers_that_are_misspelt_are_not_taken_for_switched_off() -> None:
    ours = {"mlchaos.io/tiers": "fastpage", "mlchaos.io/for.fast-page": "2m"}
    problems = read({"f.yaml": text(changed(RATIO_SLO, {"metadata.annotations": ours}))}).problems
    assert [problem.message for problem in problems] == ["'fastpage' is no tier"]


def test_slices_of_an_slo_that_counts_events_are_warned_of() -> None:
    slices = {"timeSliceTarget": 1, "timeSliceWindow": "1m"}
    loaded = read({"f.yaml": text(changed(RATIO_SLO, {OBJECTIVE: {"target": 0.999, **slices}}))})
    assert sorted(str(problem.message) for problem in loaded.problems) == [
        f"{key} is not used where events are counted" for key in slices
    ]


def test_a_bucket_is_at_most_its_edge() -> None:
    (problem,) = read({"f.yaml": text(changed(LATENCY_SLO, {f"{OBJECTIVE}.op": "lt"}))}).problems
    assert str(problem).endswith(
        "error: spec.objectives[0].op: lt with a histogram; write lte: buckets count what is at most their edge"
    )


def test_labels_of_an_slo_may_have_any_name_and_alerts_none_of_the_rules() -> None:
    reserved = {"tier": "2", "severity": "high", "slo": "x"}
    assert the_slo(changed(RATIO_SLO, {"metadata.labels": reserved})).labels == reserved
    refused = changed(RATIO_SLO, {"metadata.annotations": {"mlchaos.io/alert-label.tier": "2"}})
    (problem,) = read({"f.yaml": text(refused)}).problems
    assert (problem.level, problem.message) == ("error", "the label tier is reserved: the rules set it")


NAMES = st.sampled_from(["llm-ttft", "a", "0", "x.y-9", "n" * 63])
WORDS = st.text("abcXYZ_-/.: '\"{}#é𝄞", min_size=1, max_size=8)
WINDOWS = st.one_of(
    st.builds(RollingWindow, st.integers(7, 90).map(lambda days: days * DAY)),
    st.builds(CalendarWindow, st.just("month"), st.sampled_from(["UTC", "Asia/Kolkata"]), st.just(1)),
    st.builds(CalendarWindow, st.just("week"), st.just("America/New_York"), st.integers(0, 6)),
)
INDICATORS = st.one_of(
    st.builds(EventRatio, total=st.just("all_total"), bad=st.just('all_total{code="500"}')),
    st.builds(EventRatio, total=st.just("all_total"), good=st.just('all_total{code="200"}')),
    st.builds(RawRatio, st.just("1 - avg_over_time(up[{{.window}}])")),
    st.builds(LatencyThreshold, st.just("request_seconds"), st.floats(0.001, 60)),
    st.builds(GaugeThreshold, st.just("age_seconds"), st.sampled_from(["lt", "gte"]), st.floats(-9, 9), st.just(60.0)),
)
SLOS: st.SearchStrategy[Doc] = st.builds(
    dict,
    name=NAMES,
    service=NAMES,
    objective=st.sampled_from([0.99, 0.999, 0.9995]),
    window=WINDOWS,
    indicator=INDICATORS,
    tiers=st.sets(st.sampled_from(list(TIER))),
    labels=st.dictionaries(WORDS, WORDS, max_size=2),
    description=WORDS,
)


def written(slo: Doc) -> Doc:
    """The document that says it."""
    window, indicator = slo["window"], slo["indicator"]
    objective: Doc = {"target": slo["objective"]}
    method, metric = "Occurrences", "ratioMetric"
    match indicator:
        case EventRatio():
            side = {"good": query(indicator.good)} if indicator.good else {"bad": query(indicator.bad or "")}
            spec: Doc = {"counter": True, "total": query(indicator.total), **side}
        case RawRatio():
            spec = {"rawType": "failure", "raw": query(indicator.query)}
        case LatencyThreshold():
            metric, spec = "thresholdMetric", {"metricSource": {"spec": {"histogram": indicator.histogram}}}
            objective |= {"op": "lte", "value": indicator.threshold}
        case GaugeThreshold():
            method, metric, spec = "Timeslices", "thresholdMetric", query(indicator.query)
            objective |= {"op": indicator.comparison, "value": indicator.value, "timeSliceWindow": "1m"}
    if isinstance(window, RollingWindow):
        time_window: Doc = {"duration": window.label, "isRolling": True}
    else:
        day = f"2026-06-0{1 + window.first}" if window.unit == "week" else "2026-06-01"
        unit = {"week": "1w", "month": "1M"}[window.unit]
        time_window = {"duration": unit, "calendar": {"startTime": f"{day} 00:00:00", "timeZone": window.time_zone}}
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {
            "name": slo["name"],
            "labels": slo["labels"],
            "annotations": {"mlchaos.io/tiers": ",".join(slo["tiers"]) or "none"},
        },
        "spec": {
            "description": slo["description"],
            "service": slo["service"],
            "indicator": {"spec": {metric: spec}},
            "timeWindow": [time_window],
            "budgetingMethod": method,
            "objectives": [objective],
        },
    }


@settings(max_examples=30, deadline=None)
@given(SLOS)
def test_what_a_document_says_is_what_is_read(slo: Doc) -> None:
    read_back = the_slo(written(slo))
    assert {key: getattr(read_back, key) for key in slo if key != "tiers"} == {
        key: value for key, value in slo.items() if key != "tiers"
    }
    assert set(read_back.alerting.tiers) == slo["tiers"]
