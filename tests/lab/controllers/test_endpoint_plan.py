from typing import Any

from lab.controllers.endpoint_plan import backends, endpoints_for, slices_for
from lab.kubeclient import Document
from tests.lab.controllers.objects import pod


def service(*ports: Document, **spec: Any) -> Document:
    metadata = {"name": "s", "namespace": "n", "uid": "u", "labels": {"own": "label"}}
    chosen = list(ports) or [{"port": 80, "targetPort": 8000}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": chosen, **spec}}


def backend_pod(name: str, ip: str, **more: Any) -> Document:
    return pod(name, ip=ip, node=f"node-{name}", **more)


def subsets(of: Document, *pods: Document) -> list[Document]:
    return list(endpoints_for(of, backends(of, pods))["subsets"])


def addresses(subset: Document, field: str) -> list[str]:
    return [a["ip"] for a in subset.get(field, [])]


def test_ready_and_not_ready_addresses_are_kept_apart() -> None:
    (subset,) = subsets(
        service(), backend_pod("b", "10.0.0.2"), backend_pod("a", "10.0.0.1"), backend_pod("c", "10.0.0.3", ready=False)
    )
    assert addresses(subset, "addresses") == ["10.0.0.1", "10.0.0.2"]
    assert addresses(subset, "notReadyAddresses") == ["10.0.0.3"]
    assert subset["ports"] == [{"port": 8000, "protocol": "TCP"}]
    assert subset["addresses"][0]["targetRef"] == {"kind": "Pod", "namespace": "n", "name": "a", "uid": "uid-a"}


def test_pods_that_go_ended_or_have_no_address_take_no_traffic() -> None:
    pods = [
        backend_pod("going", "10.0.0.1", going=True),
        backend_pod("ended", "10.0.0.2", phase="Failed"),
        pod("starting"),
    ]
    assert subsets(service(), *pods) == []


def test_not_ready_pods_are_published_where_the_service_asks_for_it() -> None:
    (subset,) = subsets(service(publishNotReadyAddresses=True), backend_pod("a", "10.0.0.1", ready=False))
    assert addresses(subset, "addresses") == ["10.0.0.1"]


def test_a_named_target_port_is_looked_up_in_each_pod() -> None:
    old, new = backend_pod("old", "10.0.0.1"), backend_pod("new", "10.0.0.2")
    old["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 8000}]
    new["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 9000}]
    of = service({"name": "web", "port": 80, "targetPort": "http"})
    assert [(s["ports"], addresses(s, "addresses")) for s in subsets(of, old, new)] == [
        ([{"name": "web", "port": 8000, "protocol": "TCP"}], ["10.0.0.1"]),
        ([{"name": "web", "port": 9000, "protocol": "TCP"}], ["10.0.0.2"]),
    ]


def test_a_port_without_target_is_its_own_target() -> None:
    assert subsets(service({"port": 81}), backend_pod("a", "10.0.0.1"))[0]["ports"][0]["port"] == 81


def test_slices_say_more_about_each_pod() -> None:
    of = service()
    found = backends(of, [backend_pod("a", "10.0.0.1"), backend_pod("b", "10.0.0.2", going=True)])
    (made,) = slices_for(of, found, {"node-a": "zone-a"})
    assert [e["conditions"] for e in made["endpoints"]] == [
        {"ready": True, "serving": True, "terminating": False},
        {"ready": False, "serving": True, "terminating": True},
    ]
    assert made["endpoints"][0]["zone"] == "zone-a"
    assert "zone" not in made["endpoints"][1]
    assert made["metadata"]["labels"]["kubernetes.io/service-name"] == "s"
    assert made["metadata"]["ownerReferences"][0]["uid"] == "u"
    assert made["ports"] == [{"name": "", "port": 8000, "protocol": "TCP"}]


def test_a_service_without_pods_has_one_empty_slice_with_the_same_name_each_time() -> None:
    of = service()
    (made,) = slices_for(of, [], {})
    assert made["endpoints"] == []
    assert slices_for(of, [], {}) == [made]


def test_headless_services_are_marked() -> None:
    (made,) = slices_for(service(clusterIP="None"), [], {})
    assert "service.kubernetes.io/headless" in made["metadata"]["labels"]
