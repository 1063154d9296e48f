"""The names and labels of every recorded series: documented in docs/slo-rules.md, and stable.

Every series has the labels `slo` and `service`. `window` is a window as declared (`5m`, `28d`, `month`), also where a
time scale makes the real one shorter, so that the same queries work everywhere.
"""

EVENTS = "slo:events"
"""All events in the window."""
BAD_EVENTS = "slo:bad_events"
"""Bad events in the window."""
BURN_RATE = "slo:burn_rate"
"""Error ratio of the window / (1 - objective). No sample where there were no events."""
BUDGET_REMAINING = "slo:error_budget:remaining_ratio"
"""What is left of the budget of the SLO's whole window: 1 is all, negative is overspent."""
WINDOW_COVERAGE = "slo:window_coverage:ratio"
"""Share of the SLO's whole window of which there is data (0..1)."""
OBJECTIVE = "slo:objective:ratio"
"""The objective (0..1)."""
INFO = "slo:info"
"""1, with the rest of the declaration in labels.

`window` (label of the SLO's whole window), `period_seconds` (its nominal length, not scaled), `minimum_events`, `tiers`
(those switched on, joined by commas), `alert` (alert name of the tiers), `indicator` (events, raw, latency or gauge),
`calendar`, `time_zone` and `first` (all "" when rolling), `time_scale`, `definition` (slos.definition: two different
declarations under one name give two series), and the SLO's own labels as `label_<name>`.
"""
CALENDAR_START = "slo:calendar_start:timestamp_seconds"
"""Unix time at which the present calendar window began, by `calendar`, `time_zone` and `first`."""
