from lab.controllers.scheduling.demand import capacity_of, demand_of, shortages
from lab.kubeclient import Document
from tests.lab.controllers.objects import node, pod


def container(requests: dict[str, str] | None = None, limits: dict[str, str] | None = None) -> Document:
    return {"resources": {"requests": requests or {}, "limits": limits or {}}}


def asking(*containers: Document, **spec: object) -> Document:
    of = pod()
    of["spec"] = {"containers": list(containers), **spec}
    return of


def test_containers_add_up_and_limits_stand_in_for_requests() -> None:
    of = asking(container({"cpu": "100m"}), container({"cpu": "0.4"}, {"cpu": "2", "nvidia.com/gpu": "1"}))
    assert demand_of(of) == {"cpu": 500, "nvidia.com/gpu": 1000, "pods": 1000}


def test_an_init_container_counts_where_it_asks_for_more() -> None:
    of = asking(
        container({"cpu": "1", "memory": "1k"}), initContainers=[container({"cpu": "3"}), container({"cpu": "2"})]
    )
    assert demand_of(of) == {"cpu": 3000, "memory": 10**6, "pods": 1000}


def test_overhead_is_added() -> None:
    assert demand_of(asking(container(), overhead={"cpu": "1"}))["cpu"] == 1000


def test_shortages_are_named_as_kubernetes_names_them() -> None:
    capacity = capacity_of(node(pods="1", cpu="2"))
    demand = demand_of(asking(container({"cpu": "2", "nvidia.com/gpu": "1"})))
    assert shortages(demand, {}, capacity) == ["Insufficient nvidia.com/gpu"]
    assert sorted(shortages(demand, {"cpu": 1, "pods": 1000}, capacity)) == [
        "Insufficient cpu",
        "Insufficient nvidia.com/gpu",
        "Too many pods",
    ]


def test_asking_for_none_of_a_resource_needs_none() -> None:
    assert shortages({"nvidia.com/gpu": 0}, {}, {}) == []
