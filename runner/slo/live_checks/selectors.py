"""Selectors that match no series, and why."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from clients.prometheus_metadata import Refused, Values
from runner.slo.live_checks.metadata import Metadata
from slos.model import LatencyThreshold, Slo
from slos.problems import Problem
from slos.promql.indicators import Read, reads
from slos.promql.selectors import LabelMatcher, Selector

SHOWN = 10
"""Label values, or labels, that a message names."""
RECENT = "1d"

_Found = dict[str, Values | Refused]
_Case = tuple[Slo, Read]


def selector_problems(slos: Sequence[Slo], metadata: Metadata) -> Iterator[Problem]:
    """Every selector that matches nothing, and every condition that holds only because no series has its label."""
    cases = [(slo, read) for slo in slos for read in reads(slo.indicator) if _to_be_there(slo, read)]
    found = metadata.answers([_number_of(read.selector) for _, read in cases])
    lost: list[_Case] = []
    there: list[_Case] = []
    for slo, read in cases:
        answer = found[_number_of(read.selector)]
        if isinstance(answer, Refused):
            yield Problem(slo.place_of(read.part), answer.reason, "correct the query")
        else:
            (there if answer else lost).append((slo, read))
    yield from _lost(lost, {(slo.name, read.role) for slo, read in there}, metadata)
    yield from _idle_conditions(there, metadata)


def _to_be_there(slo: Slo, read: Read) -> bool:
    """Not what a query expects to be absent, and not the bucket of a threshold, whose edges are looked at instead."""
    if (read.selector.function or "").startswith("absent"):
        return False
    return not (isinstance(slo.indicator, LatencyThreshold) and read.role == "good")


def _number_of(selector: Selector) -> str:
    return f"count({selector})"


@dataclass(frozen=True, slots=True)
class _Questions:
    """What is asked of a selector that matches nothing, to tell why."""

    selector: Selector

    @property
    def example(self) -> str:
        """One series of the metric, with its labels."""
        return f"bottomk(1, {Selector(self.selector.name, ())})"

    @property
    def recent(self) -> str:
        return f"count(count_over_time({self.selector}[{RECENT}]))"

    def alone(self, matcher: LabelMatcher) -> str:
        """Whether the condition holds by itself."""
        return _number_of(Selector(self.selector.name, (matcher,)))

    def values(self, matcher: LabelMatcher) -> str:
        """What the condition's label says, in the metric's series."""
        grouped = f'count by ("{matcher.label}")' if not matcher.label.isidentifier() else f"count by ({matcher.label})"
        question = f"{grouped} ({Selector(self.selector.name, ())})"
        return question if matcher.label == "le" else f"topk({SHOWN}, {question})"

    def first(self) -> list[str]:
        if self.selector.name is None:
            return [self.recent]
        return [self.example, self.recent, *(self.alone(matcher) for matcher in self.selector.matchers)]


def _lost(lost: list[_Case], there: set[tuple[str, str]], metadata: Metadata) -> Iterator[Problem]:
    asked = [_Questions(read.selector) for _, read in lost]
    found = metadata.answers([question for questions in asked for question in questions.first()])
    culprits = [_culprits(questions, found) for questions in asked]
    found |= metadata.answers(
        [questions.values(matcher) for questions, guilty in zip(asked, culprits, strict=True) for matcher in guilty]
    )
    unknown = any(_no_metric(questions, found) for questions in asked)
    names = metadata.metric_names() if unknown else ()
    for (slo, read), questions, guilty in zip(lost, asked, culprits, strict=True):
        total_is_there = (slo.name, "total") in there
        yield _explained(slo, read, total_is_there, _Evidence(questions, guilty, found, names))


def _no_metric(questions: _Questions, found: _Found) -> bool:
    return questions.selector.name is not None and not found[questions.example]


def _culprits(questions: _Questions, found: _Found) -> tuple[LabelMatcher, ...]:
    """The conditions that no series of the metric meets."""
    if questions.selector.name is None or not found[questions.example]:
        return ()
    return tuple(matcher for matcher in questions.selector.matchers if not found[questions.alone(matcher)])


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What Prometheus said of a selector that matches nothing."""

    questions: _Questions
    culprits: tuple[LabelMatcher, ...]
    found: _Found
    names: Sequence[str]

    def answer(self, question: str) -> Values:
        answer = self.found.get(question, ())
        return () if isinstance(answer, Refused) else answer

    @property
    def recently(self) -> bool:
        return bool(self.answer(self.questions.recent))

    def strangers(self) -> list[str]:
        """The labels of conditions that no series of the metric has."""
        return [
            matcher.label
            for matcher in self.culprits
            if not any(sample.labels.get(matcher.label) for sample in self.answer(self.questions.values(matcher)))
        ]

    def labels(self) -> str:
        """The labels that a series of the metric has."""
        example = self.answer(self.questions.example)
        return _some(sorted(set(example[0].labels) - {"__name__"})) if example else "none"


def _explained(slo: Slo, read: Read, total_is_there: bool, evidence: _Evidence) -> Problem:
    place, selector = slo.place_of(read.part), read.selector
    if evidence.recently:
        return Problem(
            place,
            f"{selector} matches no series at present, though it did within the last {RECENT}",
            "look whether what exports it runs and is scraped",
            "warning",
        )
    if _no_metric(evidence.questions, evidence.found):
        close = get_close_matches(selector.name or "", evidence.names, n=3)
        remedy = f"did you mean {' or '.join(close)}?" if close else "look whether what exports it runs and is scraped"
        return Problem(place, f"there is no metric {selector.name}", remedy)
    strangers = evidence.strangers()
    if strangers:
        return Problem(
            place,
            f"no series of {selector.name} has the label {' or '.join(strangers)}",
            f"use one of those that it has: {evidence.labels()}",
        )
    said = "; ".join(_values(matcher, evidence) for matcher in evidence.culprits)
    message = f"{selector} matches no series" + (f": {said}" if said else ", though each of its conditions does alone")
    edge = any(matcher.label == "le" for matcher in evidence.culprits)
    if read.role == "bad" and total_is_there and not edge:
        return Problem(place, message, "leave it so if nothing bad has happened yet; else correct it", "warning")
    return Problem(place, message, "correct it, or look whether what exports it runs and is scraped")


def _values(matcher: LabelMatcher, evidence: _Evidence) -> str:
    answer = evidence.answer(evidence.questions.values(matcher))
    if matcher.label == "le":
        return f"{matcher} is no bucket edge, which are written {_some(sorted(_of(answer, 'le'), key=_edge))}"
    return f"{matcher} holds for none, {matcher.label} is {_some(sorted(_of(answer, matcher.label)))}"


def _edge(text: str) -> float:
    """Where an edge stands among others; a label that is no number comes last."""
    try:
        return float(text)
    except ValueError:
        return math.inf


def _of(answer: Values, label: str) -> set[str]:
    return {value for sample in answer if (value := sample.labels.get(label))}


def _some(texts: Sequence[str]) -> str:
    return ", ".join(texts[:SHOWN]) + (", ..." if len(texts) > SHOWN else "")


def _idle_conditions(there: list[_Case], metadata: Metadata) -> Iterator[Problem]:
    """A negative condition on a label that no series has holds for all: good, bad and total would be the same."""
    asked = [
        (slo, read, matcher, _number_of(Selector(read.selector.name, (LabelMatcher(matcher.label, "!=", ""),))))
        for slo, read in there
        for matcher in read.selector.matchers
        if read.selector.name is not None and matcher.op in ("!=", "!~") and matcher.matches_empty
    ]
    found = metadata.answers([question for *_, question in asked])
    idle = [(slo, read, matcher) for slo, read, matcher, question in asked if not found[question]]
    examples = metadata.answers([_Questions(read.selector).example for _, read, _ in idle])
    for slo, read, matcher in idle:
        evidence = _Evidence(_Questions(read.selector), (), examples, ())
        yield Problem(
            slo.place_of(read.part),
            f"no series of {read.selector.name} has the label {matcher.label}, so {matcher} leaves nothing out",
            f"use one of those that it has: {evidence.labels()}",
        )
