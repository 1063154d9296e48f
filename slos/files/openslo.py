"""OpenSLO v1 documents, as far as they are read here: their structure, and nothing of what it means.

Source: the OpenSLO specification, version v1 (https://github.com/OpenSLO/OpenSLO).
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, FiniteFloat, JsonValue

from slos.files.annotation_keys import annotations_schema
from slos.files.field_types import Duration, Filled, LabelValue, Name, Percent, Ratio
from slos.files.structure import Strict

API_VERSION = "openslo/v1"
UNUSED_KINDS = ("AlertPolicy", "AlertCondition", "AlertNotificationTarget", "DataSource")
"""Kinds of OpenSLO v1 that are let pass: alerting comes from annotations, the data source from the command line."""

HINTS: Mapping[str, str] = {
    "promql": "write query",
    "expr": "write query",
    "timeWindows": "write timeWindow",
    "timezone": "write timeZone",
    "ratioMetrics": "write ratioMetric in indicator.spec",
    "compositeWeight": "remove it: composite SLOs are not read; write one SLO per part",
    "slos": "write one document per SLO, with --- between them",
}
"""What to write instead of keys that other formats and versions have."""

_AVAILABILITY = 'gateway_requests_total{code=~"5.."}'
_SOURCE: Mapping[str, Any] = {"metricSource": {"type": "Prometheus", "spec": {"query": "gateway_requests_total"}}}


def _one_of(*keys: str) -> dict[str, Any]:
    return {"oneOf": [{"required": [key]} for key in keys]}


def _below(path: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of what has, at a path of keys, something of that schema."""
    for key in reversed(path.split(".")):
        schema = {"properties": {key: schema}, "required": [key]}
    return schema


def _fitting(condition: dict[str, Any], method: str, *keys: str, **of_objective: object) -> dict[str, Any]:
    """Where the condition holds, the budgeting method, and what the objective has to say."""
    objective = {"required": list(keys), "properties": of_objective}
    return {
        "if": condition,
        "then": {"properties": {"budgetingMethod": {"const": method}, "objectives": {"items": objective}}},
    }


_METRIC = "indicator.spec.thresholdMetric.metricSource.spec"
_INDICATOR_FITS = [
    _fitting(_below("indicator.spec.ratioMetric", {}), "Occurrences"),
    _fitting(_below(f"{_METRIC}.histogram", {}), "Occurrences", "op", "value", op={"const": "lte"}),
    _fitting(_below(f"{_METRIC}.query", {}), "Timeslices", "op", "value", "timeSliceWindow"),
    _fitting(_below("budgetingMethod", {"const": "Timeslices"}), "Timeslices", "op", "value", "timeSliceWindow"),
]
"""What an objective and a budgeting method are to an indicator; only gauges, referred to or not, are sliced."""
_NO_HISTOGRAM = {"not": _below("metricSource.spec.histogram", {})}
_COUNTERS = {"counter": {"const": True}, "good": _NO_HISTOGRAM, "bad": _NO_HISTOGRAM, "total": _NO_HISTOGRAM}


class Metadata(Strict):
    name: Name = Field(description="Name, unique among all SLOs.", examples=["llm-availability"])
    display_name: str = Field(default="", description="Name for people.", examples=["LLM availability"])
    labels: dict[str, LabelValue] = Field(
        default_factory=dict, description="Labels, copied to slo:info.", examples=[{"team": "ml-serving"}]
    )
    annotations: dict[str, str] = Field(
        default_factory=dict,
        description="Annotations, kept.",
        examples=[{"owner": "ml-serving"}],
    )


class SloMetadata(Metadata):
    annotations: dict[str, str] = Field(
        default_factory=dict,
        description="Annotations; those under mlchaos.io/ say how to alert.",
        examples=[{"mlchaos.io/runbook": "https://runbooks.example/llm"}],
        json_schema_extra=annotations_schema(),
    )


class QuerySpec(Strict, json_schema_extra=_one_of("query", "histogram")):
    query: Filled | None = Field(
        default=None,
        description="PromQL: a counter's selector, or an expression over {{.window}}.",
        examples=[_AVAILABILITY],
    )
    histogram: Filled | None = Field(
        default=None,
        description="Selector of a classic histogram by its base name, for a latency threshold.",
        examples=['vllm:time_to_first_token_seconds{job="llm"}'],
    )


class MetricSource(Strict):
    type: str | None = Field(
        default=None,
        description="Kind of the data source: Prometheus.",
        examples=["Prometheus"],
        json_schema_extra={"pattern": "^[Pp][Rr][Oo][Mm][Ee][Tt][Hh][Ee][Uu][Ss]$"},
    )
    metric_source_ref: Filled | None = Field(
        default=None, description="Name of a DataSource; not used.", examples=["prom"]
    )
    spec: QuerySpec = Field(description="What to ask Prometheus.", examples=[{"query": _AVAILABILITY}])


class Metric(Strict):
    metric_source: MetricSource = Field(description="Where the metric is.", examples=[_SOURCE["metricSource"]])


class RatioMetric(
    Strict,
    json_schema_extra={
        "oneOf": [
            {
                "required": ["counter", "good", "total"],
                "properties": _COUNTERS,
                "not": {"anyOf": [{"required": ["bad"]}, {"required": ["raw"]}]},
            },
            {
                "required": ["counter", "bad", "total"],
                "properties": _COUNTERS,
                "not": {"anyOf": [{"required": ["good"]}, {"required": ["raw"]}]},
            },
            {
                "required": ["raw", "rawType"],
                "properties": {"raw": _NO_HISTOGRAM},
                "not": {"anyOf": [{"required": [key]} for key in ("good", "bad", "total")]},
            },
        ]
    },
):
    counter: bool | None = Field(default=None, description="Whether the metrics are counters.", examples=[True])
    good: Metric | None = Field(default=None, description="Good events.", examples=[_SOURCE])
    bad: Metric | None = Field(default=None, description="Bad events.", examples=[_SOURCE])
    total: Metric | None = Field(default=None, description="All events.", examples=[_SOURCE])
    raw_type: Literal["success", "failure"] | None = Field(
        default=None, description="What the raw ratio is of: success or failure.", examples=["failure"]
    )
    raw: Metric | None = Field(default=None, description="A query that is a ratio itself (0..1).", examples=[_SOURCE])


class SliSpec(Strict, json_schema_extra=_one_of("ratioMetric", "thresholdMetric")):
    description: str = Field(default="", description="What it measures, for people.", examples=["Requests answered"])
    ratio_metric: RatioMetric | None = Field(
        default=None,
        description="Good or bad of all events.",
        examples=[{"counter": True, "bad": _SOURCE, "total": _SOURCE}],
    )
    threshold_metric: Metric | None = Field(
        default=None, description="A value that is compared with the objective's.", examples=[_SOURCE]
    )


class InlineSli(Strict):
    metadata: Metadata | None = Field(
        default=None, description="Name of the indicator.", examples=[{"name": "availability"}]
    )
    spec: SliSpec = Field(description="What is measured.", examples=[{"ratioMetric": {"counter": True}}])


class Calendar(Strict):
    start_time: Filled = Field(
        description="The beginning of any of the windows, in its time zone.", examples=["2026-01-01 00:00:00"]
    )
    time_zone: Filled = Field(description="IANA name of a time zone.", examples=["Europe/Berlin"])


class TimeWindow(
    Strict,
    json_schema_extra={
        "if": {"required": ["calendar"]},
        "then": {"properties": {"duration": {"enum": ["1w", "1M", "1Q"]}, "isRolling": {"const": False}}},
        "else": {"properties": {"duration": {"pattern": "^([0-9]+(ms|[ywdhms]))+$"}, "isRolling": {"const": True}}},
    },
):
    duration: Filled = Field(description="Length of the window; of a calendar window 1w, 1M or 1Q.", examples=["28d"])
    is_rolling: bool | None = Field(
        default=None, description="True for a rolling window, false with a calendar.", examples=[True]
    )
    calendar: Calendar | None = Field(
        default=None,
        description="What a calendar window begins with.",
        examples=[{"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"}],
    )


class Objective(Strict, json_schema_extra=_one_of("target", "targetPercent")):
    display_name: str = Field(default="", description="Name for people.", examples=["Answers"])
    target: Ratio | None = Field(default=None, description="Good share of all, between 0 and 1.", examples=[0.999])
    target_percent: Percent | None = Field(
        default=None, description="The same in percent, from 1 to below 100.", examples=[99.9]
    )
    op: Literal["lt", "lte", "gt", "gte"] | None = Field(
        default=None, description="How the value of a threshold metric compares when it is good.", examples=["lte"]
    )
    value: FiniteFloat | None = Field(
        default=None, description="What a threshold metric is compared with.", examples=[0.5]
    )
    time_slice_target: FiniteFloat | None = Field(
        default=None,
        description="Good share of a slice: 1, as a slice is one reading.",
        examples=[1],
        json_schema_extra={"const": 1},
    )
    time_slice_window: Duration | None = Field(default=None, description="Length of a slice.", examples=["1m"])


class SloSpec(
    Strict,
    json_schema_extra={**_one_of("indicator", "indicatorRef"), "allOf": _INDICATOR_FITS},
):
    description: str = Field(default="", description="What is promised, for people.", examples=["Requests answered"])
    service: Name = Field(description="Service that the SLO is of.", examples=["chat"])
    indicator: InlineSli | None = Field(default=None, description="What is measured.", examples=[{"spec": {}}])
    indicator_ref: Filled | None = Field(
        default=None, description="Name of a document of kind SLI.", examples=["gateway-availability"]
    )
    budgeting_method: Literal["Occurrences", "Timeslices"] = Field(
        description="Whether events or slices of time are counted.", examples=["Occurrences"]
    )
    time_window: list[TimeWindow] = Field(
        min_length=1,
        json_schema_extra={"maxItems": 1},
        description="The window, one.",
        examples=[[{"duration": "28d", "isRolling": True}]],
    )
    objectives: list[Objective] = Field(
        min_length=1,
        json_schema_extra={"maxItems": 1},
        description="The objective, one.",
        examples=[[{"target": 0.999}]],
    )
    alert_policies: list[JsonValue] = Field(
        default_factory=list, description="Not used: annotations say how to alert.", examples=[[]]
    )


class SloDocument(Strict):
    """A service level objective (OpenSLO v1)."""

    api_version: Literal["openslo/v1"] = Field(description="Version of the format.", examples=[API_VERSION])
    kind: Literal["SLO"] = Field(description="Kind of the document.", examples=["SLO"])
    metadata: SloMetadata = Field(description="Name, labels and annotations.", examples=[{"name": "llm-availability"}])
    spec: SloSpec = Field(description="What is promised.")


class SliDocument(Strict):
    """A service level indicator that SLOs refer to (OpenSLO v1)."""

    api_version: Literal["openslo/v1"] = Field(description="Version of the format.", examples=[API_VERSION])
    kind: Literal["SLI"] = Field(description="Kind of the document.", examples=["SLI"])
    metadata: Metadata = Field(description="Name, labels and annotations.", examples=[{"name": "availability"}])
    spec: SliSpec = Field(description="What is measured.")


class ServiceSpec(Strict):
    description: str = Field(
        default="", description="What the service is, for people.", examples=["Chat over the gateway"]
    )


class ServiceDocument(Strict):
    """A service that SLOs belong to (OpenSLO v1)."""

    api_version: Literal["openslo/v1"] = Field(description="Version of the format.", examples=[API_VERSION])
    kind: Literal["Service"] = Field(description="Kind of the document.", examples=["Service"])
    metadata: Metadata = Field(description="Name, labels and annotations.", examples=[{"name": "chat"}])
    spec: ServiceSpec = Field(default_factory=ServiceSpec, description="What the service is.", examples=[{}])
