"""Documents of Sloth, `prometheus/v1` files and the PrometheusServiceLevel of its operator: their structure.

Source: Sloth's specification (https://sloth.dev/specs/). A file spells keys `error_query`, the Kubernetes object
`errorQuery`.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, JsonValue

from slos.files.field_types import Filled, Percent, PrometheusLabels, SlothName
from slos.files.structure import Strict

CLUSTER_KEYS = ("metadata", "status")
"""Keys of the Kubernetes object that are the cluster's business."""

HINTS: Mapping[str, str] = {
    "plugins": "remove it: plugins of Sloth are not run here",
    "slo_plugins": "remove it: plugins of Sloth are not run here",
    "sloPlugins": "remove it: plugins of Sloth are not run here",
    "target": "write objective, in percent",
}


class Raw(Strict):
    error_ratio_query: Filled = Field(
        description="PromQL of an error ratio (0..1) over {{.window}}.", examples=["1 - avg_over_time(up[{{.window}}])"]
    )


class Events(Strict):
    error_query: Filled = Field(
        description="PromQL of bad events over {{.window}}.",
        examples=['sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))'],
    )
    total_query: Filled = Field(
        description="PromQL of all events over {{.window}}.",
        examples=["sum(rate(http_requests_total[{{.window}}]))"],
    )


_ONE_SLI: dict[str, Any] = {"oneOf": [{"required": ["raw"]}, {"required": ["events"]}]}


class Sli(Strict, json_schema_extra=_ONE_SLI):
    raw: Raw | None = Field(default=None, description="An error ratio.")
    events: Events | None = Field(default=None, description="Bad and all events.")
    plugin: JsonValue = Field(default=None, description="Not read: write the query that the plugin makes.")


class Alert(Strict):
    disable: bool = Field(default=False, description="Switches these alerts off.", examples=[True])
    labels: PrometheusLabels = Field(
        default_factory=dict, description="Labels; severity is the alert's.", examples=[{"severity": "page"}]
    )
    annotations: PrometheusLabels = Field(default_factory=dict, description="Annotations.", examples=[{"note": "x"}])


class SlothAlerting(Strict):
    name: str = Field(default="", description="Name of the alerts.", examples=["ChatHighErrorRate"])
    labels: PrometheusLabels = Field(default_factory=dict, description="Labels of all.", examples=[{"team": "ml"}])
    annotations: PrometheusLabels = Field(
        default_factory=dict, description="Annotations of all.", examples=[{"runbook": "https://runbooks.example/chat"}]
    )
    page_alert: Alert = Field(default_factory=Alert, description="The page alerts.", examples=[{}])
    ticket_alert: Alert = Field(default_factory=Alert, description="The ticket alerts.", examples=[{}])


class SlothSlo(Strict):
    name: SlothName = Field(description="Name, unique in its service.", examples=["requests-availability"])
    description: str = Field(default="", description="What is promised, for people.", examples=["Requests answered"])
    objective: Percent = Field(description="Good share of all in percent.", examples=[99.9])
    labels: PrometheusLabels = Field(default_factory=dict, description="Labels of this SLO.", examples=[{"tier": "1"}])
    sli: Sli = Field(description="What is measured.")
    alerting: SlothAlerting = Field(default_factory=SlothAlerting, description="Alerts.", examples=[{}])


class ServiceLevel(Strict):
    service: SlothName = Field(description="Service of the SLOs.", examples=["chat"])
    labels: PrometheusLabels = Field(
        default_factory=dict, description="Labels of every SLO.", examples=[{"team": "ml"}]
    )
    slos: list[SlothSlo] = Field(min_length=1, description="The SLOs.")


class SlothFile(ServiceLevel):
    """SLOs of a service (Sloth prometheus/v1)."""

    version: Literal["prometheus/v1"] = Field(description="Version of the format.", examples=["prometheus/v1"])


class SlothObject(Strict):
    """SLOs of a service (Sloth's Kubernetes object)."""

    api_version: Literal["sloth.slok.dev/v1"] = Field(description="Version of the format.")
    kind: Literal["PrometheusServiceLevel"] = Field(description="Kind of the object.")
    metadata: dict[str, JsonValue] = Field(default_factory=dict, description="As of any Kubernetes object.")
    status: JsonValue = Field(default=None, description="What the operator wrote.")
    spec: ServiceLevel = Field(description="The SLOs.")
