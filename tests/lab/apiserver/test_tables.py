from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lab.apiserver.durations import age, between, human
from lab.apiserver.errors import Document
from lab.apiserver.kinds import BUILT_IN, NODE, POD, Kind
from lab.apiserver.pod_summary import pod_reason, ready_containers, restarts
from lab.apiserver.tables import table_document

AGO = (datetime.now(UTC) - timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M:%SZ")


def cells(kind: Kind, **document: Any) -> dict[str, Any]:
    """The row of an object by column."""
    document["metadata"] = {"name": "x", "creationTimestamp": AGO, **document.get("metadata", {})}
    table = table_document("meta.k8s.io/v1", kind, [(document, None)], {})
    names = [column["name"] for column in table["columnDefinitions"]]
    return dict(zip(names, table["rows"][0]["cells"], strict=True))


def kind(plural: str) -> Kind:
    return next(kind for kind in BUILT_IN if kind.plural == plural)


def container(state: Document, **more: Any) -> Document:
    return {"name": "main", "state": state, **more}


def pod(*statuses: Document, phase: str = "Running", **status: Any) -> Document:
    return {
        "metadata": {},
        "spec": {"containers": [{"name": "main"}] * max(1, len(statuses)), "initContainers": [{"name": "i"}] * 2},
        "status": {"phase": phase, "containerStatuses": list(statuses), **status},
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 660, "3h11m"),
        (8 * 3600, "8h"),
        (47 * 3600, "47h"),
        (50 * 3600, "2d2h"),
        (8 * 86400, "8d"),
    ],
)
def test_spans_are_written_as_kubectl_writes_them(seconds: int, text: str) -> None:
    assert human(seconds) == text


def test_ages_count_to_now_and_spans_to_their_end() -> None:
    assert age(AGO) == "30h"
    assert age(None) == "<unknown>"
    assert between("2026-01-01T00:00:00Z", "2026-01-01T00:00:42Z") == "42s"


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (pod(phase="Pending"), "Pending"),
        (pod(container({"running": {}}, ready=True)), "Running"),
        (pod(container({"waiting": {"reason": "CrashLoopBackOff"}})), "CrashLoopBackOff"),
        (pod(container({"terminated": {"reason": "Completed"}}), phase="Succeeded"), "Completed"),
        (pod(container({"terminated": {"exitCode": 3}}), phase="Failed"), "ExitCode:3"),
        (pod(container({"terminated": {"signal": 9, "exitCode": 137}})), "Signal:9"),
        (pod(phase="Failed", reason="Evicted"), "Evicted"),
        (pod(initContainerStatuses=[container({"running": {}})], phase="Pending"), "Init:0/2"),
        (
            pod(initContainerStatuses=[container({"terminated": {"exitCode": 0}}), container({"running": {}})]),
            "Init:1/2",
        ),
        (
            pod(initContainerStatuses=[container({"terminated": {"exitCode": 1, "reason": "Error"}})]),
            "Init:Error",
        ),
        (
            pod(container({"running": {}}, ready=True), container({"terminated": {"reason": "Completed"}})),
            "NotReady",
        ),
        ({**pod(container({"running": {}}, ready=True)), "metadata": {"deletionTimestamp": AGO}}, "Terminating"),
    ],
)
def test_the_status_of_a_pod_is_the_word_that_says_most(subject: Document, reason: str) -> None:
    assert pod_reason(subject) == reason


def test_a_pod_counts_ready_containers_and_restarts() -> None:
    last = {"terminated": {"finishedAt": AGO}}
    subject = pod(
        container({"running": {}}, ready=True, restartCount=2, lastState=last),
        container({"waiting": {}}, ready=True, restartCount=1),
    )
    assert ready_containers(subject) == (1, 2)
    assert restarts(subject) == "3 (30h ago)"
    assert restarts(pod()) == "0"


def test_a_row_of_a_pod_has_what_wide_output_shows() -> None:
    row = cells(POD, **{**pod(container({"running": {}}, ready=True), podIP="127.9.16.1"), "metadata": {}})
    assert row | {"Ready": "1/1", "Status": "Running", "Age": "30h", "IP": "127.9.16.1", "Node": "<none>"} == row


@pytest.mark.parametrize(
    ("ready", "cordoned", "status"),
    [("True", False, "Ready"), ("False", True, "NotReady,SchedulingDisabled"), (None, False, "Unknown")],
)
def test_a_node_is_ready_or_not_and_says_when_it_is_cordoned(ready: str | None, cordoned: bool, status: str) -> None:
    conditions = [{"type": "Ready", "status": ready}] if ready else []
    labels = {"node-role.kubernetes.io/gpu": ""}
    row = cells(NODE, metadata={"labels": labels}, spec={"unschedulable": cordoned}, status={"conditions": conditions})
    assert (row["Status"], row["Roles"], row["Internal-IP"]) == (status, "gpu", "<none>")


@pytest.mark.parametrize(
    ("plural", "document", "expected"),
    [
        (
            "deployments",
            {"spec": {"replicas": 3}, "status": {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1}},
            {"Ready": "2/3", "Up-to-date": 3, "Available": 1},
        ),
        ("replicasets", {"spec": {"replicas": 3}, "status": {"replicas": 2}}, {"Desired": 3, "Current": 2, "Ready": 0}),
        ("statefulsets", {"spec": {"replicas": 1}}, {"Ready": "0/1"}),
        (
            "daemonsets",
            {"spec": {}, "status": {"desiredNumberScheduled": 2, "numberReady": 1}},
            {"Desired": 2, "Ready": 1, "Node Selector": "<none>"},
        ),
        (
            "jobs",
            {
                "spec": {"completions": 2},
                "status": {
                    "succeeded": 2,
                    "startTime": "2026-01-01T00:00:00Z",
                    "completionTime": "2026-01-01T00:00:09Z",
                    "conditions": [{"type": "Complete", "status": "True"}],
                },
            },
            {"Status": "Complete", "Completions": "2/2", "Duration": "9s"},
        ),
        ("jobs", {"spec": {"parallelism": 2}}, {"Status": "Running", "Completions": "0/1 of 2", "Duration": ""}),
        (
            "services",
            {
                "spec": {
                    "clusterIP": "127.9.8.1",
                    "ports": [{"port": 80}, {"port": 81, "nodePort": 9, "protocol": "UDP"}],
                }
            },
            {"Type": "ClusterIP", "Cluster-IP": "127.9.8.1", "External-IP": "<none>", "Port(s)": "80/TCP,81:9/UDP"},
        ),
        ("namespaces", {"status": {"phase": "Active"}}, {"Status": "Active"}),
        ("configmaps", {"data": {"a": ""}, "binaryData": {"b": ""}}, {"Data": 2}),
        ("secrets", {"type": "Opaque", "data": {"a": ""}}, {"Type": "Opaque", "Data": 1}),
        ("leases", {"spec": {"holderIdentity": "n1"}}, {"Holder": "n1"}),
        (
            "poddisruptionbudgets",
            {"spec": {"maxUnavailable": "30%"}, "status": {"disruptionsAllowed": 1}},
            {"Min Available": "N/A", "Max Unavailable": "30%", "Allowed Disruptions": 1},
        ),
        (
            "events",
            {"type": "Normal", "reason": "Pulled", "message": "m\n", "involvedObject": {"kind": "Pod", "name": "p"}},
            {"Last Seen": "30h", "Object": "pod/p", "Message": "m", "Count": "1"},
        ),
        (
            "endpointslices",
            {"addressType": "IPv4", "ports": [{"port": 80}], "endpoints": [{"addresses": ["1"]}] * 5},
            {"Ports": "80", "Endpoints": "1,1,1 + 2 more..."},
        ),
        ("endpoints", {"subsets": [{"addresses": [{"ip": "1"}], "ports": [{"port": 2}]}]}, {"Endpoints": "1:2"}),
        ("serviceaccounts", {}, {"Secrets": 0}),
        ("roles", {}, {"Name": "x", "Age": "30h"}),
    ],
)
def test_every_kind_is_shown_in_its_own_columns(plural: str, document: Document, expected: dict[str, Any]) -> None:
    row = cells(kind(plural), **document)
    assert row | expected == row


@pytest.mark.parametrize("subject", BUILT_IN, ids=lambda subject: subject.plural)
def test_an_object_with_nothing_in_it_can_be_shown(subject: Kind) -> None:
    table = table_document("meta.k8s.io/v1beta1", subject, [({"metadata": {"name": "x"}, "spec": {}}, None)], {})
    assert len(table["rows"][0]["cells"]) == len(table["columnDefinitions"])
    assert table["apiVersion"] == "meta.k8s.io/v1beta1"
