"""What is said to write instead: the thing that was meant."""

import pytest
from pydantic import BaseModel

from slos.files.openslo import Calendar, QuerySpec, TimeWindow
from slos.files.reading import read
from slos.files.shape import Shape
from tests.slos.files.documents import CALENDAR_SLO, GAUGE_SLO, OBJECTIVE, RATIO_SLO, SLOTH, Doc, changed, text


def remedies(document: Doc) -> list[str]:
    return [problem.remedy for problem in read({"f.yaml": text(document)}).problems]


def with_annotation(key: str, value: object) -> Doc:
    return changed(RATIO_SLO, {"metadata.annotations": {f"mlchaos.io/{key}": value}})


def starting(start: str, duration: str = "1M") -> Doc:
    window = {"duration": duration, "calendar": {"startTime": start, "timeZone": "Europe/Berlin"}}
    return changed(CALENDAR_SLO, {"spec.timeWindow.0": window})


@pytest.mark.parametrize(
    ("document", "remedy"),
    [
        (changed(RATIO_SLO, {f"{OBJECTIVE}.target": "99%"}), "write 0.99, or targetPercent: 99"),
        (changed(RATIO_SLO, {f"{OBJECTIVE}.target": "0.999"}), "remove the quotes: 0.999"),
        (
            changed(RATIO_SLO, {f"{OBJECTIVE}.target": "0,99"}),
            "write 0.99, with a decimal point instead of the comma",
        ),
        (changed(RATIO_SLO, {OBJECTIVE: {"targetPercent": "99.5 %"}}), "write 99.5"),
        (changed(SLOTH, {"slos.0.objective": "99.9%"}), "write 99.9"),
        (changed(GAUGE_SLO, {f"{OBJECTIVE}.value": "900s"}), "write 900"),
        (changed(GAUGE_SLO, {f"{OBJECTIVE}.value": "15m"}), "write 900, if the metric is in seconds"),
        (
            changed(GAUGE_SLO, {f"{OBJECTIVE}.value": "80 GiB"}),
            "write 80: the number alone, in the unit of the metric",
        ),
        (starting("2026-01-15 08:00"), "write 2026-01-01 00:00:00"),
        (starting("2026-01-15"), "write 2026-01-01 00:00:00"),
        (
            changed(starting("2026-01-15 08:00", "1w"), {"metadata.annotations": {"mlchaos.io/tiers": "fast-page"}}),
            "write 2026-01-15 00:00:00",
        ),
        (starting("2026-01-01T00:00:00Z"), "write 2026-01-01 00:00:00; the time zone has a key of its own"),
        (with_annotation("tiers", "fast-page; slow-page"), "join them with commas: fast-page, slow-page"),
        (with_annotation("tiers", ["fast-page", "slow-page"]), 'write one text: "fast-page, slow-page"'),
        (with_annotation("for.fast", "2m"), "write mlchaos.io/for.fast-page"),
    ],
)
def test_one_remedy_says_what_was_meant(document: Doc, remedy: str) -> None:
    assert remedies(document) == [remedy]


def test_a_decimal_comma_between_brackets_is_thought_of() -> None:
    document = text(RATIO_SLO).replace('"target": 0.999', '"target": 0,99')
    told = [problem.remedy for problem in read({"f.yaml": document}).problems]
    assert "write a decimal point if the comma before it is a decimal comma; else remove it" in told


def test_a_query_that_begins_with_a_bracket_wants_quotes() -> None:
    document = text(RATIO_SLO).replace('"gateway_requests_total"', "{a: b}")
    (problem,) = read({"f.yaml": document}).problems
    assert problem.remedy == "put the query in quotes: unquoted brackets are YAML's"


@pytest.mark.parametrize("query", ['sum(x{code="5.."})', "'x", "sum(rate(x[5m]))"])
def test_an_unquoted_query_between_brackets_wants_quotes(query: str) -> None:
    (problem,) = read({"f.yaml": f"a: {{query: {query}}}\nb: 'x'\n"}).problems
    assert problem.remedy.endswith("or put the query in quotes and close them")


def test_a_query_whose_quote_is_not_closed_is_no_question_of_indentation_alone() -> None:
    (problem,) = read({"f.yaml": "a:\n  query: 'x\nb: 'x'\n"}).problems
    assert "that quotes are closed" in problem.remedy


@pytest.mark.parametrize(
    ("model", "key", "meaning"),
    [(Calendar, "timeZone", "IANA name"), (QuerySpec, "query", "PromQL: a"), (TimeWindow, "duration", "length of")],
)
def test_a_description_within_a_sentence_keeps_the_capitals_of_names(
    model: type[BaseModel], key: str, meaning: str
) -> None:
    assert f"({meaning}" in Shape(model, by_alias=True).written((key,))
