"""The ledger in Kubernetes: the contract of every ledger, and what is its own."""

import random
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from actions.ledger.in_cluster import InCluster
from actions.ledger.in_cluster_objects import CONFIG_MAPS, LEASES
from actions.ledger.record import Halt
from actions.ledger.store import Ledger, LedgerError
from actions.ledger.takeover import Clock
from actions.systems import Systems
from clients.kube import Kube, Request, Resource, TooManyRequestsError, TransientError
from runner.recover.decisions import Rules, Scope
from runner.recover.once import RecoverOnce
from runner.recover.recovery import Recovery
from tests.actions.ledger.contract import LedgerMachine
from tests.actions.ledger.records import record
from tests.actions.ledger.rigged import fresh_world, rigged_record
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
            max_examples=5, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
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


class Limited(Kube):
    """A user with the Role of deploy/ledger.yaml and nothing else; notes what it asks for."""

    def __init__(self, user: str) -> None:
        super().__init__(timeout=5)
        self.asked: set[tuple[str, str, str]] = set()
        self._api.set_default_header("Impersonate-User", user)

    def _send(self, what: Request, method: str, path: str, **options: Any) -> bytes:
        self.asked.add((what.verb, what.group, what.resource))
        return super()._send(what, method, path, **options)


def test_the_role_grants_what_the_ledger_asks_for_and_nothing_more(cluster: Cluster, kube: Kube) -> None:
    user = f"sre-{uuid.uuid4().hex[:6]}"
    role = _ledger_role()
    _grant(kube, cluster.namespace, role, user)
    limited = Limited(user)
    ledger = InCluster(limited, cluster.namespace)
    try:
        _use_everything(ledger)
    finally:
        ledger.close()
    granted = {
        (verb, group, resource)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert limited.asked == granted


def _ledger_role() -> dict[str, Any]:
    documents = yaml.safe_load_all((Path(__file__).parents[2] / "deploy" / "ledger.yaml").read_text())
    (role,) = [document for document in documents if document["kind"] == "Role"]
    return dict(role)


def _grant(kube: Kube, namespace: str, role: Mapping[str, Any], user: str) -> None:
    group = "rbac.authorization.k8s.io"
    name = role["metadata"]["name"]
    rules = [
        {**rule, "resourceNames": [namespace]} if "resourceNames" in rule else dict(rule) for rule in role["rules"]
    ]
    made = {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules}
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }
    kube.create(Resource("roles", group), made, namespace)
    kube.create(Resource("rolebindings", group), binding, namespace)


def _use_everything(ledger: Ledger) -> None:
    ledger.beat("run-a", time.time())
    ledger.beat("run-a", time.time())
    ledger.lock("node:gpu-a", "run-a")
    stored = ledger.add(record(1, "run-a"))
    ledger.remove(ledger.move(ledger.move(stored.moved("undoing", 1.0)).moved("undone", 2.0)))
    assert (ledger.records(), ledger.get(stored.id)) == ([], None)
    ledger.beat("run-b", time.time())
    ledger.end("run-a")
    ledger.lock("node:gpu-a", "run-b")
    # A run that is dead: its lock is taken over.
    ledger.lock("node:gpu-b", "run-dead")
    ledger.lock("node:gpu-b", "run-b")
    ledger.halt(Halt("an incident", "sre", 1.0))
    ledger.halt(Halt("another", "sre", 2.0))
    assert ledger.halted() == ledger.resume()
    ledger.end("run-b")
    assert (ledger.locks(), ledger.heartbeats()) == ({}, [])


class Flaky(Kube):
    """An API of which a third of the requests fails: refused, or done and their answer lost."""

    def __init__(self, seed: int) -> None:
        super().__init__(timeout=5)
        self._random = random.Random(seed)  # noqa: S311 (repeatable, and not about secrets)
        self.failures = 0

    def _send(self, what: Request, method: str, path: str, **options: Any) -> bytes:
        fate = self._random.random()
        self.failures += fate < 1 / 3
        if fate < 1 / 9:
            raise TooManyRequestsError(f"cannot {what}: 429")
        if fate < 2 / 9:
            raise TransientError(f"cannot {what}: 500")
        answer = super()._send(what, method, path, **options)
        if fate < 1 / 3:
            raise TransientError(f"cannot {what}: connection dropped")
        return answer


def test_a_flaky_api_leaves_nothing_behind(cluster: Cluster, kube: Kube) -> None:
    world = fresh_world()
    sound = InCluster(kube, cluster.namespace)
    sound.beat("run-a", time.time())
    sound.lock("node:gpu-a", "run-a")
    for number in range(1, 9):
        state = ("intended", "active", "undoing", "stuck")[number % 4]
        sound.add(rigged_record(number, "run-a", state=state))
        world.broken.add(f"llm-{number}")
    flaky = [Flaky(seed) for seed in range(8)]
    ledger = _opened(flaky, cluster.namespace)
    # Nothing is in flight here, and nobody beats: so neither is waited for.
    rules = Rules(dead_after=0.0, verify_after=0.0)
    recovery = Recovery(ledger, Systems(), rules)
    report = RecoverOnce([recovery], Scope(), lambda _: None, lambda _: None).run()
    assert world.broken == set()
    assert report.stuck == []
    for _ in range(20):  # what was not removed, since a try failed three times, is removed by the next
        if not sound.records() and not sound.locks() and not sound.heartbeats():
            break
        RecoverOnce([recovery], Scope(), lambda _: None, lambda _: None).run()
    assert (sound.records(), sound.locks(), sound.heartbeats()) == ([], {}, [])
    assert sum(one.failures for one in flaky) > 10


def _opened(flaky: list[Flaky], namespace: str) -> Ledger:
    for one in flaky:
        try:
            return InCluster(one, namespace)
        except LedgerError:
            one.close()
    raise AssertionError("none of them opened")
