import pytest

from runner.report.documents import PlanDocument, SummaryDocument, read_document
from runner.report.measured import Measured, read_measured
from runner.report.wording import count
from tests.runner.report import records


@pytest.mark.parametrize(
    ("document", "reading"),
    [
        (None, None),
        (3, Measured(3.0)),
        (0.5, Measured(0.5)),
        ({"at_least": 2.5}, Measured(2.5, at_least=True)),
        ({"unknown": "nobody looked"}, Measured(None, "nobody looked")),
        (True, Measured(None, "it is no number")),
        ({"at_least": "x"}, Measured(None, "it could not be read")),
        ([1], Measured(None, "it could not be read")),
    ],
)
def test_a_reading_of_a_summary_is_known_at_least_known_or_unknown(document: object, reading: Measured | None) -> None:
    assert read_measured(document) == reading


def test_what_is_unknown_is_never_told_as_a_number() -> None:
    assert Measured(None, "why").say(count) == "unknown"
    assert Measured(2, at_least=True).say(count) == "over 2"


def test_a_summary_is_read_with_its_phases() -> None:
    summary, problem = read_document(SummaryDocument, records.summary())
    assert problem == ""
    assert summary.slis[1].phases["during"].p99_seconds == Measured(2.5, at_least=True)
    assert summary.faults[0].node == "gpu-a"


def test_a_run_without_a_summary_or_a_plan_has_empty_ones() -> None:
    assert read_document(SummaryDocument, {}) == (SummaryDocument(), "")
    assert read_document(PlanDocument, {})[0].most_of("llm-ttft") is None


def test_a_document_that_cannot_be_read_says_where() -> None:
    plan, problem = read_document(PlanDocument, {"error_budget": [{"slo": "a", "most": "many"}]})
    assert plan == PlanDocument()
    assert problem.startswith("error_budget.0.most: ")
