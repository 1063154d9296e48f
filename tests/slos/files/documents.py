"""Documents to read: good ones, and changes to them."""

import copy
import json
from typing import Any

GONE = object()
"""As a change: the key is taken out."""

Doc = dict[str, Any]


def query(text: str) -> Doc:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": text}}}


RATIO_SLO: Doc = {
    "apiVersion": "openslo/v1",
    "kind": "SLO",
    "metadata": {
        "name": "llm-availability",
        "displayName": "LLM availability",
        "labels": {"team": "ml-serving", "stack": ["vllm", "gateway"]},
        "annotations": {"mlchaos.io/minimum-events": "20", "owner": "ml"},
    },
    "spec": {
        "description": "Requests answered",
        "service": "chat",
        "indicator": {
            "metadata": {"name": "availability"},
            "spec": {
                "ratioMetric": {
                    "counter": True,
                    "bad": query('gateway_requests_total{code=~"5.."}'),
                    "total": query("gateway_requests_total"),
                }
            },
        },
        "timeWindow": [{"duration": "28d", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [{"target": 0.999}],
    },
}
SLI: Doc = {
    "apiVersion": "openslo/v1",
    "kind": "SLI",
    "metadata": {"name": "gateway-availability"},
    "spec": {
        "ratioMetric": {"counter": True, "good": query('ok_total{job="g"}'), "total": query('all_total{job="g"}')}
    },
}
SERVICE: Doc = {
    "apiVersion": "openslo/v1",
    "kind": "Service",
    "metadata": {"name": "chat", "displayName": "Chat"},
    "spec": {"description": "Chat over the gateway"},
}
SLOTH: Doc = {
    "version": "prometheus/v1",
    "service": "chat",
    "labels": {"team": "ml"},
    "slos": [
        {
            "name": "requests-availability",
            "objective": 99.9,
            "description": "Requests answered",
            "labels": {"category": "availability"},
            "sli": {
                "events": {
                    "error_query": 'sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))',
                    "total_query": "sum(rate(http_requests_total[{{.window}}]))",
                }
            },
            "alerting": {
                "name": "ChatHighErrorRate",
                "labels": {"owner": "serving"},
                "annotations": {"runbook": "https://runbooks.example/chat"},
                "page_alert": {"labels": {"severity": "critical", "route": "pager"}},
                "ticket_alert": {"disable": True},
            },
        }
    ],
}
SLOTH_OBJECT: Doc = {
    "apiVersion": "sloth.slok.dev/v1",
    "kind": "PrometheusServiceLevel",
    "metadata": {"name": "chat", "namespace": "ml", "creationTimestamp": None},
    "spec": {
        "service": "chat",
        "slos": [
            {
                "name": "requests-availability",
                "objective": 99.9,
                "sli": {"raw": {"errorRatioQuery": "1 - avg_over_time(up[{{.window}}])"}},
                "alerting": {"pageAlert": {"disable": True}},
            }
        ],
    },
    "status": {"processedSLOs": 1},
}

RATIO = "spec.indicator.spec.ratioMetric"
THRESHOLD = "spec.indicator.spec.thresholdMetric"
OBJECTIVE = "spec.objectives.0"


def changed(document: Doc, changes: Doc) -> Doc:
    """A copy with values set, or taken out, at paths such as `spec.objectives.0.target`."""
    new = copy.deepcopy(document)
    for path, value in changes.items():
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        holder: Any = new
        for part in parents:
            holder = holder[part]
        if value is GONE:
            del holder[last]
        elif isinstance(holder, list) and last == len(holder):
            holder.append(value)
        else:
            holder[last] = value
    return new


def text(*documents: Doc) -> str:
    """JSON is YAML."""
    return "\n---\n".join(json.dumps(document, ensure_ascii=False) for document in documents)


LATENCY_SLO = changed(
    RATIO_SLO,
    {
        RATIO: GONE,
        THRESHOLD: {"metricSource": {"spec": {"histogram": 'vllm:time_to_first_token_seconds{job="llm"}'}}},
        OBJECTIVE: {"target": 0.99, "op": "lte", "value": 0.5},
    },
)
GAUGE_SLO = changed(
    RATIO_SLO,
    {
        RATIO: GONE,
        THRESHOLD: query("max(mltrain_checkpoint_age_seconds)"),
        "metadata.annotations": {},
        "spec.budgetingMethod": "Timeslices",
        OBJECTIVE: {"targetPercent": 99.5, "op": "lt", "value": 900, "timeSliceWindow": "1m", "timeSliceTarget": 1},
    },
)
RAW_SLO = changed(
    RATIO_SLO,
    {
        RATIO: {"rawType": "failure", "raw": query('1 - avg_over_time(up{job="llm"}[{{.window}}])')},
        "metadata.annotations": {},
    },
)
CALENDAR: Doc = {"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"}
CALENDAR_SLO = changed(RATIO_SLO, {"spec.timeWindow.0": {"duration": "1M", "calendar": CALENDAR, "isRolling": False}})
REFERRING_SLO = changed(RATIO_SLO, {"spec.indicator": GONE, "spec.indicatorRef": "gateway-availability"})
