"""The ledger in Kubernetes: the contract of every ledger, and what is its own."""

import uuid
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from actions.ledger.in_cluster import InCluster
from actions.ledger.in_cluster_objects import CONFIG_MAPS, LEASES
from actions.ledger.store import Ledger, LedgerError
from actions.ledger.takeover import Clock
from clients.kube import Kube
from tests.actions.ledger.contract import LedgerMachine
from tests.actions.ledger.records import record
from tests.cluster.workloads import Cluster

pytestmark = pytest.mark.cluster


@pytest.fixture
def kube(cluster: Cluster) -> Iterator[Kube]:
    with Kube(timeout=5) as opened:
        yield opened


def test_the_ledger_keeps_its_contract(cluster: Cluster, kube: Kube) -> None:
    class InClusterMachine(LedgerMachine):
        @classmethod
        def fresh(cls) -> None:
            for resource in (CONFIG_MAPS, LEASES):
                for one in kube.find(resource, cluster.namespace, "mlchaos.io/ledger"):
                    kube.delete(resource, one["metadata"]["name"], cluster.namespace)

        @classmethod
        def open(cls, clock: Clock) -> Ledger:
            return InCluster(Kube(timeout=5), cluster.namespace, clock)

    run_state_machine_as_test(
        InClusterMachine,
        settings=settings(
            max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_a_namespace_that_is_not_there_is_told_with_what_makes_it(cluster: Cluster, kube: Kube) -> None:
    with pytest.raises(LedgerError, match=r"namespace nowhere-\w+ is not in .*kubectl apply -f deploy/ledger.yaml"):
        InCluster(kube, f"nowhere-{uuid.uuid4().hex[:6]}")


def test_a_record_that_cannot_be_read_is_named_and_hides_no_other(cluster: Cluster, kube: Kube) -> None:
    ledger = InCluster(kube, cluster.namespace)
    good = ledger.add(record())
    labels = {"mlchaos.io/ledger": "record", "mlchaos.io/run": "r"}
    kube.create(
        CONFIG_MAPS,
        {"metadata": {"name": "broken", "labels": labels}, "data": {"record": '{"id": "broken", "state": "s3cret"}'}},
        cluster.namespace,
    )
    contents = ledger.contents()
    assert contents.records == (good,)
    (problem,) = contents.problems
    assert "/broken is in the ledger and cannot be read as a record: run: Field required" in problem
    assert "s3cret" not in problem
    with pytest.raises(LedgerError, match="/broken is in the ledger"):
        ledger.records()
