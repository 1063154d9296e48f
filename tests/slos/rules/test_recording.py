"""What the recorded series are made of."""

import pytest

from slos.model import EventRatio, Indicator, LatencyThreshold, RawRatio
from slos.promql.language import selectors
from slos.rules.names import BAD_EVENTS, EVENTS
from slos.rules.recording import short_rules
from slos.tiers import DAY
from tests.slos.rules.declared import slo


@pytest.mark.parametrize(
    ("indicator", "reads"),
    [
        (EventRatio("requests_total", bad="errors_total"), ["errors_total", EVENTS]),
        (EventRatio("requests_total", good="answers_total"), [EVENTS, "answers_total"]),
        (LatencyThreshold("latency_seconds", 1), [EVENTS, "latency_seconds_bucket"]),
        (RawRatio("rate(errors_total[{{.window}}])"), ["errors_total", EVENTS]),
        (RawRatio("error_ratio"), ["error_ratio", EVENTS]),
    ],
)
def test_bad_events_read_the_total_that_was_recorded_just_before(indicator: Indicator, reads: list[str]) -> None:
    """Series behind an SLI may be many: a total of 6h is to be read from them once."""
    counts = [rule for rule in short_rules(slo(indicator=indicator, window=30 * DAY), 1) if "window" in rule.labels]
    counts = [rule for rule in counts if rule.record in (EVENTS, BAD_EVENTS)]
    assert len(counts) == 10
    for total, bad in zip(counts[::2], counts[1::2], strict=True):
        assert (total.record, bad.record) == (EVENTS, BAD_EVENTS)
        assert total.labels == bad.labels
        found = selectors(bad.expr)
        assert [selector.name for selector in found] == reads
        (known,) = (selector for selector in found if selector.name == EVENTS)
        assert {matcher.label: matcher.value for matcher in known.matchers} == {
            "slo": total.labels["slo"],
            "window": total.labels["window"],
        }
