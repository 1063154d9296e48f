"""Configuration of the lab's Prometheus and Alertmanager: the text that goes into their files."""

from pathlib import Path
from typing import Any

import yaml

from lab.credentials import Credentials
from lab.network import LabNetwork

SCRAPE_INTERVAL = "1s"
"""Windows of seconds stand for the minutes of a real cluster: five samples fit in the shortest."""

WATCHDOG = "Watchdog"
"""The alert that always fires, as kube-prometheus calls it: whoever gets it knows that the alert path is whole."""
DEADMAN = "deadman"
"""The receiver that misses it when it does not come."""
DEADMAN_REPEATS = "10s"

ANNOTATION = "__meta_kubernetes_pod_annotation_prometheus_io_"


def prometheus_configuration(network: LabNetwork, credentials: Credentials, rules: Path) -> str:
    """prometheus.yml: pods are found by their prometheus.io annotations.

    Debian builds Prometheus without Kubernetes discovery, so the API server lists the pods for HTTP discovery under the
    labels that Kubernetes discovery gives them: the relabelling is the one of a real cluster.
    """
    api = {
        # Without the type, Prometheus 2.42 sends the bare token in the header for HTTP discovery.
        "authorization": {"type": "Bearer", "credentials_file": str(credentials.token)},
        "tls_config": {"ca_file": str(credentials.ca_certificate)},
    }
    discovery = {"url": network.api_url + "/prometheus/pods", "refresh_interval": SCRAPE_INTERVAL, **api}
    configuration: dict[str, Any] = {
        "global": {"scrape_interval": SCRAPE_INTERVAL, "scrape_timeout": SCRAPE_INTERVAL, "evaluation_interval": "1s"},
        "rule_files": [str(rules / "*.yml")],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [_host(network.alertmanager_url)]}]}]},
        "scrape_configs": [
            {
                "job_name": "pods",
                "http_sd_configs": [discovery],
                "relabel_configs": [
                    {"source_labels": [ANNOTATION + "scrape"], "action": "keep", "regex": "true"},
                    {
                        "source_labels": ["__meta_kubernetes_pod_phase"],
                        "action": "drop",
                        "regex": "Pending|Succeeded|Failed",
                    },
                    {
                        "source_labels": ["__meta_kubernetes_pod_ip", ANNOTATION + "port"],
                        "separator": ":",
                        "target_label": "__address__",
                    },
                    {
                        "source_labels": [ANNOTATION + "path"],
                        "regex": "(.+)",
                        "target_label": "__metrics_path__",
                    },
                    {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
                    {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
                    {"source_labels": ["__meta_kubernetes_pod_node_name"], "target_label": "node"},
                    {"source_labels": ["__meta_kubernetes_pod_label_app"], "target_label": "app"},
                    {"source_labels": ["__meta_kubernetes_pod_label_app"], "target_label": "job"},
                ],
            },
            {
                **_static("kube-state-metrics", network.api_url),
                **api,
                "scheme": "https",
                "metrics_path": "/prometheus/kube-state-metrics",
            },
            _static("prometheus", network.prometheus_url),
            _static("alertmanager", network.alertmanager_url),
            _static("toxiproxy", network.toxiproxy_url),
            _static("mlchaos-exporter", network.exporter_url),
        ],
    }
    return yaml.safe_dump(configuration, sort_keys=False)


def watchdog_rules() -> str:
    """The rule file of the alert that always fires."""
    watchdog = {
        "alert": WATCHDOG,
        "expr": "vector(1)",
        "labels": {"severity": "none"},
        "annotations": {
            "summary": "The alert path works.",
            "description": "This alert always fires. The receiver that does not get it any more knows that no other "
            "alert would come through either.",
        },
    }
    group = {"name": "mlchaos-lab:watchdog", "interval": SCRAPE_INTERVAL, "rules": [watchdog]}
    return yaml.safe_dump({"groups": [group]}, sort_keys=False)


def alertmanager_configuration(pager_url: str | None) -> str:
    """alertmanager.yml: pages go to ml-oncall, the Watchdog to deadman, all else to ml-tickets; all end at the pager.

    A page mutes the tickets of its SLO: who is up already need not be told that a slower window burns, too.
    """
    receivers: list[dict[str, Any]] = [{"name": "ml-oncall"}, {"name": "ml-tickets"}, {"name": DEADMAN}]
    if pager_url is not None:
        for receiver in receivers:
            url = f"{pager_url}/alerts/{receiver['name']}"
            receiver["webhook_configs"] = [{"url": url, "send_resolved": True}]
    configuration: dict[str, Any] = {
        "route": {
            "receiver": "ml-tickets",
            "group_by": ["alertname", "slo"],
            "group_wait": "1s",
            "group_interval": "2s",
            "repeat_interval": "1h",
            "routes": [
                {
                    "matchers": [f'alertname="{WATCHDOG}"'],
                    "receiver": DEADMAN,
                    "group_wait": "0s",
                    "group_interval": "1s",
                    "repeat_interval": DEADMAN_REPEATS,
                },
                {"matchers": ['severity="page"'], "receiver": "ml-oncall"},
            ],
        },
        "inhibit_rules": [
            {
                "source_matchers": ['severity="page"'],
                # A label that neither has counts as equal: an alert of no SLO would be muted by any page of none.
                "target_matchers": ['severity="ticket"', 'slo!=""'],
                "equal": ["slo"],
            }
        ],
        "receivers": receivers,
    }
    return yaml.safe_dump(configuration, sort_keys=False)


def _host(url: str) -> str:
    return url.partition("://")[2]


def _static(job: str, url: str) -> dict[str, Any]:
    return {"job_name": job, "static_configs": [{"targets": [_host(url)]}]}
