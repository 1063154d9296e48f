"""Reaching into the containers of picked pods: which container, which processes, and signals to them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field, JsonValue

from actions.fault import Permission, RefusedError, Target
from actions.pods.present import present
from actions.pods.processes import LIST, SHARED, SIGNAL, Process, read_processes, started_by_first
from actions.selection.arguments import PodSelection
from actions.selection.pod import Container, Pod
from clients.kube import ForbiddenError, Kube, KubeError

if TYPE_CHECKING:
    from clients.kube_exec import Executed

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
SECONDS = 5.0
"""How long one command in a container may take. The undo's own patience is longer: it asks again."""


KILLED = 137


class ShellKilledError(KubeError):
    """The container ended under our command, so it is not known how far that came."""


class ContainerSelection(PodSelection):
    """Which pods, and what in each of them."""

    container: str = Field(
        "", description="The container; not needed where a pod has one, or says which is its main one."
    )
    process: str = Field(
        "",
        max_length=15,
        description="Only processes with this name (as `ps -o comm` shows it, at most 15 characters; * and ? match "
        "any). All that the container's first process has started, by default.",
    )


def exec_permissions(namespace: str) -> list[Permission]:
    """What running commands in containers takes: which of the two exec verbs is asked depends on the API's release."""
    return [
        Permission("get", "pods", namespace=namespace),
        Permission("get", "pods/exec", namespace=namespace),
        Permission("create", "pods/exec", namespace=namespace),
    ]


def choose_container(pod: Pod, wanted: str) -> Container:
    """The container that is meant. Raises RefusedError where that is not clear, or must not be."""
    if pod.shared_processes:
        raise RefusedError(
            f"pod {pod.name} shares its processes with others (shareProcessNamespace or hostPID): which are the "
            "container's cannot be told, so none is touched"
        )
    names = [container.name for container in pod.containers]
    name = wanted or pod.annotations.get(DEFAULT_CONTAINER) or (names[0] if len(names) == 1 else "")
    if name not in names:
        asked = f"has no container {name!r}" if name else "has several containers"
        raise RefusedError(f"pod {pod.name} {asked}: set container to one of {', '.join(names)}")
    container = pod.containers[names.index(name)]
    if not container.running or not container.id:
        raise RefusedError(f"container {name} of pod {pod.name} is not running: there is nothing to break in it")
    return container


def list_processes(kube: Kube, target: Target, container: str) -> list[Process]:
    """All processes of a container. Raises RefusedError where they are not its own, and KubeError."""
    done = _run(kube, target, container, ["sh", "-c", LIST])
    if done.exit_code == SHARED:
        raise RefusedError(f"container {container} of {target} sees processes of others, so none is touched")
    if done.exit_code != 0:
        raise KubeError(
            f"cannot list the processes of container {container} of {target}: exit status {done.exit_code}: "
            f"{done.stderr.strip()[:200]}; it takes a shell (sh) in the image"
        )
    processes = read_processes(done.stdout)
    if not processes:
        raise KubeError(f"cannot list the processes of container {container} of {target}: its /proc shows none")
    return processes


def send_signal(kube: Kube, target: Target, container: str, signal: str, keys: Sequence[str]) -> None:
    """Send a signal (`STOP`) to those of the processes that still are what they were; quiet for all others."""
    done = _run(kube, target, container, ["sh", "-c", SIGNAL, "sh", signal, *keys])
    if done.exit_code == KILLED:
        raise ShellKilledError(f"the shell in container {container} of {target} was killed with the container")
    if done.exit_code != 0:
        raise KubeError(f"cannot signal in container {container} of {target}: exit status {done.exit_code}")


def processes_to_hit(kube: Kube, target: Target, container: str, pattern: str) -> list[Process]:
    """The running processes that PID 1 has started and the pattern means. Raises RefusedError when there are none."""
    listed = list_processes(kube, target, container)
    started = [process for process in started_by_first(listed) if not process.ended]
    if not started:
        raise RefusedError(
            f"container {container} of {target} has no process but its first, and the kernel keeps signals from inside "
            "away from that one: kill the pod instead (actions.pods.kill)"
        )
    meant = [process for process in started_by_first(listed, pattern) if process.runs]
    if not meant and not pattern:
        raise RefusedError(f"all processes of container {container} of {target} are stopped already, by somebody else")
    if not meant:
        names = ", ".join(sorted({process.name for process in started}))
        raise RefusedError(f"no running process of container {container} of {target} is called {pattern!r}: {names}")
    return meant


def check_processes(kube: Kube, target: Target, container: str, pattern: str) -> None:
    """For the plan: are there processes to hit? Quiet where we may not look: the plan tells what is not permitted."""
    try:
        processes_to_hit(kube, target, container, pattern)
    except ForbiddenError:
        return


def same_container(kube: Kube, target: Target, container: str, container_id: JsonValue) -> bool:
    """Whether this very container, not restarted since, still runs in this very pod."""
    pod = present(kube, target)
    if pod is None or pod.finished:
        return False
    return any(one.name == container and one.id == container_id and one.running for one in pod.containers)


def _run(kube: Kube, target: Target, container: str, command: Sequence[str]) -> "Executed":
    from clients.kube_exec import execute

    done = execute(kube, target.namespace, target.name, container, command, SECONDS)
    if done.exit_code in (126, 127) and not done.stdout:
        raise KubeError(f"container {container} of {target} has no shell (sh): {done.stderr.strip()[:200]}")
    return done
