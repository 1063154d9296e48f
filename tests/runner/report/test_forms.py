import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from runner.report.cases import cases_of, junit
from runner.report.document import as_json
from runner.report.markdown import code, escaped, markdown
from tests.runner.report import records
from tests.runner.report.records import HOSTILE

CODE = re.compile(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)")
EVERY = sorted(records.every())


class Seen(HTMLParser):
    """The elements of a page, and whether each was closed."""

    VOID = frozenset(("meta", "link", "br", "path", "circle", "rect"))

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("name", EVERY)
def test_a_page_is_well_formed_runs_nothing_and_asks_for_nothing(name: str) -> None:
    seen = Seen(records.page(name))
    assert seen.open == []
    assert not {"script", "img", "iframe", "object", "form", "a"}.intersection(tag for tag, _ in seen.elements)
    for tag, attributes in seen.elements:
        assert not any(key.startswith("on") for key in attributes)
        assert attributes.get("href", "data:,") == "data:,", tag
        assert "src" not in attributes
        assert "url(http" not in (attributes.get("style") or "")


def test_hostile_text_is_shown_as_it_is_but_for_what_steers() -> None:
    page = records.page("hostile")
    shown = HOSTILE.replace("\u202e", "\N{REPLACEMENT CHARACTER}").replace("\x1b", "\N{REPLACEMENT CHARACTER}")
    assert shown in "".join(Seen(page).text)
    assert "hunter2" not in page


def test_the_verdict_stands_before_everything_else() -> None:
    text = "".join(Seen(records.page("breached")).text)
    order = [
        "breached",
        "Timeline",
        "Alert path",
        "What it cost",
        "What was broken",
        "What to do next",
        "About the run",
    ]
    places = [text.index(word, text.index("mlchaos run report")) for word in order]
    assert places == sorted(places)


def test_headings_do_not_skip_a_level() -> None:
    for name in EVERY:
        levels = [int(tag[1]) for tag, _ in Seen(records.page(name)).elements if tag in ("h1", "h2", "h3")]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_what_no_timeline_can_show_has_none() -> None:
    assert "Timeline" not in "".join(Seen(records.page("refused")).text)


@pytest.mark.parametrize("name", EVERY)
def test_the_json_of_every_report_is_json_without_what_is_no_number(name: str) -> None:
    document = json.loads(as_json(records.report(name)), parse_constant=pytest.fail)
    assert document["verdict"] == records.every()[name].verdict
    assert document["run"]["run_id"] == records.every()[name].run_id


def junit_of(name: str) -> ET.Element:
    return ET.fromstring(junit(records.report(name)).encode())  # noqa: S314 (our own text)


@pytest.mark.parametrize("name", EVERY)
def test_only_a_run_that_held_passes_in_ci(name: str) -> None:
    suite = junit_of(name)
    bad = int(suite.attrib["failures"]) + int(suite.attrib["errors"])
    assert (bad == 0) == (name in ("held", "crowded"))


def test_ci_names_the_alert_that_was_lost_and_the_fault_that_is_left() -> None:
    cases = {case.name: case for case in cases_of(records.report("breached"))}
    lost = cases["LlmAvailabilityBudgetBurn (page) reaches ml-oncall"]
    assert lost.result == "failed"
    assert "silence 8c1e" in lost.message
    assert cases["LlmTtftBudgetBurn (page) reaches ml-team"].result == "error"
    assert cases["nobody else is paged"].result == "failed"
    assert cases["every fault is out again"].result == "passed"
    left = {case.name: case for case in cases_of(records.report("stuck"))}["every fault is out again"]
    assert (left.result, "kubectl uncordon gpu-a" in left.message) == ("error", True)


def test_a_suite_takes_as_long_as_its_run_whatever_its_alerts_took() -> None:
    suite = junit_of("breached")
    moments = records.report("breached").moments
    assert sum(float(case.attrib["time"]) for case in suite.iter("testcase")) > moments.end - moments.start
    assert {one.attrib["time"] for one in (suite, suite[0])} == {f"{moments.end - moments.start:.3f}"}


def test_markdown_says_the_verdict_first_and_what_to_do() -> None:
    lines = markdown(records.report("breached")).splitlines()
    assert lines[0] == "## ❌ BREACHED: One llm replica is killed under load"
    assert "### What to do next" in lines


@pytest.mark.parametrize("name", EVERY)
def test_every_row_of_a_markdown_table_has_as_many_cells_as_its_head(name: str) -> None:
    widths: list[int] = []
    for line in markdown(records.report(name)).splitlines():
        if not line.startswith("|"):
            widths = []
            continue
        widths.append(line.replace("\\|", "").count("|"))
        assert len(set(widths)) == 1, line


def test_markdown_calls_nobody_and_holds_no_markup_of_others() -> None:
    text = markdown(records.report("hostile"))
    for line in text.splitlines():
        assert "<" not in CODE.sub("", line)
    assert escaped("ask @team about #1 <b>") == "ask &#64;&#8203;team about \\#1 &lt;b&gt;"


def test_code_holds_any_text() -> None:
    assert code("plain") == "`plain`"
    assert code("a `b` ``c") == "``` a `b` ``c ```"
    assert code("a|b", cell=True) == "`a\\|b`"
