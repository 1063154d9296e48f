"""Every kind of SLO that lint lets pass, with texts that quoting could go wrong with."""

from hypothesis import strategies as st

from slos.model import (
    AbsentAlert,
    Alerting,
    CalendarWindow,
    EventRatio,
    GaugeThreshold,
    Indicator,
    LatencyThreshold,
    RawRatio,
    RollingWindow,
    Slo,
    TierAlert,
    Window,
)
from slos.problems import Place
from slos.promql.selectors import quoted
from slos.tiers import DAY, HOUR, MINUTE, TIERS

AWKWARD = [
    "{{",
    "}}",
    "{",
    "'",
    '"',
    "\\",
    "\n",
    ": #",
    "- x",
    "\t",
    "`",
    "yes",
    "1e3",
    "\u2028",
    "\x07",
    "\x85",
    "é",
    "🔥",
    " ",
]
TEXTS = st.lists(st.sampled_from(AWKWARD) | st.text(st.characters(codec="utf-8"), max_size=8), max_size=6).map("".join)
SOME_TEXT = TEXTS.filter(str.strip)
NAMES = st.sampled_from(["calendar", "long", "calendar.long"]) | st.from_regex(
    r"[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?", fullmatch=True
)
ALERT_NAMES = st.from_regex(r"[A-Z][A-Za-z0-9]{0,20}", fullmatch=True)
LABEL_NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,10}", fullmatch=True).filter(
    lambda name: name not in ("slo", "service", "window", "tier", "severity", "le", "alertname")
)
DOCUMENT_LABELS = st.dictionaries(st.from_regex(r"([a-z.]{1,8}/)?[a-z0-9_.-]{1,10}", fullmatch=True), TEXTS, max_size=3)
TEMPLATES = st.sampled_from(
    [
        "plain",
        "{{ $value }}",
        '{{ $value | printf "%.2f" }}',
        "{{ with query `up` }}{{ . | first | value | humanize }}{{ else }}none{{ end }}",
        '{{- if gt $value 1.0 }}a{{ else if eq $labels.slo "x" }}b{{ else }}c{{ end -}}',
        '{{ $x := query "up" }}{{ range $x }}{{ .Labels.instance }}{{ end }}{{ $externalURL }}',
    ]
)
LABELS = st.dictionaries(LABEL_NAMES, TEMPLATES, max_size=2)


@st.composite
def selectors(draw: st.DrawFn) -> str:
    metric = draw(st.sampled_from(["requests_total", "a:b:c_total", "vllm:tokens_total"]))
    return f"{metric}{{job={quoted(draw(TEXTS))}}}"


@st.composite
def counters(draw: st.DrawFn) -> str:
    selector = draw(selectors())
    forms = [
        "{}",
        "sum({})",
        "sum(increase({}[{{{{.window}}}}]))",
        "increase({}[{{{{ .window }}}}])",
        "sum(rate({}[{{{{.window}}}}])) # of all",
        "sum by () (\n  rate({}[{{{{.window}}}}])\n) # one\n",
        "sum(increase({0}[{{{{.window}}}}])) - sum(increase({0}[{{{{.window}}}}]))",
        "sum(increase(all_total[{{{{.window}}}}])) - sum(increase({0}[{{{{.window}}}}]))",
        "sum(increase(all_total[{{{{.window}}}}])) - (sum(increase({0}[{{{{.window}}}}])) or vector(0))",
        "sum(rate({0}[{{{{.window}}}}])) or vector(0)",
    ]
    return draw(st.sampled_from(forms)).replace("{0}", "{}").replace("{}", selector).replace("{{{{", "{{").replace(
        "}}}}", "}}"
    )  # fmt: skip


@st.composite
def indicators(draw: st.DrawFn) -> Indicator:
    kind = draw(st.sampled_from(["bad", "good", "raw", "moment", "latency", "gauge"]))
    if kind in ("bad", "good"):
        return EventRatio(f"all_{draw(selectors())}", **{kind: draw(counters())})
    if kind == "raw":
        query = draw(selectors())
        return RawRatio(f"1 - (sum(rate({query}[{{{{.window}}}}])) / sum(rate(all_total[{{{{.window}}}}])))")
    if kind == "moment":
        return RawRatio(draw(st.sampled_from(["error_ratio", "avg(error_ratio) # mean", "1 - success_ratio"])))
    if kind == "latency":
        threshold = draw(st.sampled_from([0.005, 0.25, 1, 2.5, 10, 1e7, 1e-5]))
        return LatencyThreshold(f"x_seconds{{job={quoted(draw(TEXTS))}}}", threshold)
    return GaugeThreshold(
        draw(st.sampled_from(["min(gpus)", 'lag{a="b"}', "max_over_time(lag[{{.window}}])", "time() - saved_at"])),
        draw(st.sampled_from(["lt", "lte", "gt", "gte"])),
        draw(st.floats(allow_nan=False)),
        draw(st.sampled_from([1, 30, 60, 90, 300, 3600])),
    )


def windows() -> st.SearchStrategy[Window]:
    zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"])
    calendars = st.one_of(
        st.builds(CalendarWindow, st.just("week"), zones, st.integers(0, 6)),
        st.builds(CalendarWindow, st.just("month"), zones, st.just(1)),
        st.builds(CalendarWindow, st.just("quarter"), zones, st.integers(1, 12)),
    )
    lengths = [2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY, 28 * DAY, 30 * DAY, 90 * DAY, 365 * DAY]
    odd = st.integers(2 * 3600, 365 * 86400).map(float)
    return calendars | st.builds(RollingWindow, st.sampled_from(lengths) | odd)


@st.composite
def slos(draw: st.DrawFn) -> Slo:
    window, objective = (
        draw(windows()),
        draw(st.sampled_from([0.5, 0.9, 0.95, 0.999, 0.99999]) | st.floats(0.01, 0.9999)),
    )
    possible = [
        tier for tier in TIERS if tier.reachable(window.seconds, objective) and tier.long_seconds < window.seconds
    ]
    chosen = draw(st.sets(st.sampled_from(possible))) if possible else set()
    seconds = st.sampled_from([0.0, 1.0, 2 * MINUTE, HOUR])
    alert = st.builds(TierAlert, SOME_TEXT, seconds, LABELS, LABELS)
    indicator = draw(indicators())
    countable = isinstance(indicator, (EventRatio, LatencyThreshold))
    return Slo(
        name=draw(NAMES),
        service=draw(SOME_TEXT),
        objective=objective,
        window=window,
        indicator=indicator,
        alerting=Alerting(
            name=draw(ALERT_NAMES) + "Burn",
            absent_name=draw(ALERT_NAMES) + "Absent",
            tiers={tier.name: draw(alert) for tier in TIERS if tier in chosen},
            absent=draw(st.none() | st.builds(AbsentAlert, SOME_TEXT, seconds)),
            labels=draw(LABELS),
            annotations=draw(LABELS),
            runbook=draw(st.none() | SOME_TEXT),
        ),
        place=Place("slo.yaml"),
        description=draw(TEXTS),
        display_name=draw(TEXTS),
        minimum_events=draw(st.sampled_from([0.0, 0.5, 1.0, 20.0] if countable else [0.0, 0.5, 1.0])),
        labels=draw(DOCUMENT_LABELS),
    )


TIME_SCALES = st.sampled_from([1.0, 1.0, 7.0, 60.0, 299.5])
