"""The processes of a container hang, as an engine or a collective that waits for ever; the pod looks alive."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import JsonValue

from actions.fault import Injection, RefusedError, Target
from actions.pods.container_fault import ContainerFault
from actions.pods.inside import ContainerSelection, list_processes, same_container, send_signal
from actions.pods.processes import Process, keys_in, with_keys
from actions.selection.pod import Container, Pod
from clients.kube import KubeError

if TYPE_CHECKING:
    from actions.ledger.record import Record
    from actions.systems import Systems
    from clients.kube import Kube


class Freeze(ContainerFault):
    """Send SIGSTOP to what a container's first process has started, and SIGCONT to undo it.

    The first process itself cannot be stopped from inside. Needs a shell (sh) in the image, and `pods/exec`.
    """

    planes = ("application",)
    signal = "STOP"
    puts_back = "SIGCONT to the very processes that were stopped"

    def check(self, kube: "Kube", pods: Sequence[Pod], containers: Sequence[Container]) -> list[str]:
        del kube, pods
        return [
            f"the liveness probe of container {container.name} may have it restarted after "
            f"{container.liveness_seconds:g} s without an answer, which ends the freeze early"
            for container in containers
            if container.liveness_seconds is not None
        ]

    def in_effect(self, injection: Injection[ContainerSelection], systems: "Systems") -> bool:
        kube, target, undo = systems.kube, injection.target, injection.undo
        there = with_keys(list_processes(kube, target, str(undo["container"])), keys_in(undo["processes"]))
        return bool(there) and all(process.stopped or process.ended for process in there)

    def still_in_effect(self, injection: Injection[ContainerSelection], systems: "Systems") -> bool:
        """No process goes on. That they are gone, with their container or pod, is how a system gets rid of a hang."""
        kube, target, undo = systems.kube, injection.target, injection.undo
        there: Sequence[Process] = ()
        with _gone_is_quiet(target, undo, systems):
            there = with_keys(list_processes(kube, target, str(undo["container"])), keys_in(undo["processes"]))
        return all(process.stopped or process.ended for process in there)

    def undo(self, record: "Record", systems: "Systems") -> None:
        """Sent also where nothing stands still yet: it takes back a SIGSTOP that a process has not got round to."""
        with _gone_is_quiet(record.target, record.undo.args, systems):
            container, keys = str(record.undo.args["container"]), keys_in(record.undo.args["processes"])
            send_signal(systems.kube, record.target, container, "CONT", keys)

    def undone(self, record: "Record", systems: "Systems") -> bool:
        """Whether none of those processes stands still. A container that was restarted has none of them."""
        standing: list[Process] = []
        with _gone_is_quiet(record.target, record.undo.args, systems):
            container, keys = str(record.undo.args["container"]), keys_in(record.undo.args["processes"])
            standing = [
                process
                for process in with_keys(list_processes(systems.kube, record.target, container), keys)
                if process.stopped
            ]
        return not standing


@contextmanager
def _gone_is_quiet(target: Target, undo: Mapping[str, JsonValue], systems: "Systems") -> Iterator[None]:
    """Pass over what fails because the container is gone or restarted.

    That is looked at only after a failure: the signal reaches none but the very processes of the record, and an undo is
    to be quick.
    """
    try:
        yield
    except (KubeError, RefusedError):
        if same_container(systems.kube, target, str(undo["container"]), undo["container_id"]):
            raise
