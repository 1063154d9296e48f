"""The report as one HTML page that needs nothing else: no script, no request, no font but the reader's own."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from runner.report import wording
from runner.report.alerts import EVIDENCE, against_prediction
from runner.report.chart import chart_of
from runner.report.measured import Measured
from runner.report.model import Report

_TEMPLATES = Path(__file__).parent / "templates"


def html(report: Report) -> str:
    """The page. Whatever stands in the record is shown as text and never read as markup."""
    page = _environment().get_template("report.html.j2")
    return page.render(report=report, record=report.record, chart=chart_of(report))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for words in (
        wording.moment, wording.clock, wording.span, wording.limit, wording.offset, wording.percent, wording.objective,
        wording.window, wording.burn, wording.count, wording.sentence, wording.good_share,
    ):  # fmt: skip
        environment.filters[words.__name__] = words
    environment.filters["measured"] = _measured
    environment.filters["against_prediction"] = against_prediction
    environment.globals["EVIDENCE"] = EVIDENCE
    environment.globals["counted"] = wording.counted
    return environment


def _measured(reading: Measured | None, words: str) -> str:
    """A reading in the words of a function of wording.py."""
    return reading.say(getattr(wording, words)) if reading is not None else "not reached"
