from pathlib import Path

import yaml

from lab.apiserver.kube_state_metrics import PATH
from lab.credentials import credentials_in
from lab.monitoring import alertmanager_configuration, prometheus_configuration, watchdog_rules
from lab.network import LabNetwork


def test_prometheus_finds_pods_through_the_labs_own_api() -> None:
    text = prometheus_configuration(LabNetwork(9), credentials_in(Path("/lab")), Path("/lab/rules"))
    configuration = yaml.safe_load(text)
    pods = next(job for job in configuration["scrape_configs"] if job["job_name"] == "pods")
    assert [discovery["url"] for discovery in pods["http_sd_configs"]] == ["https://127.9.0.1:6443/prometheus/pods"]
    assert pods["http_sd_configs"][0]["authorization"] == {"type": "Bearer", "credentials_file": "/lab/token"}
    labels = {rule.get("target_label") for rule in pods["relabel_configs"]}
    assert {"namespace", "pod", "node", "app", "job"} <= labels


def test_prometheus_asks_the_labs_api_for_what_kube_state_metrics_would_say() -> None:
    text = prometheus_configuration(LabNetwork(9), credentials_in(Path("/lab")), Path("/lab/rules"))
    (job,) = (job for job in yaml.safe_load(text)["scrape_configs"] if job["job_name"] == "kube-state-metrics")
    assert job["static_configs"] == [{"targets": ["127.9.0.1:6443"]}]
    assert (job["scheme"], job["metrics_path"]) == ("https", PATH)
    assert job["authorization"]["credentials_file"] == "/lab/token"


def test_prometheus_sends_alerts_to_the_labs_alertmanager_and_reads_its_rules() -> None:
    configuration = yaml.safe_load(
        prometheus_configuration(LabNetwork(9), credentials_in(Path("/lab")), Path("/lab/rules"))
    )
    assert configuration["alerting"]["alertmanagers"][0]["static_configs"] == [{"targets": ["127.9.0.1:9093"]}]
    assert configuration["rule_files"] == ["/lab/rules/*.yml"]


def test_pages_and_tickets_reach_their_own_receivers_at_the_pager() -> None:
    configuration = yaml.safe_load(alertmanager_configuration("http://127.9.8.1:8080"))
    urls = {r["name"]: r["webhook_configs"][0]["url"] for r in configuration["receivers"]}
    assert urls == {
        "ml-oncall": "http://127.9.8.1:8080/alerts/ml-oncall",
        "ml-tickets": "http://127.9.8.1:8080/alerts/ml-tickets",
        "deadman": "http://127.9.8.1:8080/alerts/deadman",
    }
    assert configuration["route"]["receiver"] == "ml-tickets"
    assert {"matchers": ['severity="page"'], "receiver": "ml-oncall"} in configuration["route"]["routes"]


def test_an_alert_that_always_fires_goes_to_a_receiver_of_its_own_again_and_again() -> None:
    (group,) = yaml.safe_load(watchdog_rules())["groups"]
    assert [(rule["alert"], rule["expr"]) for rule in group["rules"]] == [("Watchdog", "vector(1)")]
    routes = yaml.safe_load(alertmanager_configuration("http://127.9.8.1:8080"))["route"]["routes"]
    (deadman,) = (route for route in routes if route["receiver"] == "deadman")
    assert (deadman["matchers"], deadman["repeat_interval"]) == (['alertname="Watchdog"'], "10s")


def test_a_page_mutes_the_tickets_of_its_slo_and_no_others() -> None:
    (rule,) = yaml.safe_load(alertmanager_configuration(None))["inhibit_rules"]
    assert rule["source_matchers"] == ['severity="page"']
    assert rule["target_matchers"] == ['severity="ticket"', 'slo!=""']
    assert rule["equal"] == ["slo"]
