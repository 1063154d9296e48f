"""promtool's unit test files for the rules of an SLO."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from slos.duration import format_duration, scaled
from slos.model import CalendarWindow, Slo
from slos.promql.language import quoted
from slos.rules.names import BAD_EVENTS, EVENTS, WINDOW_COVERAGE
from slos.rules.rule import RecordingRule, Rule, RuleGroup
from slos.rules.text import rule_file
from slos.rules.windows import SLICE, period
from slos.rules_test.expectations import Expected, expected_alerts, expected_values
from slos.rules_test.inputs import derive
from slos.rules_test.prediction import Prediction
from slos.rules_test.raw_series import Feed, feed, selector
from slos.rules_test.scenarios import NominalWindow, Scenario, calendar_start, scenarios
from slos.tiers import SLICE_SECONDS

RULE_FILE = "rules.yml"
"""The name under which a test file looks for the rules, in its own directory."""
ALERT_RULE_FILE = "rules-without-whole-window.yml"
"""The same without the sums over the SLO's whole window, which no alert reads: that is ten times faster."""
_SAMPLES_PER_SLICE = 10


@dataclass(frozen=True, slots=True)
class UnitTest:
    """One scenario as a test file of promtool."""

    scenario: str
    text: str


def unit_tests(slo: Slo, time_scale: float = 1.0) -> tuple[UnitTest, ...]:
    """A test file for each scenario, to be written beside `rule_files` of the SLO's rules.

    Raises UnderivableError for an SLO whose queries no input can be worked out for, ValueError for a time scale at
    which samples would lie a fraction of a millisecond apart.
    """
    check_time_scale(time_scale)
    if time_scale != 1 and isinstance(slo.window, CalendarWindow):
        slo = replace(slo, window=NominalWindow(slo.window.seconds, slo.window.unit))
    inputs = derive(slo.indicator, time_scale)
    return tuple(
        UnitTest(scenario.name, _text(slo, scenario, feed(slo, inputs, scenario, time_scale), time_scale))
        for scenario in scenarios(slo, inputs)
    )


def rule_files(slo: Slo, groups: Sequence[RuleGroup], time_scale: float) -> dict[str, str]:
    """The rules of one SLO (compile_slo) as the files that its tests read: file name -> text."""
    whole = period(slo, time_scale).label
    light = [replace(group, rules=tuple(rule for rule in group.rules if not _sums(rule, whole))) for group in groups]
    return {RULE_FILE: rule_file(groups), ALERT_RULE_FILE: rule_file(light)}


def _sums(rule: Rule, window: str) -> bool:
    """Whether a rule adds up the slices of a window."""
    if not isinstance(rule, RecordingRule):
        return False
    counts = rule.record in (EVENTS, BAD_EVENTS) and rule.labels.get("window") == window
    return (counts and window != SLICE) or rule.record == WINDOW_COVERAGE


def check_time_scale(time_scale: float) -> None:
    """Raise ValueError for a time scale at which slices cannot be filled evenly."""
    milliseconds = SLICE_SECONDS * 1000 / time_scale
    if milliseconds % _SAMPLES_PER_SLICE:
        raise ValueError(
            f"rules cannot be tested at the time scale {time_scale:g}: choose one that divides 5m into whole "
            "hundredths of a second, such as 1, 10, 60 or 100"
        )


def _text(slo: Slo, scenario: Scenario, fed: Feed, time_scale: float) -> str:
    return "\n".join(_lines(slo, scenario, fed, time_scale)) + "\n"


def _lines(slo: Slo, scenario: Scenario, fed: Feed, time_scale: float) -> Iterator[str]:
    def time(seconds: float) -> str:
        return format_duration(scaled(seconds, time_scale)) if seconds else "0s"

    groups = [f"slo:{slo.name}", f"slo:{slo.name}:long"]
    if scenario.source != "raw" or scenario.every >= SLICE_SECONDS:
        # Alerts are evaluated after the long windows that they read: those of the evaluation before would be too old.
        groups.reverse()
    yield "# Written by `chaos slo test-rules`."
    yield f"rule_files: [{RULE_FILE if scenario.whole_window else ALERT_RULE_FILE}]"
    yield f"evaluation_interval: {time(scenario.every)}"
    yield f"group_eval_order: [{', '.join(quoted(group) for group in groups)}]"
    yield "tests:"
    yield f"- name: {quoted(f'{slo.name}: {scenario.name}')}"
    yield f"  interval: {time(fed.timeline.cell_seconds)}"
    yield "  input_series:" if fed.series else "  input_series: []"
    for series, samples in fed.series:
        yield f"  - series: {quoted(series)}"
        yield f"    values: {quoted(samples)}"
    yield "  promql_expr_test:"
    for expected in _expected(slo, scenario, fed):
        yield f"  - expr: {quoted(expected.expr)}"
        yield f"    eval_time: {time(expected.at)}"
        yield f"    exp_samples:{'' if expected.series else ' []'}"
        for labels, value in expected.series:
            text = selector({"__name__": "", **labels})
            yield f"    - {{labels: {quoted(text)}, value: {value!r}}}"


def _expected(slo: Slo, scenario: Scenario, fed: Feed) -> Sequence[Expected]:
    prediction = predicted(slo, scenario, fed)
    found = [] if scenario.source == "recorded" else list(expected_alerts(slo, prediction.alerts()))
    if scenario.values_at_end:
        found += expected_values(slo, scenario, prediction, fed.timeline.seconds)
    return found


def predicted(slo: Slo, scenario: Scenario, fed: Feed) -> Prediction:
    """What the rules must give in a scenario."""
    evaluations = round(fed.timeline.seconds / scenario.every)
    times = [index * scenario.every for index in range(evaluations + 1)]
    return Prediction(slo, fed.timeline, times, calendar_start(scenario, slo))
