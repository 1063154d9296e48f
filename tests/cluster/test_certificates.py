"""The faults of certificates in a Secret of a real Kubernetes API: in, out, and killed in between."""

import base64
import copy
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from actions.certificates.backup import BackupError, backup_name
from actions.certificates.secret import SECRETS, mark_of
from actions.choice import Choice
from actions.fault import Fault, Injection, RefusedError, fault_named
from actions.ledger.record import Record, Undo
from actions.systems import Systems
from clients.kube import ConflictError, Document, Kube
from tests.actions.certificates.authorities import authority, server
from tests.cluster.workloads import NOBODY, Cluster
from tests.waiting import wait_for

pytestmark = pytest.mark.cluster

ROOT = authority("Root")
SERVER, RENEWED = server(ROOT), server(ROOT)
PLANTED = "planted-password-5d1c"
TAG = "mlchaos-20261122t1638z-ab12cd-1f2e3d4c"
FAULTS: dict[str, dict[str, Any]] = {
    "expired": {"issuer_secret": "root"},
    "not_yet_valid": {"issuer_secret": "root"},
    "expiring": {"issuer_secret": "root", "in_hours": 2},
    "wrong_name": {"issuer_secret": "root"},
    "unknown_ca": {},
    "broken_chain": {},
}


class DiedError(Exception):
    """Where a process would have been killed."""


class Through(Systems):
    """Systems that are reached through a client of the test's."""

    def __init__(self, kube: Kube) -> None:
        super().__init__()
        self._kube = kube


class MortalKube(Kube):
    """A client whose process dies at its n-th request: just before it is sent, or before its answer is read."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__()
        self.left, self.sent = 0, sent

    def dying_at(self, request: int) -> Systems:
        """Systems that are reached through this client until it dies at that request."""
        self.left = request
        return Through(self)

    def _send(self, *arguments: Any, **options: Any) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise DiedError
        if self.left > 0:
            return super()._send(*arguments, **options)
        if self.sent:
            super()._send(*arguments, **options)
        raise DiedError


class HeldKube(Kube):
    """A client whose patch stays on the way until `land` is called, although its sender has given up."""

    held: tuple[Any, Any] | None = None

    def _send(self, what: Any, method: str, *arguments: Any, **options: Any) -> bytes:
        if method == "PATCH":
            self.held = (what, method, *arguments), options
            raise DiedError
        return super()._send(what, method, *arguments, **options)

    def land(self) -> None:
        assert self.held is not None
        super()._send(*self.held[0], **self.held[1])


class Place:
    """A namespace with a TLS Secret, and one fault that is driven as the ledger would."""

    def __init__(self, cluster: Cluster, systems: Systems) -> None:
        self.namespace, self.systems, self.kube = cluster.namespace, systems, systems.kube
        self.create("root", ROOT.certificate_pem, ROOT.key_pem)
        self.create(
            "tls",
            SERVER.certificate_pem,
            SERVER.key_pem,
            labels={"app": "gateway"},
            annotations={"team": "ml"},
            password=PLANTED.encode(),
        )
        self.before = self.content()

    def create(self, name: str, certificate: bytes, key: bytes, **more: Any) -> None:
        metadata: Document = {"name": name}
        metadata |= {part: more.pop(part) for part in ("labels", "annotations") if part in more}
        entries: dict[str, bytes] = {"tls.crt": certificate, "tls.key": key, **more}
        data: dict[str, str] = {entry: base64.b64encode(value).decode() for entry, value in entries.items()}
        self.kube.create(SECRETS, {"metadata": metadata, "type": "kubernetes.io/tls", "data": data}, self.namespace)

    def content(self) -> Document:
        """What must be as before: all but what the API itself counts up."""
        found = copy.deepcopy(self.kube.get(SECRETS, "tls", self.namespace))
        for counted in ("resourceVersion", "managedFields"):
            found["metadata"].pop(counted, None)
        return found

    def renew(self) -> None:
        value = base64.b64encode(RENEWED.certificate_pem).decode()
        self.kube.patch(SECRETS, "tls", {"data": {"tls.crt": value}}, self.namespace)

    def secrets(self) -> set[str]:
        """Names of Secrets, without those that a cluster makes for its service accounts."""
        found = self.kube.find(SECRETS, self.namespace, metadata_only=True)
        return {one["metadata"]["name"] for one in found if not one["metadata"]["name"].startswith("default-token")}

    def planned(self, kind: str = "expired", /, **more: Any) -> tuple[Fault[Any], Injection[Any], Record]:
        fault = fault_named(f"certificates.{kind}")
        given = {"namespace": self.namespace, "secret": "tls", **FAULTS[kind], **more}
        arguments = fault.arguments.model_validate(given)
        (target,) = fault.plan(arguments, self.systems, Choice(1)).targets
        undo = fault.undo_arguments(target, arguments, self.systems)
        record = Record(TAG, "run", f"certificates.{kind}", target, Undo(f"certificates.{kind}", undo), 0.0, 1.0)
        return fault, Injection("run", TAG, target, arguments, undo, 4e9), record

    def whole(self) -> bool:
        return self.content() == self.before and self.secrets() == {"root", "tls"}


@pytest.fixture
def place(cluster: Cluster) -> Iterator[Place]:
    with Systems() as systems:
        yield Place(cluster, systems)


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_goes_in_and_leaves_nothing_behind(place: Place, name: str) -> None:
    fault, injection, record = place.planned(name)
    assert place.whole()
    fault.inject(injection, place.systems)
    assert fault.in_effect(injection, place.systems)
    assert not fault.undone(record, place.systems)
    there = place.content()
    assert {key for key in there["data"] if there["data"][key] != place.before["data"][key]} == {"tls.crt"}
    assert place.secrets() == {"root", "tls", backup_name(TAG)}

    fault.inject(injection, place.systems)  # a sender that repeats himself
    assert place.content() == there

    fault.undo(record, place.systems)
    assert fault.undone(record, place.systems)
    assert not fault.in_effect(injection, place.systems)
    assert place.whole()
    fault.undo(record, place.systems)
    assert place.whole()


@pytest.mark.parametrize("sent", [False, True], ids=["before", "after"])
def test_killed_at_any_request_it_is_undone_by_whoever_comes_next(place: Place, sent: bool) -> None:
    fault, injection, record = place.planned()
    mortal = MortalKube(sent=sent)
    for killed_at in range(1, 20):
        try:
            fault.inject(injection, mortal.dying_at(killed_at))
        except DiedError:
            alive = False
        else:
            alive = True
        for undo_killed_at in range(1, 20):
            try:
                fault.undo(record, mortal.dying_at(undo_killed_at))
            except DiedError:
                continue
            break
        assert fault.undone(record, place.systems)
        assert place.whole(), killed_at
        if alive:
            break
    assert killed_at > 3


def test_a_write_that_lands_after_the_undo_is_refused_by_the_api(place: Place) -> None:
    fault, injection, record = place.planned()
    sender = HeldKube()
    with pytest.raises(DiedError):
        fault.inject(injection, Through(sender))
    fault.undo(record, place.systems)
    with pytest.raises(ConflictError):
        sender.land()
    assert fault.undone(record, place.systems)
    assert place.whole()


def test_undoing_what_never_went_in_is_quiet(place: Place) -> None:
    fault, _, record = place.planned()
    fault.undo(record, place.systems)
    assert fault.undone(record, place.systems)
    assert place.whole()


def test_a_renewal_while_the_fault_is_in_stays(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    fault, injection, record = place.planned()
    fault.inject(injection, place.systems)
    place.renew()
    assert not fault.in_effect(injection, place.systems)
    with caplog.at_level(logging.WARNING):
        fault.undo(record, place.systems)
    assert "tls.crt was renewed by somebody else" in caplog.text
    assert fault.undone(record, place.systems)
    assert base64.b64decode(place.content()["data"]["tls.crt"]) == RENEWED.certificate_pem
    assert place.content()["metadata"] == place.before["metadata"]
    assert place.secrets() == {"root", "tls"}


def test_what_else_somebody_changes_meanwhile_stays(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    fault, injection, record = place.planned()
    fault.inject(injection, place.systems)
    place.kube.patch(SECRETS, "tls", {"metadata": {"labels": {"new": "label"}}}, place.namespace)
    with caplog.at_level(logging.WARNING):
        fault.undo(record, place.systems)
    assert "left so: labels new" in caplog.text
    assert place.content()["data"] == place.before["data"]
    assert place.content()["metadata"]["labels"] == {"app": "gateway", "new": "label"}


def test_a_secret_that_is_deleted_meanwhile_stays_deleted(place: Place) -> None:
    fault, injection, record = place.planned()
    fault.inject(injection, place.systems)
    place.kube.delete(SECRETS, "tls", place.namespace)
    fault.undo(record, place.systems)
    assert fault.undone(record, place.systems)
    assert place.secrets() == {"root"}


def test_a_lost_backup_is_told_to_a_person_until_the_mark_is_gone(place: Place) -> None:
    fault, injection, record = place.planned()
    fault.inject(injection, place.systems)
    place.kube.delete(SECRETS, backup_name(TAG), place.namespace)
    with pytest.raises(BackupError, match=r"its backup .* is gone: issue its certificate anew, then run: kubectl"):
        fault.undo(record, place.systems)
    assert not fault.undone(record, place.systems)
    place.kube.patch(SECRETS, "tls", {"metadata": {"annotations": {mark_of(TAG): None}}}, place.namespace)
    fault.undo(record, place.systems)
    assert fault.undone(record, place.systems)


def test_a_secret_without_annotations_has_none_afterwards(place: Place) -> None:
    place.kube.patch(SECRETS, "tls", {"metadata": {"annotations": None}}, place.namespace)
    place.before = place.content()
    fault, injection, record = place.planned()
    fault.inject(injection, place.systems)
    fault.undo(record, place.systems)
    assert place.whole()


def test_two_faults_on_one_secret_are_refused(place: Place) -> None:
    fault, injection, record = place.planned("expired")
    other, second, _ = place.planned("unknown_ca")
    fault.inject(injection, place.systems)
    with pytest.raises(RefusedError, match="has a fault in it already"):
        other.inject(replace(second, tag="mlchaos-other"), place.systems)
    with pytest.raises(RefusedError, match="has a fault in it already"):
        place.planned("unknown_ca")
    fault.undo(record, place.systems)
    assert place.whole()


def test_a_secret_that_was_renewed_since_the_plan_is_not_touched(place: Place) -> None:
    fault, injection, _ = place.planned()
    place.renew()
    with pytest.raises(RefusedError, match="is not the one that was planned"):
        fault.inject(injection, place.systems)
    assert place.secrets() == {"root", "tls"}


@pytest.mark.parametrize(
    ("name", "more", "reason"),
    [
        ("expired", {"secret": "nobody"}, "there is no Secret .*/nobody at"),
        ("expired", {"issuer_secret": "nobody"}, "issuer_secret: there is no Secret .*/nobody"),
        ("expired", {"issuer_secret": "tls"}, "issuer_secret: Secret .*/tls cannot sign: it holds .* has not issued"),
        ("expiring", {"issuer_secret": ""}, "until it expires it has to be trusted"),
        ("wrong_name", {"name": "gateway.ml-serving.svc"}, "take a name that it is not for"),
    ],
)
def test_what_cannot_be_done_is_found_by_the_plan(place: Place, name: str, more: dict[str, Any], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        place.planned(name, **more)
    assert place.whole()


def test_nothing_secret_is_in_plan_record_or_log(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        fault, injection, record = place.planned()
        draft = fault.plan(injection.arguments, place.systems, Choice(1))
        fault.inject(injection, place.systems)
        fault.undo(record, place.systems)
    keys = [key.decode() for key in (SERVER.key_pem, ROOT.key_pem)]
    planted = [PLANTED, *keys, *(line for key in keys for line in key.splitlines()[1:-1])]
    planted += [base64.b64encode(value.encode()).decode() for value in (PLANTED, *keys)]
    text = f"{draft} {injection} {record} {record.document()} {caplog.text}"
    assert not [value for value in planted if value in text]


def test_pods_that_serve_with_it_are_the_price_and_one_that_stays_good_costs_none(
    place: Place, cluster: Cluster
) -> None:
    container = {
        "name": "main",
        "image": "registry.invalid/none",
        "volumeMounts": [{"name": "tls", "mountPath": "/etc/tls"}],
    }
    template = {
        "metadata": {"labels": {"app": "gateway"}},
        "spec": {
            "schedulerName": NOBODY,
            "containers": [container],
            "volumes": [{"name": "tls", "secret": {"secretName": "tls"}}],
        },
    }
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "gateway"}}, "template": template}
    cluster.apps.create_namespaced_deployment(cluster.namespace, {"metadata": {"name": "gateway"}, "spec": spec})
    wait_for(lambda: len(cluster.ready_uids("gateway")) == 2, 20)
    fault, injection, _ = place.planned("expired")
    draft = fault.plan(injection.arguments, place.systems, Choice(1))
    (affected,) = draft.affected
    assert (affected.workload, affected.ready, len(affected.pods)) == ("deployment/gateway", 2, 2)
    assert draft.locks == (
        f"secret:{place.namespace}/tls",
        f"workload:{place.namespace}/deployment/gateway",
    )
    assert any("kubelet's sync" in warning for warning in draft.warnings)
    good, quiet, _ = place.planned("expiring")
    assert good.plan(quiet.arguments, place.systems, Choice(1)).affected == ()
