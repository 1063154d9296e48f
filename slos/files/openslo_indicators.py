"""The indicator of an OpenSLO document, with the objective's part in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from slos.duration import parse_duration
from slos.files import openslo
from slos.files.findings import Findings
from slos.files.yaml_document import Path
from slos.model import EventRatio, GaugeThreshold, Indicator, LatencyThreshold, RawRatio

_ANY_THRESHOLD = {"op": "lte", "value": 1, "timeSliceWindow": "1m"}
_STAND_IN = "not_given_total"
"""Put in for a query that is not there, so that the other one can be judged: it is nobody's."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An indicator, and where its parts stand: in the document of the SLI, and in that of the SLO."""

    indicator: Indicator
    in_sli: Mapping[str, Path]
    in_slo: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the SLO adds to an SLI: its objective, and how the budget is counted."""

    objective: openslo.Objective
    budgeting_method: str
    spec: Path
    findings: Findings

    @property
    def path(self) -> Path:
        return (*self.spec, "objectives", 0)


def read_indicator(sli: openslo.SliSpec, sli_findings: Findings, path: Path, terms: Terms) -> Measured | None:
    """The indicator whose spec stands at `path`; None after reporting why it is none."""
    _check_slices(terms)
    if sli.ratio_metric is not None and sli.threshold_metric is not None:
        sli_findings.error((*path, "thresholdMetric"), "a second metric beside ratioMetric", "keep one of them")
        return None
    if sli.ratio_metric is not None:
        return _ratio(sli.ratio_metric, sli_findings, (*path, "ratioMetric"), terms)
    if sli.threshold_metric is not None:
        return _threshold(sli.threshold_metric, sli_findings, (*path, "thresholdMetric"), terms)
    remedy = "add ratioMetric (good or bad of all events) or thresholdMetric (a value compared with the objective's)"
    sli_findings.missing(path, ("ratioMetric", "thresholdMetric"), "no metric", remedy)
    return None


def check_indicator(sli: openslo.SliSpec, findings: Findings, path: Path) -> None:
    """Reports what is wrong with an indicator that no SLO refers to, as if one did that fits it."""
    counts = sli.threshold_metric is None or sli.threshold_metric.metric_source.spec.histogram is not None
    objective = openslo.Objective.model_validate({"target": 0.999} | ({} if sli.ratio_metric else _ANY_THRESHOLD))
    method = "Occurrences" if counts else "Timeslices"
    read_indicator(sli, findings, path, Terms(objective, method, (), Findings(findings.document)))


def _ratio(metric: openslo.RatioMetric, findings: Findings, path: Path, terms: Terms) -> Measured | None:
    _needs_method("Occurrences", terms, "a ratio of events is counted by events")
    for key, value in (("op", terms.objective.op), ("value", terms.objective.value)):
        if value is not None:
            terms.findings.warn((*terms.path, key), f"{key} is not used with ratioMetric", "remove it")
    if metric.raw is not None:
        return _raw(metric, metric.raw, findings, path)
    return _events(metric, findings, path)


def _raw(metric: openslo.RatioMetric, raw: openslo.Metric, findings: Findings, path: Path) -> Measured | None:
    for key, other in (("good", metric.good), ("bad", metric.bad), ("total", metric.total)):
        if other is not None:
            findings.error((*path, key), f"{key} beside raw", "keep raw, or good or bad with total")
    if metric.raw_type is None:
        remedy = "add rawType: failure when it is an error ratio, rawType: success when it is the good share"
        findings.missing(path, ("rawType",), "raw without rawType", remedy)
    query = _query(raw, findings, (*path, "raw"))
    if query is None:
        return None
    ratio = RawRatio(_complement(query) if metric.raw_type == "success" else query)
    return Measured(ratio, {"indicator": path, "indicator.query": _query_path(path, "raw")}, {})


def _complement(query: str) -> str:
    """1 - query; a comment at the query's end reaches to the end of its line."""
    return f"1 - ({query}\n)" if "#" in query else f"1 - ({query})"


def _events(metric: openslo.RatioMetric, findings: Findings, path: Path) -> Measured | None:
    if metric.counter is None:
        remedy = "add counter: true; or give a ratio that is one already as raw and rawType"
        findings.missing(path, ("counter",), "counter is missing", remedy)
    elif metric.counter is False:
        remedy = "write counter: true, or give the ratio as raw and rawType"
        findings.error((*path, "counter"), "a ratio of metrics that are no counters", remedy)
    if metric.raw_type is not None:
        findings.error((*path, "rawType"), "rawType without raw", "remove it")
    if metric.good is not None and metric.bad is not None:
        findings.error((*path, "good"), "good beside bad", "keep one of them: the other follows from total")
    if metric.good is None and metric.bad is None:
        findings.missing(path, ("good", "bad", "raw"), "neither good nor bad events", "add good or bad")
    if metric.total is None:
        findings.missing(path, ("total", "raw"), "total is missing", "add total: all events")
    queries = {
        key: query
        for key, part in (("bad", metric.bad), ("good", metric.good), ("total", metric.total))
        if part is not None and (query := _query(part, findings, (*path, key))) is not None
    }
    if not queries:
        return None
    wanted = ("total",) if "good" in queries else ("total", "bad")
    findings.spoilt.update((*path, key) for key in wanted if key not in queries)
    ratio = EventRatio(total=queries.get("total", _STAND_IN), bad=queries.get("bad", _STAND_IN))
    if "good" in queries and "bad" not in queries:
        ratio = EventRatio(total=ratio.total, good=queries["good"])
    places = {f"indicator.{key}": _query_path(path, key) for key in (*queries, *wanted)}
    return Measured(ratio, {"indicator": path, **places}, {})


def _threshold(metric: openslo.Metric, findings: Findings, path: Path, terms: Terms) -> Measured | None:
    source = metric.metric_source
    _check_source(source, findings, (*path, "metricSource"))
    for key, value in (("op", terms.objective.op), ("value", terms.objective.value)):
        if value is None:
            example = "op: lte" if key == "op" else "value: 0.5"
            message = f"{key} is missing: what the threshold metric is compared with"
            terms.findings.missing(terms.path, (key,), message, f"add {example}")
    spec_path = (*path, "metricSource", "spec")
    if source.spec.histogram is not None and source.spec.query is not None:
        findings.error((*spec_path, "query"), "query beside histogram", "keep one of them")
        return None
    if source.spec.histogram is not None:
        return _latency(source.spec.histogram, spec_path, terms)
    if source.spec.query is not None:
        return _gauge(source.spec.query, spec_path, terms)
    findings.missing(spec_path, ("query", "histogram"), "no query", "add query, or histogram for a latency")
    return None


def _latency(histogram: str, path: Path, terms: Terms) -> Measured | None:
    _needs_method("Occurrences", terms, "a histogram counts events")
    operator, value = terms.objective.op, terms.objective.value
    if operator not in ("lte", None):
        terms.findings.error(
            (*terms.path, "op"), f"{operator} with a histogram", "write lte: buckets count what is at most their edge"
        )
    if value is not None and value <= 0:
        terms.findings.error(
            (*terms.path, "value"), f"a threshold of {value:g}", "write an edge of the histogram's buckets"
        )
        return None
    if operator is None or value is None:
        return None
    places = {"indicator": path, "indicator.histogram": (*path, "histogram")}
    return Measured(LatencyThreshold(histogram, value), places, {"indicator.threshold": (*terms.path, "value")})


def _gauge(query: str, path: Path, terms: Terms) -> Measured | None:
    _needs_method(
        "Timeslices", terms, "a value is judged slice by slice; for a latency write histogram instead of query"
    )
    objective, findings = terms.objective, terms.findings
    if objective.time_slice_window is None and terms.budgeting_method == "Timeslices":
        findings.missing(terms.path, ("timeSliceWindow",), "timeSliceWindow is missing", "add timeSliceWindow: 1m")
    if objective.op is None or objective.value is None or objective.time_slice_window is None:
        return None
    gauge = GaugeThreshold(query, objective.op, objective.value, parse_duration(objective.time_slice_window))
    in_slo: dict[str, Path] = {
        "indicator.value": (*terms.path, "value"),
        "indicator.comparison": (*terms.path, "op"),
        "indicator.slice_seconds": (*terms.path, "timeSliceWindow"),
    }
    return Measured(gauge, {"indicator": path, "indicator.query": (*path, "query")}, in_slo)


def _check_slices(terms: Terms) -> None:
    objective, findings = terms.objective, terms.findings
    if objective.time_slice_target not in (None, 1):
        remedy = "write 1, or remove it: a slice is one reading, good or bad"
        findings.error((*terms.path, "timeSliceTarget"), f"a slice target of {objective.time_slice_target:g}", remedy)
    elif objective.time_slice_target is not None and terms.budgeting_method == "Occurrences":
        message = "timeSliceTarget is not used where events are counted"
        findings.warn((*terms.path, "timeSliceTarget"), message, "remove it")
    if objective.time_slice_window is not None and terms.budgeting_method == "Occurrences":
        message = "timeSliceWindow is not used where events are counted"
        findings.warn((*terms.path, "timeSliceWindow"), message, "remove it")


def _needs_method(method: str, terms: Terms, reason: str) -> None:
    if terms.budgeting_method != method:
        path = (*terms.spec, "budgetingMethod")
        terms.findings.error(path, f"{terms.budgeting_method} does not fit: {reason}", f"write {method}")


def _query(metric: openslo.Metric, findings: Findings, path: Path) -> str | None:
    source = metric.metric_source
    path = (*path, "metricSource")
    _check_source(source, findings, path)
    if source.spec.histogram is not None:
        findings.error((*path, "spec", "histogram"), "histogram in a ratio", "write query, or a thresholdMetric")
        return None
    if source.spec.query is None:
        findings.missing((*path, "spec"), ("query",), "query is missing", "add query: a counter's selector")
    return source.spec.query


def _query_path(path: Path, key: str) -> Path:
    return (*path, key, "metricSource", "spec", "query")


def _check_source(source: openslo.MetricSource, findings: Findings, path: Path) -> None:
    if source.type is not None and source.type.lower() != "prometheus":
        findings.error(
            (*path, "type"), f"a data source of type {source.type!r}", "write Prometheus: nothing else is read"
        )
    if source.metric_source_ref is not None:
        message = "metricSourceRef is not used: --prometheus says which Prometheus"
        findings.warn((*path, "metricSourceRef"), message, "remove it, or ignore this")
