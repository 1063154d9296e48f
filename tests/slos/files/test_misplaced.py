"""Known keys that stand in the wrong place."""

from textwrap import dedent

import pytest

from slos.files.reading import read
from tests.slos.files.documents import GAUGE_SLO, GONE, RATIO, RATIO_SLO, SLI, SLOTH, THRESHOLD, Doc, changed, text


def said(document: Doc | str) -> list[str]:
    whole = document if isinstance(document, str) else text(document)
    return [f"{problem.message}; {problem.remedy}" for problem in read({"f.yaml": whole}).problems]


METRIC = RATIO_SLO["spec"]["indicator"]["spec"]["ratioMetric"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            changed(RATIO_SLO, {"spec.indicator": {"spec": None, "ratioMetric": METRIC}}),
            ["unknown key 'ratioMetric'; indent it under spec"],
        ),
        (
            changed(RATIO_SLO, {"spec.indicator": {"ratioMetric": METRIC}}),
            ["unknown key 'ratioMetric'; write it under spec"],
        ),
        (
            changed(RATIO_SLO, {"spec.indicator": GONE, "spec.ratioMetric": METRIC}),
            ["unknown key 'ratioMetric'; write it under indicator.spec"],
        ),
        (
            changed(SLI, {"metadata": None, "name": "gateway-availability"}),
            ["unknown key 'name'; indent it under metadata"],
        ),
        (
            changed(RATIO_SLO, {f"{RATIO}.total.metricSource": {"query": "gateway_requests_total"}}),
            ["unknown key 'query'; write it under spec"],
        ),
        (
            changed(GAUGE_SLO, {THRESHOLD: {"query": "max(age_seconds)"}}),
            ["unknown key 'query'; write it under metricSource.spec"],
        ),
        (
            changed(GAUGE_SLO, {THRESHOLD: {"spec": {"query": "max(age_seconds)"}}}),
            ["unknown key 'spec'; write it under metricSource"],
        ),
        (
            changed(RATIO_SLO, {"spec.objectives": None, "spec.target": 0.99}),
            ["unknown key 'target'; write it in an item of objectives"],
        ),
        (
            changed(SLOTH, {"slos.0.sli": SLOTH["slos"][0]["sli"]["events"]}),
            ["unknown key 'error_query'; write it under events", "unknown key 'total_query'; write it under events"],
        ),
        (
            changed(RATIO_SLO, {"spec.displayName": "Chat"}),
            ["unknown key 'displayName'; move it to metadata"],
        ),
    ],
)
def test_a_key_in_the_wrong_place_is_told_where_it_belongs(document: Doc, expected: list[str]) -> None:
    assert said(document) == expected


def test_all_keys_below_an_empty_one_are_told_and_read_on() -> None:
    spec = RATIO_SLO["spec"] | {"budgetingMethod": "Occurences"}
    document = changed(RATIO_SLO, {"spec": None}) | spec
    assert sorted(said(document)) == [
        "the text 'Occurences' is none of Occurrences, Timeslices; write Occurrences",
        *(f"unknown key {key!r}; indent it under spec" for key in sorted(spec)),
    ]


def test_a_key_that_several_places_take_is_not_guessed_at() -> None:
    (line,) = said(changed(SLOTH, {"slos.0.alerting": {"disable": True}}))
    assert line.startswith("unknown key 'disable'; remove it")


def test_what_is_below_misspelt_and_misplaced_keys_stands_at_its_own_lines() -> None:
    file = dedent("""\
        apiVersion: openslo/v1
        kind: SLO
        metadata:
        name: LLM
        sepc:
          servce: 12
          indicator:
            spec:
            ratioMetric:
              counter: "true"
              bad: {metricSource: {spec: {query: bad_total}}}
              total: {metricSource: {spec: {query: all_total}}}
          objectives: [{trget: "99%"}]
          budgetingMethod: Occurrences
          timeWindow: [{duration: 28d}]
        """)
    problems = read({"f.yaml": file}).problems
    places = [(problem.place.line, problem.place.column, problem.place.path) for problem in problems]
    assert places == [
        (4, 1, "name"),
        (4, 7, "metadata.name"),
        (5, 1, "sepc"),
        (6, 3, "spec.servce"),
        (6, 11, "spec.service"),
        (9, 5, "spec.indicator.ratioMetric"),
        (10, 16, "spec.indicator.spec.ratioMetric.counter"),
        (13, 17, "spec.objectives[0].trget"),
        (13, 24, "spec.objectives[0].target"),
    ]
