"""Up, down and status of a lab, from the outside: what the `chaos lab` commands do."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from lab import ports, processes
from lab.control import check_length
from lab.directory import LabDirectory
from lab.errors import LabError
from lab.network import EXPORTER_PORT, KUBELET_PORT, LabNetwork
from lab.nodes import NODES
from lab.paths import PATHS
from lab.servers import SERVERS
from lab.state import LabState, read_state

UP_SECONDS = 75.0
DOWN_SECONDS = 15.0
LOCK_SECONDS = 0.3
POLL_SECONDS = 0.1

WORKLOAD_PORTS = (5555, 8000, 8080, 8333, 8443, 9400, 9464, 29500)
"""What the pods and Services of lab/manifests listen on, each on an address of its own."""

Say = Callable[[str], None]


def is_running(directory: LabDirectory) -> bool:
    """Does a supervisor hold the lab's lock? The kernel lets go of it however that process ends."""
    try:
        with directory.lock.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def up(directory: LabDirectory, network: LabNetwork, bare: bool, say: Say) -> LabState:
    """Start a lab and wait until it is ready; `say` is told each new step.

    Raises LabError where it cannot start or does not come up; then nothing of it is left running. An interrupt
    (KeyboardInterrupt) takes it down again too.
    """
    started_at = time.time()
    check_length(directory)
    _check_tools()
    _check_directory(directory)
    directory.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(directory) as lock:
        _clear_away(directory)
        _check_ports(network, bare)
        supervisor = _start_supervisor(directory, network, bare, started_at, lock)
    try:
        return _follow(directory, supervisor, say)
    except BaseException:
        down(directory)
        raise


@contextlib.contextmanager
def _locked(directory: LabDirectory) -> Iterator[IO[bytes]]:
    with directory.lock.open("ab") as lock:
        try:
            _take(lock)
        except BlockingIOError as error:
            since = _since(directory)
            raise LabError(
                f"a lab runs already in {directory.root} (since {since})",
                "use it (chaos lab status), end it (chaos lab down), or start another one beside it with "
                "--dir DIRECTORY --network NUMBER",
            ) from error
        lock.truncate(0)  # whose pid stood there is nobody's supervisor any more
        yield lock


def _since(directory: LabDirectory) -> str:
    with contextlib.suppress(LabError):
        if state := read_state(directory.state):
            return time.strftime("%H:%M:%S", time.localtime(state.started_at))
    return "a moment ago"


def _take(lock: IO[bytes]) -> None:
    """Lock for good; tried again for a moment, since whoever asks whether a lab runs holds the lock meanwhile."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _check_tools() -> None:
    for tool in ("setpriv", "sh"):
        if shutil.which(tool) is None:
            raise LabError(
                f"the program {tool} is not on PATH; the lab needs it to end its processes with their parents",
                "install it (Debian: apt-get install util-linux dash)",
            )


def _check_directory(directory: LabDirectory) -> None:
    """A lab clears its directory away when it starts: one that holds anything else is not its own."""
    if not directory.root.is_dir():
        if directory.root.exists():
            raise LabError(f"{directory.root} is no directory", "name another one with --dir")
        return
    names = {entry.name for entry in directory.root.iterdir()}
    if names and directory.lock.name not in names:
        raise LabError(
            f"{directory.root} holds other things ({', '.join(sorted(names)[:3])}{', ...' if len(names) > 3 else ''}), "
            "and a lab clears its directory away",
            "name a new or empty one with --dir or MLCHAOS_LAB_DIR",
        )


def _clear_away(directory: LabDirectory) -> None:
    """Whatever an earlier lab left in this directory, processes first."""
    if left := processes.sweep(directory.lab_id):
        raise LabError(f"processes of an earlier lab do not die: {left}", "end them as their owner, then try again")
    for entry in directory.own_entries():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)
    directory.logs.mkdir()
    directory.nodes.mkdir()


def _check_ports(network: LabNetwork, bare: bool) -> None:
    wanted = [("the API server", network.infra_ip, 6443)]
    wanted += [(f"node {node.name}", network.node_ip(node.index), KUBELET_PORT) for node in NODES]
    if not bare:
        wanted += [(server.name, network.infra_ip, server.port) for server in SERVERS]
        wanted.append(("the exporter", network.infra_ip, EXPORTER_PORT))
        wanted += [(f"Toxiproxy's path {path.name}", network.infra_ip, path.port) for path in PATHS]
        anywhere = str(network.service_range[1])
        wanted += [("a workload", anywhere, port) for port in WORKLOAD_PORTS]
    for name, address, port in wanted:
        if ports.in_use(address, port):
            raise LabError(
                f"{address}:{port}, which {name} needs, is in use by {ports.holder(port, address)}",
                f"end that process, or, if it is there for this address only, take others with --network (now "
                f"{network.octet})",
            )


def _start_supervisor(
    directory: LabDirectory, network: LabNetwork, bare: bool, started_at: float, lock: IO[bytes]
) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "lab.supervisor", "--directory", str(directory.root)]
    command += ["--octet", str(network.octet), "--started-at", repr(started_at), *(["--bare"] if bare else [])]
    with directory.log("supervisor").open("ab") as output:
        supervisor = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
            pass_fds=(lock.fileno(),),
        )
    directory.lock.write_text(str(supervisor.pid))
    return supervisor


def _follow(directory: LabDirectory, supervisor: "subprocess.Popen[bytes]", say: Say) -> LabState:
    deadline = time.monotonic() + UP_SECONDS
    step = ""
    while time.monotonic() < deadline:
        state = read_state(directory.state)
        if state is not None and state.step not in ("", step):
            step = state.step
            say(step)
        if state is not None and state.phase == "ready":
            return state
        if supervisor.poll() is not None:
            state = read_state(directory.state)
            if state is not None and state.phase == "stopped":
                raise LabError("the lab was taken down while it started", "start it again")
            reason = state.step if state and state.phase == "crashed" else last_line(directory, "supervisor")
            raise LabError(f"the lab did not come up: {reason}", f"read the logs in {directory.logs}")
        time.sleep(POLL_SECONDS)
    raise LabError(
        f"the lab was not ready within {UP_SECONDS:.0f} s; the last step was: {step}",
        f"read the logs in {directory.logs}",
    )


def last_line(directory: LabDirectory, component: str) -> str:
    try:
        lines = directory.log(component).read_text(errors="replace").strip().splitlines()
    except FileNotFoundError:
        return "it left no log"
    return lines[-1] if lines else "it left no word"


def down(directory: LabDirectory) -> bool:
    """End the lab of this directory and everything that carries its mark; False where there was nothing to end.

    Raises LabError where something will not die.
    """
    running = is_running(directory)
    if running:
        _end_supervisor(directory)
    found = bool(processes.marked(directory.lab_id)) or running
    if left := processes.sweep(directory.lab_id):
        raise LabError(f"processes of the lab do not die: {left}", "end them as their owner")
    return found


def _end_supervisor(directory: LabDirectory) -> None:
    """SIGTERM, and SIGKILL when that does not end it in time; an `up` that has not got so far is waited for."""
    deadline = time.monotonic() + DOWN_SECONDS
    asked: int | None = None
    while is_running(directory):
        supervisor = _supervisor_pid(directory)
        late = time.monotonic() > deadline
        if supervisor is not None and (late or supervisor != asked):
            with contextlib.suppress(ProcessLookupError):
                os.kill(supervisor, signal.SIGKILL if late else signal.SIGTERM)
            asked = supervisor
        if late and supervisor is None:
            raise LabError(
                f"something holds {directory.lock} that is no lab", "see who it is with `fuser`, end it, and try again"
            )
        time.sleep(POLL_SECONDS)


def _supervisor_pid(directory: LabDirectory) -> int | None:
    """The supervisor of this directory, if the process that the lock names is one: pids are used again."""
    with contextlib.suppress(OSError, ValueError):
        pid = int(directory.lock.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"lab.supervisor" in command and os.fsencode(directory.root) in command:
            return pid
    return None


def status(directory: LabDirectory) -> LabState | None:
    """The lab's state; a lab whose supervisor died without a word is `crashed`."""
    state = read_state(directory.state)
    if state is None or is_running(directory) or state.phase in ("stopped", "crashed"):
        return state
    lost = "its supervisor was killed; nothing of it runs any more"
    stopped = tuple(component.model_copy(update={"running": False, "pid": None}) for component in state.components)
    return state.model_copy(update={"phase": "crashed", "step": lost, "components": stopped})
