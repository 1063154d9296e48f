"""What takes a machine away, and brings it back: commands of this process's environment, or a plugin.

There is no way to do that through the Kubernetes API, and none that fits every fleet. So the killer is chosen where
mlchaos runs, by its environment, and never by an experiment or a ledger: those are data that others can write.

    MLCHAOS_NODE_STOP='virsh destroy {node}'  MLCHAOS_NODE_START='virsh start {node}'     the `command` killer
    MLCHAOS_NODE_KILLER=my-cloud       the plugin `my-cloud` of the entry-point group `mlchaos.node_killers`

Without any of these every call refuses.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from clients.permanent import PermanentError

STOP = "MLCHAOS_NODE_STOP"
START = "MLCHAOS_NODE_START"
KILLER = "MLCHAOS_NODE_KILLER"
PLUGINS = "mlchaos.node_killers"

COMMAND_SECONDS = 60.0
PLACEHOLDER = "{node}"
_NODE_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_LONGEST_NAME = 253


class NodeKillerError(Exception):
    """A node could not be stopped or started: by which killer, why, and what to do."""


class NoNodeKillerError(NodeKillerError, PermanentError):
    """Nothing here can take this node away or bring it back; it takes configuration."""


class NodeKiller(Protocol):
    """Stops and starts machines by the names of their nodes. Both calls are idempotent, and may come in any process.

    They return when the machine has been told, not when Kubernetes has noticed; they raise NodeKillerError.
    """

    @property
    def name(self) -> str:
        """What records and plans call it."""

    def stop(self, node: str) -> None:
        """Take the machine away as a power cut would, without draining it."""

    def start(self, node: str) -> None:
        """Bring the machine back; one that runs is left alone."""


@dataclass(frozen=True, slots=True)
class RefusingKiller:
    """The default: takes nothing away, and says what would."""

    name: str = "none"

    def stop(self, node: str) -> None:
        raise NoNodeKillerError(self.refusal("stop", node))

    def start(self, node: str) -> None:
        raise NoNodeKillerError(self.refusal("start", node))

    @staticmethod
    def refusal(verb: str, node: str) -> str:
        """Why not, and what to do."""
        return (
            f"cannot {verb} node {node}: no node killer is configured here; set {STOP} and {START} to commands with "
            f'{PLACEHOLDER} in them (in the lab: eval "$(chaos lab env)"), or {KILLER} to a plugin\'s name'
        )


@dataclass(frozen=True, slots=True)
class CommandKiller:
    """Runs a command line without a shell; `{node}` in a word of it is replaced by the node's name."""

    stop_words: tuple[str, ...]
    start_words: tuple[str, ...]
    name: str = "command"
    seconds: float = COMMAND_SECONDS

    def stop(self, node: str) -> None:
        self._run("stop", self.stop_words, node)

    def start(self, node: str) -> None:
        self._run("start", self.start_words, node)

    def _run(self, verb: str, words: tuple[str, ...], node: str) -> None:
        if len(node) > _LONGEST_NAME or not _NODE_NAME.fullmatch(node):
            raise NodeKillerError(f"cannot {verb} node {node!r}: this is not the name of a node")
        command = [word.replace(PLACEHOLDER, node) for word in words]
        program = command[0]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self.seconds,
                check=False,
                start_new_session=True,  # a Ctrl-C at the terminal is for us: what brings a node back must finish
            )
        except subprocess.TimeoutExpired as error:
            raise NodeKillerError(f"cannot {verb} node {node}: {program} did not end in {self.seconds:g} s") from error
        except OSError as error:
            raise NodeKillerError(f"cannot {verb} node {node}: {program}: {error.strerror}") from error
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1][:300]
            raise NodeKillerError(f"cannot {verb} node {node}: {program} ended with {done.returncode}: {said}")


def node_killer(environment: Mapping[str, str] | None = None) -> NodeKiller:
    """The killer that the environment (this process's) configures. Raises NodeKillerError for half a configuration."""
    env = os.environ if environment is None else environment
    chosen = env.get(KILLER, "")
    if chosen not in ("", "command"):
        return _plugin(chosen)
    stop, start = env.get(STOP, ""), env.get(START, "")
    if not stop and not start and not chosen:
        return RefusingKiller()
    return CommandKiller(_words(STOP, stop), _words(START, start))


def _words(variable: str, template: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(template))
    except ValueError as error:
        raise NodeKillerError(f"{variable} is not a command line: {error}; write it as for a shell") from error
    if not words:
        raise NodeKillerError(
            f"{variable} is empty: a node is only taken away where it can be brought back; set both {STOP} and {START}"
        )
    if PLACEHOLDER in words[0] or not any(PLACEHOLDER in word for word in words):
        raise NodeKillerError(
            f"{variable} does not say where the node's name goes: put {PLACEHOLDER} after the program"
        )
    return words


def _plugin(name: str) -> NodeKiller:
    from importlib.metadata import entry_points

    found = entry_points(group=PLUGINS)
    if name not in found.names:
        known = ", ".join(sorted({"command", *found.names}))
        raise NodeKillerError(f"{KILLER} names {name!r}, which is not installed here; there is: {known}")
    make: Callable[[], NodeKiller] = found[name].load()
    return make()
