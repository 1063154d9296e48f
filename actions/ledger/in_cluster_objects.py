"""The ledger as objects of Kubernetes: ConfigMaps for records and the halt, Leases for heartbeats and locks. Pure."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

from actions.ledger.record import DEAD_AFTER_SECONDS, Halt, Heartbeat, Record, fault_of_document, read_record
from actions.ledger.store import LedgerError
from clients.kube import Document, Resource

CONFIG_MAPS = Resource("configmaps")
LEASES = Resource("leases", "coordination.k8s.io")
NAMESPACES = Resource("namespaces")

KIND_LABEL = "mlchaos.io/ledger"
RUN_LABEL = "mlchaos.io/run"
MANAGED_BY = {"app.kubernetes.io/managed-by": "mlchaos"}
LOCK_KEY = "mlchaos.io/lock"
HALT_NAME = "mlchaos-halt"

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


class UnreadableError(LedgerError):
    """An object of the ledger that is none that this release writes."""


def record_object(record: Record) -> Document:
    """The ConfigMap of a record. Its state is a label too, for people who list them with kubectl."""
    if not _DNS_LABEL.fullmatch(record.id):
        raise LedgerError(f"{record.id!r} is no DNS label, so no record can be kept under it")
    labels = _labels("record", record.run) | {"mlchaos.io/state": record.state}
    metadata: Document = {"name": record.id, "labels": labels}
    if record.version:
        metadata["resourceVersion"] = record.version
    text = json.dumps(record.document(), indent=1, sort_keys=True)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"record": text}}


def read_record_object(document: Document) -> Record:
    """The record in a ConfigMap. Raises UnreadableError."""
    metadata = document["metadata"]
    try:
        record = read_record(json.loads((document.get("data") or {})["record"]), metadata["resourceVersion"])
    except (KeyError, ValueError) as error:
        raise _unreadable(metadata, fault_of_document(error)) from error
    if record.id != metadata["name"]:
        raise _unreadable(metadata, f"it says that its id is {record.id}")
    return record


def _unreadable(metadata: Document, why: str) -> UnreadableError:
    return UnreadableError(
        f"configmap {metadata.get('namespace', '')}/{metadata['name']} is in the ledger and cannot be read as a "
        f"record: {why}; it may be of a newer mlchaos: recover with that, or undo by hand what it says and delete it"
    )


def heartbeat_name(run: str) -> str:
    """The name of a run's Lease."""
    name = f"mlchaos-run-{run.lower()}"
    return name if _DNS_LABEL.fullmatch(name) else f"mlchaos-run-{_digest(run)}"


def heartbeat_object(run: str, at: float) -> Document:
    """The Lease by which a run says that it lives."""
    spec = {"holderIdentity": run, "leaseDurationSeconds": int(DEAD_AFTER_SECONDS), "renewTime": _micro_time(at)}
    return _lease(heartbeat_name(run), _labels("heartbeat", run), spec)


def heartbeat_patch(at: float) -> Document:
    """What a further beat changes."""
    return {"spec": {"renewTime": _micro_time(at)}}


def read_heartbeat(document: Document) -> Heartbeat:
    """The sign of life in a Lease. A time that cannot be read is long ago: the version still says whether it beats."""
    spec = document.get("spec") or {}
    run = str(spec.get("holderIdentity") or "")
    try:
        at = datetime.fromisoformat(str(spec.get("renewTime"))).timestamp()
    except ValueError:
        at = 0.0
    return Heartbeat(run, at, document["metadata"]["resourceVersion"])


def lock_name(key: str) -> str:
    """The name of a lock's Lease; keys have characters that names may not have."""
    return f"mlchaos-lock-{_digest(key)}"


def lock_object(key: str, run: str, at: float, version: str = "") -> Document:
    """The Lease that keeps others from `key`; with a version it replaces the one that has that."""
    spec = {"holderIdentity": run, "acquireTime": _micro_time(at), "renewTime": _micro_time(at)}
    lease = _lease(lock_name(key), _labels("lock", run), spec)
    lease["metadata"]["annotations"] = {LOCK_KEY: key}
    if version:
        lease["metadata"]["resourceVersion"] = version
    return lease


def holder_of(lease: Document) -> str:
    """The run that has a lock."""
    return str((lease.get("spec") or {}).get("holderIdentity") or "")


def key_of(lease: Document) -> str:
    """What a lock is on."""
    metadata = lease["metadata"]
    return str((metadata.get("annotations") or {}).get(LOCK_KEY) or metadata["name"])


def halt_object(halt: Halt) -> Document:
    """The ConfigMap that stops every run."""
    labels = {**MANAGED_BY, KIND_LABEL: "halt"}
    data = {"why": halt.why, "by": halt.by, "at": repr(halt.at)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": HALT_NAME, "labels": labels}, "data": data}


def read_halt(document: Document) -> Halt:
    """Why all is halted. One that somebody made by hand, with less in it, halts too."""
    data = document.get("data") or {}
    try:
        at = float(data.get("at", 0.0))
    except ValueError:
        at = 0.0
    return Halt(str(data.get("why", "no reason given")), str(data.get("by", "somebody")), at)


def _labels(kind: str, run: str) -> dict[str, str]:
    if not _LABEL_VALUE.fullmatch(run):
        raise LedgerError(f"{run!r} is no id of a run: it has to be a label value of Kubernetes")
    return {**MANAGED_BY, KIND_LABEL: kind, RUN_LABEL: run}


def _lease(name: str, labels: dict[str, str], spec: dict[str, Any]) -> Document:
    metadata: Document = {"name": name, "labels": labels}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _micro_time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
