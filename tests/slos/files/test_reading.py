from textwrap import dedent

from hypothesis import given, settings
from hypothesis import strategies as st

from slos.files.reading import read
from slos.model import SloSet
from slos.problems import Problem
from tests.slos.files.documents import (
    CALENDAR_SLO,
    GONE,
    OBJECTIVE,
    RATIO,
    RATIO_SLO,
    REFERRING_SLO,
    SERVICE,
    SLI,
    changed,
    query,
    text,
)

BROKEN = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: LLM availability
  anotations: {}
  annotations:
    mlchaos.io/minimum-event: "20"
    mlchaos.io/tiers: fast-page, slow-tickets
spec:
  servce: 12
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource: {spec: {promql: 'gateway_requests_total{'}}
        total:
          metricSource: {type: Datadog, spec: {query: 'gateway_requests_total['}}
  timeWindow: [{duration: 30 days, isRolling: true}]
  budgetingMethod: Occurences
  objectives:
    - target: 99.9
    - target: 0.9
"""
EXPECTED = """\
f.yaml:4:9: error: metadata.name: 'LLM availability' is no name; \
write llm-availability: at most 63 lower-case letters, digits, - and .
f.yaml:5:3: error: metadata.anotations: unknown key 'anotations'; write annotations
f.yaml:7:5: error: metadata.annotations["mlchaos.io/minimum-event"]: unknown annotation 'mlchaos.io/minimum-event'; \
write mlchaos.io/minimum-events
f.yaml:8:23: error: metadata.annotations["mlchaos.io/tiers"]: 'slow-tickets' is no tier; write slow-ticket
f.yaml:10:3: error: spec.servce: unknown key 'servce'; write service
f.yaml:10:11: error: spec.service: the number 12 where a text is wanted; put it in quotes: "12"
f.yaml:16:33: error: spec.indicator.spec.ratioMetric.bad.metricSource.spec.promql: unknown key 'promql'; write query
f.yaml:16:41: error: spec.indicator.spec.ratioMetric.bad.metricSource.spec.query: PromQL
f.yaml:18:32: error: spec.indicator.spec.ratioMetric.total.metricSource.type: a data source of type 'Datadog'; \
write Prometheus: nothing else is read
f.yaml:18:55: error: spec.indicator.spec.ratioMetric.total.metricSource.spec.query: PromQL
f.yaml:19:27: error: spec.timeWindow[0].duration: '30 days' is no duration; write 30d
f.yaml:20:20: error: spec.budgetingMethod: the text 'Occurences' is none of Occurrences, Timeslices; write Occurrences
f.yaml:22:15: error: spec.objectives[0].target: a target of 99.9, which is no ratio; \
write 0.999, or targetPercent: 99.9
f.yaml:23:7: error: spec.objectives[1]: a second objective; write one SLO per objective
"""


def said(problems: tuple[Problem, ...]) -> list[str]:
    return [str(problem) for problem in problems]


def test_one_pass_names_every_mistake_of_a_document() -> None:
    problems = said(read({"f.yaml": BROKEN}).problems)
    expected = EXPECTED.splitlines()
    assert [told[: len(line)] for told, line in zip(problems, expected, strict=True)] == expected


def test_every_file_is_read_to_its_end() -> None:
    loaded = read({"a.yaml": "a: b: c\n", "b.yaml": text(RATIO_SLO), "c.yaml": text({"kind": "SLO"})})
    assert [problem.place.file for problem in loaded.problems] == ["a.yaml", "c.yaml"]
    assert [slo.name for slo in loaded.slos.slos] == ["llm-availability"]
    assert not loaded.ok


def test_an_slo_with_a_mistake_is_not_in_the_result() -> None:
    loaded = read({"f.yaml": text(changed(RATIO_SLO, {"spec.colour": "red"}), SERVICE)})
    assert ([slo.name for slo in loaded.slos.slos], [service.name for service in loaded.slos.services]) == (
        [],
        ["chat"],
    )


def test_a_key_given_twice_keeps_the_document_out() -> None:
    assert read({"f.yaml": text(SERVICE).replace('"kind"', '"kind": "Service", "kind"', 1)}).slos == SloSet()


def test_a_misspelt_key_is_not_missing_as_well() -> None:
    document = changed(RATIO_SLO, {"spec.service": GONE, "spec.sevice": "chat"})
    assert [problem.message for problem in read({"f.yaml": text(document)}).problems] == ["unknown key 'sevice'"]


def test_a_merged_mapping_does_not_miss_what_may_be_in_the_merge() -> None:
    file = dedent("""\
        apiVersion: openslo/v1
        kind: Service
        metadata:
          <<: {name: chat}
          colour: red
        """)
    assert [problem.message for problem in read({"f.yaml": file}).problems] == [
        "a merge key, <<",
        "unknown key 'colour'",
    ]


def test_values_put_in_to_read_on_are_never_judged() -> None:
    """Both documents are read on under the example's name; nobody hears of a name used twice."""
    nameless = changed(RATIO_SLO, {"metadata.name": GONE, "metadata.annotations": {"mlchaos.io/alert-name": "A"}})
    problems = read({"a.yaml": text(nameless), "b.yaml": text(nameless)}).problems
    assert [(problem.place.file, problem.message) for problem in problems] == [
        ("a.yaml", "name is missing"),
        ("b.yaml", "name is missing"),
    ]


def test_a_mistake_in_a_referred_sli_stands_in_its_file() -> None:
    loaded = read(
        {
            "slo.yaml": text(REFERRING_SLO),
            "sli.yaml": text(changed(SLI, {"spec.ratioMetric.total": query("up{")})),
        }
    )
    assert [problem.place.file for problem in loaded.problems] == ["sli.yaml"]
    assert loaded.problems[0].place.path == "spec.ratioMetric.total.metricSource.spec.query"


def test_an_sli_is_said_to_be_wrong_once_for_all_who_refer_to_it() -> None:
    sli = changed(SLI, {"spec.ratioMetric.counter": False})
    other = changed(REFERRING_SLO, {"metadata.name": "other"})
    loaded = read({"f.yaml": text(sli, REFERRING_SLO, other)})
    assert [problem.message for problem in loaded.problems] == ["a ratio of metrics that are no counters"]
    assert loaded.slos.slos == ()


def test_a_reference_that_leads_nowhere_names_the_nearest() -> None:
    loaded = read({"f.yaml": text(SLI, changed(REFERRING_SLO, {"spec.indicatorRef": "gateway-avail"}))})
    assert [problem.remedy for problem in loaded.problems] == ["write gateway-availability"]


def test_documents_that_are_not_used_are_warned_of() -> None:
    policy = {"apiVersion": "openslo/v1", "kind": "AlertPolicy", "metadata": {"name": "x"}, "anything": [None]}
    loaded = read({"f.yaml": text(policy, changed(RATIO_SLO, {"spec.alertPolicies": ["x"]}))})
    assert (loaded.ok, [problem.level for problem in loaded.problems]) == (True, ["warning", "warning"])


def test_alerting_written_on_an_sli_is_warned_of() -> None:
    sli = changed(SLI, {"metadata.annotations": {"mlchaos.io/tiers": "none"}})
    assert [str(problem) for problem in read({"f.yaml": text(sli)}).problems] == [
        (
            'f.yaml:1:126: warning: metadata.annotations["mlchaos.io/tiers"]: '
            "mlchaos.io/tiers says nothing here: alerting is an SLO's; "
            "move it to metadata.annotations of the documents of kind SLO"
        )
    ]


def test_alerting_written_on_an_indicator_within_its_slo_is_warned_of() -> None:
    inline = {"name": "availability", "annotations": {"mlchaos.io/tiers": "none"}}
    (problem,) = read({"f.yaml": text(changed(RATIO_SLO, {"spec.indicator.metadata": inline}))}).problems
    assert problem.place.path == 'spec.indicator.metadata.annotations["mlchaos.io/tiers"]'


def test_an_alpha_document_is_told_what_to_change() -> None:
    (problem,) = read({"f.yaml": text(changed(RATIO_SLO, {"apiVersion": "openslo/v1alpha"}))}).problems
    assert problem.message == "apiVersion 'openslo/v1alpha' is not read"
    assert problem.remedy.startswith("write openslo/v1; ")


def test_a_time_zone_that_is_none_names_the_nearest() -> None:
    document = changed(CALENDAR_SLO, {"spec.timeWindow.0.calendar.timeZone": "europe/berln"})
    assert [problem.remedy for problem in read({"f.yaml": text(document)}).problems] == ["write Europe/Berlin"]


def test_promql_is_judged_though_the_rest_is_wrong() -> None:
    document = changed(RATIO_SLO, {OBJECTIVE: {}, "spec.timeWindow.0.duration": "x", f"{RATIO}.total": query("up{")})
    assert [problem.place.path.rpartition(".")[2] for problem in read({"f.yaml": text(document)}).problems] == [
        "query",
        "duration",
        "objectives[0]",
    ]


JUNK = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({}))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_document_raises(data: st.DataObject) -> None:
    """Anything at any place of a good document is read or refused."""
    document = data.draw(st.sampled_from([RATIO_SLO, CALENDAR_SLO, SLI, SERVICE]))
    paths = ["apiVersion", "kind", "metadata", "metadata.name", "metadata.labels", "metadata.annotations", "spec"]
    if document in (RATIO_SLO, CALENDAR_SLO):
        paths += ["spec.service", "spec.indicator", RATIO, f"{RATIO}.bad", "spec.timeWindow", "spec.timeWindow.0"]
        paths += ["spec.objectives", OBJECTIVE, f"{OBJECTIVE}.target", "spec.indicatorRef", f"{OBJECTIVE}.value"]
    path = data.draw(st.sampled_from(paths))
    loaded = read({"f.yaml": text(changed(document, {path: data.draw(JUNK)}))})
    assert loaded.ok or loaded.problems


def test_an_entry_of_another_type_does_not_hide_the_rest() -> None:
    document = changed(RATIO_SLO, {OBJECTIVE: 0.999, "spec.timeWindow.0": "28d", f"{RATIO}.total": query("up{")})
    assert [problem.place.path for problem in read({"f.yaml": text(document)}).problems] == [
        "spec.indicator.spec.ratioMetric.total.metricSource.spec.query",
        "spec.timeWindow[0]",
        "spec.objectives[0]",
    ]
