"""The ledger in Kubernetes, so that any machine with access can recover: everything is in one namespace.

Writes are compare-and-swap on the resourceVersion. A write whose answer was lost is told from one that somebody else
made by what it wrote, so every call may be repeated.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from actions.ledger.in_cluster_objects import (
    CONFIG_MAPS,
    HALT_NAME,
    KIND_LABEL,
    LEASES,
    NAMESPACES,
    RUN_LABEL,
    UnreadableError,
    halt_object,
    heartbeat_name,
    heartbeat_object,
    heartbeat_patch,
    holder_of,
    key_of,
    lock_name,
    lock_object,
    read_halt,
    read_heartbeat,
    read_record_object,
    record_object,
)
from actions.ledger.record import Halt, Heartbeat, Record
from actions.ledger.store import (
    Contents,
    GivenUpError,
    LedgerError,
    LockedError,
    StaleRecordError,
    TransientLedgerError,
)
from actions.ledger.takeover import Clock, is_dead
from clients.kube import ConflictError, Kube, KubeError, NotFoundError, Resource, TransientError

RACES = 5
"""How often a lock that changes hands while it is read is read again."""


class InCluster:
    """A ledger in one namespace of a cluster. `kube` is its own, with a short timeout, and closed with it."""

    def __init__(self, kube: Kube, namespace: str, clock: Clock | None = None) -> None:
        """Raises LedgerError when the namespace is not there, or may not be read."""
        self._kube = kube
        self._namespace = namespace
        self._clock = clock or Clock()
        self._beating: set[str] = set()
        self.place = f"the kubernetes ledger in namespace {namespace} of {kube.place}"
        with self._told():
            try:
                kube.get(NAMESPACES, namespace, namespace="")
            except NotFoundError as error:
                raise LedgerError(
                    f"the ledger's namespace {namespace} is not in {kube.place}; make it with `kubectl apply -f "
                    "deploy/ledger.yaml`, or name another one in MLCHAOS_NAMESPACE"
                ) from error

    def add(self, record: Record) -> Record:
        with self._told():
            try:
                created = self._kube.create(CONFIG_MAPS, record_object(record), self._namespace)
            except ConflictError as error:
                present = self.get(record.id)
                if present is None or present.document() != record.document():
                    raise StaleRecordError(f"record {record.id} is in {self.place} already, and another one") from error
                return present
            return read_record_object(created)

    def move(self, record: Record) -> Record:
        with self._told():
            try:
                return read_record_object(self._kube.replace(CONFIG_MAPS, record_object(record), self._namespace))
            except NotFoundError as error:
                raise StaleRecordError(f"record {record.id} is not in {self.place} any more") from error
            except ConflictError as error:
                present = self.get(record.id)
                if present is None or present.document() != record.document():
                    raise StaleRecordError(f"record {record.id} was moved by somebody else meanwhile") from error
                return present

    def remove(self, record: Record) -> None:
        present = self.get(record.id)
        if present is None:
            return
        if present.state != "undone":
            raise LedgerError(f"record {record.id} is {present.state}, and only an undone one may be removed")
        with self._told():
            try:
                self._kube.delete(CONFIG_MAPS, record.id, self._namespace, version=present.version)
            except NotFoundError:
                return
            except ConflictError as error:
                raise StaleRecordError(f"record {record.id} was moved by somebody else meanwhile") from error

    def get(self, record_id: str) -> Record | None:
        with self._told():
            try:
                return read_record_object(self._kube.get(CONFIG_MAPS, record_id, self._namespace))
            except NotFoundError:
                return None

    def records(self, run: str | None = None) -> list[Record]:
        contents = self._contents(run)
        if contents.problems:
            raise LedgerError("; ".join(contents.problems))
        return list(contents.records)

    def contents(self) -> Contents:
        return self._contents(None)

    def beat(self, run: str, at: float) -> None:
        with self._told():
            if run not in self._beating:
                try:
                    self._kube.create(LEASES, heartbeat_object(run, at), self._namespace)
                except ConflictError:  # an earlier attempt whose answer was lost, or another connection of this run
                    self._renew(run, at)
                self._beating.add(run)
            else:
                self._renew(run, at)

    def heartbeats(self) -> list[Heartbeat]:
        with self._told():
            leases = self._kube.find(LEASES, self._namespace, f"{KIND_LABEL}=heartbeat")
            return [read_heartbeat(lease) for lease in leases]

    def lock(self, key: str, run: str) -> None:
        with self._told():
            for _ in range(RACES):
                try:
                    self._kube.create(LEASES, lock_object(key, run, self._clock.now()), self._namespace)
                except ConflictError:
                    if self._has_lock_of(key, run):
                        return
                else:
                    return
            raise TransientLedgerError(f"{key} changes hands too fast to be locked")

    def locks(self) -> dict[str, str]:
        with self._told():
            leases = self._kube.find(LEASES, self._namespace, f"{KIND_LABEL}=lock")
            return {key_of(lease): holder_of(lease) for lease in leases}

    def end(self, run: str) -> None:
        left = [record.id for record in self.contents().records if record.run == run]
        if left:
            raise LedgerError(f"run {run} still has records in {self.place}: {', '.join(left)}")
        with self._told():
            # The heartbeat goes last: while it is there, somebody will come by and finish this.
            for lease in self._kube.find(LEASES, self._namespace, f"{KIND_LABEL}=lock,{RUN_LABEL}={run}"):
                metadata = lease["metadata"]
                self._forget(LEASES, metadata["name"], metadata["resourceVersion"])
            self._forget(LEASES, heartbeat_name(run))

    def halt(self, halt: Halt) -> None:
        document = halt_object(halt)
        with self._told():
            try:
                self._kube.create(CONFIG_MAPS, document, self._namespace)
            except ConflictError:
                try:
                    self._kube.replace(CONFIG_MAPS, document, self._namespace)
                except NotFoundError as error:
                    raise TransientLedgerError("the halt was lifted by somebody else at this moment") from error

    def resume(self) -> Halt | None:
        with self._told():
            try:
                present = self._kube.get(CONFIG_MAPS, HALT_NAME, self._namespace)
                self._kube.delete(
                    CONFIG_MAPS, HALT_NAME, self._namespace, version=present["metadata"]["resourceVersion"]
                )
            except NotFoundError:
                return None
            except ConflictError as error:
                raise TransientLedgerError("somebody else has just halted all runs again: see why") from error
            return read_halt(present)

    def halted(self) -> Halt | None:
        with self._told():
            try:
                return read_halt(self._kube.get(CONFIG_MAPS, HALT_NAME, self._namespace))
            except NotFoundError:
                return None

    def close(self) -> None:
        self._kube.close()

    def _contents(self, run: str | None) -> Contents:
        selector = f"{KIND_LABEL}=record" + (f",{RUN_LABEL}={run}" if run is not None else "")
        with self._told():
            found = self._kube.find(CONFIG_MAPS, self._namespace, selector)
        records, problems = [], []
        for document in found:
            try:
                records.append(read_record_object(document))
            except UnreadableError as error:
                problems.append(str(error))
        return Contents(tuple(sorted(records, key=lambda one: (one.intended_at, one.id))), tuple(problems))

    def _renew(self, run: str, at: float) -> None:
        try:
            self._kube.patch(LEASES, heartbeat_name(run), heartbeat_patch(at), self._namespace)
        except NotFoundError as error:
            raise GivenUpError(
                f"run {run} was silent for too long, was taken for dead and ended in {self.place}"
            ) from error

    def _heartbeat(self, run: str) -> Heartbeat | None:
        try:
            return read_heartbeat(self._kube.get(LEASES, heartbeat_name(run), self._namespace))
        except NotFoundError:
            return None

    def _has_lock_of(self, key: str, run: str) -> bool:
        """Is the present lock ours, or could it be taken over? False: it is gone or has changed, so try again."""
        try:
            lease = self._kube.get(LEASES, lock_name(key), self._namespace)
        except NotFoundError:
            return False
        holder = holder_of(lease)
        if holder == run:
            return True
        if not is_dead(lambda: self._heartbeat(holder), self._clock):
            raise LockedError(f"{key} is being worked on by run {holder}, which lives; wait until it has ended")
        left = [record for record in self.contents().records if record.run == holder and record.state != "undone"]
        if left:
            raise LockedError(
                f"{key} was left by run {holder}, which died with {len(left)} of its faults not undone; first: chaos "
                f"recover --run {holder}"
            )
        version = lease["metadata"]["resourceVersion"]
        try:
            self._kube.replace(LEASES, lock_object(key, run, self._clock.now(), version), self._namespace)
        except (NotFoundError, ConflictError):
            return False
        return True

    def _forget(self, resource: Resource, name: str, version: str = "") -> None:
        try:
            self._kube.delete(resource, name, self._namespace, version=version)
        except (NotFoundError, ConflictError):
            return  # somebody else has it now, or nobody

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the client as errors of the ledger."""
        try:
            yield
        except TransientError as error:
            raise TransientLedgerError(f"{self.place} does not answer: {error}") from error
        except KubeError as error:
            raise LedgerError(f"{self.place} cannot be used: {error}") from error
