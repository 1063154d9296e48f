"""How a container's process is launched, found and entered: in a PID namespace of its own, or as a plain child.

Launching in a PID namespace takes this chain, each program becoming the next unless it says "starts":

    setpriv (dies with the kubelet) -> unshare --pid -> sh, starts as process 1 of the namespace:
        setpriv (dies with that sh) -> sh (gives back stderr) -> unshare --mount-proc -> the container's command

When process 1 of a PID namespace dies the kernel kills all others in it, daemons included. The waiting sh stands in for
`unshare --fork`, which reports a child killed by SIGKILL as exit status 1 (util-linux 2.38); sh reports 128+9. It keeps
its own stderr shut because it would say "Killed" in the container's log.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")
_WAIT = 'exec 3>&2 2>/dev/null; "$@"; exit "$?"'
_OUTPUT = 'exec "$@" 2>&3 3>&-'
TRIAL_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Isolation:
    """What the kernel allows here; `user_namespace` is needed for the PID namespace by users other than root."""

    pid_namespace: bool
    user_namespace: bool = False

    def launch(self, command: Sequence[str]) -> list[str]:
        """The command line that starts `command` as a container."""
        if not self.pid_namespace:
            return [*_DIE_WITH_PARENT, *command]
        as_root = ["--user", "--map-root-user"] if self.user_namespace else []
        waiting = [*_DIE_WITH_PARENT, "unshare", *as_root, "--pid", "--", "sh", "-c", _WAIT, "sh"]
        return [*waiting, *self._first_process(command)]

    def _first_process(self, command: Sequence[str]) -> list[str]:
        return [*_DIE_WITH_PARENT, "sh", "-c", _OUTPUT, "sh", "unshare", "--mount-proc", "--", *command]

    def enter(self, pid: int, directory: Path, command: Sequence[str], *, tty: bool) -> list[str]:
        """The command line that runs `command` beside process `pid` (a container's), to be killed with the caller."""
        terminal = ["setsid", "--ctty", "--"] if tty else []
        if not self.pid_namespace:
            return [*_DIE_WITH_PARENT, *terminal, *command]
        as_root = ["--user", "--preserve-credentials"] if self.user_namespace else []
        namespaces = ["nsenter", *as_root, "--target", str(pid), "--pid", "--mount", "--"]
        # Entering the mount namespace loses the working directory.
        inside = ["env", f"--chdir={directory}", "--", *_DIE_WITH_PARENT, *terminal, *command]
        return [*_DIE_WITH_PARENT, *namespaces, *inside]

    def container_pid(self, pid: int) -> int | None:
        """The container's process behind the launched process `pid`; None if there is none (yet, or any more)."""
        if not self.pid_namespace:
            return pid
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return int(children[0]) if children else None
        return None

    def is_running(self, pid: int, command: Sequence[str]) -> bool:
        """Whether the launched process `pid` has come to run `command` itself, past the programs of the chain."""
        inner = self.container_pid(pid)
        if inner is None:
            return False
        try:
            shown = Path(f"/proc/{inner}/cmdline").read_bytes()
        except OSError:
            return False
        # Each program of the chain shows the command behind words of its own; the forked sh still shows all of it.
        chain = self.launch(command)
        stages = (_shown(chain[i:]) for i in range(len(chain) - len(command)))
        return bool(shown) and shown not in set(stages)

    def kill(self, pid: int) -> None:
        """Kill the container launched as process `pid` (leader of a process group) with all that is in it."""
        inner = self.container_pid(pid)
        with contextlib.suppress(ProcessLookupError):
            if self.pid_namespace and inner is not None:
                os.kill(inner, signal.SIGKILL)
            else:
                os.killpg(pid, signal.SIGKILL)


def _shown(words: Sequence[str]) -> bytes:
    return b"".join(word.encode(errors="surrogateescape") + b"\0" for word in words)


def detect() -> Isolation:
    """The strongest isolation that works here, by trying it."""
    namespaced = Isolation(pid_namespace=True, user_namespace=os.geteuid() != 0)
    with contextlib.suppress(subprocess.TimeoutExpired):
        trial = subprocess.run(
            namespaced.launch(["sh", "-c", 'test "$$" = 1 && test -e /proc/1/exe']),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TRIAL_SECONDS,
            check=False,
        )
        if trial.returncode == 0:
            return namespaced
    return Isolation(pid_namespace=False)
