"""The life of one container: start, wait, probe, restart, end."""

import asyncio
import contextlib
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp

from lab.kubeclient import ApiError, Document
from lab.kubelet import probes
from lab.kubelet.backoff import Backoff
from lab.kubelet.clock import rfc3339
from lab.kubelet.environment import expand_all
from lab.kubelet.host import Host
from lab.kubelet.logs import ContainerLog
from lab.kubelet.process import Process
from lab.kubelet.run import MARK, Launch, Run
from lab.kubelet.sources import MissingSourceError
from lab.kubelet.status import ContainerRecord, Running, Terminated, Waiting, restarted, restarts
from lab.kubelet.volumes import UnknownVolumeError

NO_IMAGE = Waiting("ErrImagePull", "the lab runs no images: give the container a command")
CANNOT_START = 128
POLL_SECONDS = 0.001
START_SECONDS = 5.0


class NotRunningError(Exception):
    """Something was asked of a container that is not running."""


class Container:
    """Runs the container `spec` of `pod` until its restart policy or `terminate` ends it.

    `prepare` gives its environment and directory at each start; `changed` is called after each change of `record`.
    """

    def __init__(
        self,
        host: Host,
        pod: Document,
        spec: Document,
        record: ContainerRecord,
        prepare: Callable[[Document], Awaitable[Launch]],
        changed: Callable[[], None],
        *,
        policy: str,
        pod_ip: str,
        logs: Path,
    ) -> None:
        self.record = record
        self.spec = spec
        self._host, self._pod, self._policy, self._logs = host, pod, policy, logs
        self._prepare, self._changed = prepare, changed
        self._prober = probes.Prober(spec, pod_ip, host.probes, self.run_inside)
        self._stopping = asyncio.Event()
        self._run: Run | None = None
        self.log: ContainerLog | None = None
        self.previous_log: ContainerLog | None = None

    def _set(self, record: ContainerRecord) -> None:
        if record != self.record:
            self.record = record
            self._changed()

    def _emit(self, reason: str, message: str, *, warning: bool = False) -> None:
        self._host.events.emit(self._pod, reason, message, warning=warning)

    # --- from start to end ---

    async def run(self) -> None:
        """Return when the container is over for good."""
        backoff = Backoff()
        if isinstance(self.record.state, Terminated):  # it ended under an earlier kubelet
            if not restarts(self._policy, self.record.state.exit_code):
                return
            self._set(restarted(self.record, Waiting("ContainerCreating")))
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            outcome = await self._attempt()
            self._set(replace(self.record, state=outcome, ready=False, started=False))
            if self._stopping.is_set():
                return
            wait = backoff.wait_after(asyncio.get_running_loop().time() - began)
            if isinstance(outcome, Terminated):
                if not restarts(self._policy, outcome.exit_code):
                    return
                message = f"back-off {wait:g}s restarting container {self.spec['name']}"
                self._set(restarted(self.record, Waiting("CrashLoopBackOff", message)))
                self._emit("BackOff", message, warning=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)

    async def _attempt(self) -> Terminated | Waiting:
        """Run the container once; Waiting says why it could not even be started."""
        if not self.spec.get("command"):
            self._emit("Failed", NO_IMAGE.message, warning=True)
            return NO_IMAGE
        try:
            launch = await self._prepare(self.spec)
        except (MissingSourceError, UnknownVolumeError, ApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
            self._emit("Failed", f"Error: {error}", warning=True)
            return Waiting("CreateContainerConfigError", str(error) or type(error).__name__)
        if self._stopping.is_set():
            return Waiting("ContainerCreating")
        words = [*self.spec["command"], *(self.spec.get("args") or [])]
        command = expand_all(words, launch.environment)
        if command[0] == "python":
            command[0] = sys.executable
        started_at = rfc3339()
        try:
            _check_program(command[0], launch)
            run = self._start(command, launch)
        except OSError as error:
            self._emit("Failed", f"Error: {error}", warning=True)
            return Terminated(CANNOT_START, "StartError", started_at, rfc3339(), str(error))
        try:
            await self._until_up(run)
            self._set(replace(self.record, state=Running(started_at), container_id=self._container_id()))
            self._emit("Started", f"Started container {self.spec['name']}")
            self._begin_probes(run)
            code = await run.process.wait()
        finally:
            self._run = None
            await run.close()
        return Terminated(code, "Completed" if code == 0 else "Error", started_at, rfc3339())

    def _start(self, command: Sequence[str], launch: Launch) -> Run:
        self.previous_log, self.log = self.log, ContainerLog(self._logs / f"{self.record.restarts}.log")
        for path in self._logs.iterdir():
            if path.stem not in (str(self.record.restarts), str(self.record.restarts - 1)):
                path.unlink()
        mark = f"{self._pod['metadata']['uid']}/{self.spec['name']}"
        launch = replace(launch, environment={**launch.environment, MARK: mark})
        self._run = Run(self._host.isolation, command, launch, self.log, mark)
        return self._run

    async def _until_up(self, run: Run) -> None:
        """Return when the command itself runs (signals would be lost before), or has ended."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while run.process.running and not self._host.isolation.is_running(run.process.pid, run.command):
            if asyncio.get_running_loop().time() > deadline:
                break  # a machine this slow gets a pod that may miss its first signal, not one that never runs
            await asyncio.sleep(POLL_SECONDS)
        run.up.set()

    def _container_id(self) -> str:
        return f"mlchaos://{self._pod['metadata']['uid']}-{self.spec['name']}-{self.record.restarts}"

    # --- probes ---

    def _begin_probes(self, run: Run) -> None:
        if not any(self.spec.get(kind) for kind in ("startupProbe", "readinessProbe", "livenessProbe")):
            self._set(replace(self.record, started=True, ready=True))
        else:
            run.tasks.append(asyncio.create_task(self._probe(run)))

    async def _probe(self, run: Run) -> None:
        if startup := self._probe_of("startupProbe"):
            complaint = await probes.until_started(startup, lambda: self._prober.ask(startup.handler, startup.timeout))
            if complaint:
                self._unhealthy(run, "Startup", complaint)
                return
        self._set(replace(self.record, started=True, ready=self._probe_of("readinessProbe") is None))
        async with asyncio.TaskGroup() as group:
            if readiness := self._probe_of("readinessProbe"):
                group.create_task(self._follow(readiness, self._readiness, hurry=True))
            if liveness := self._probe_of("livenessProbe"):

                def died(good: bool, complaint: str) -> None:
                    if not good:
                        self._unhealthy(run, "Liveness", complaint)

                group.create_task(self._follow(liveness, died, hurry=False))

    def _probe_of(self, kind: str) -> probes.Probe | None:
        return probes.Probe.parse(self.spec[kind]) if self.spec.get(kind) else None

    async def _follow(self, probe: probes.Probe, verdict: Callable[[bool, str], None], *, hurry: bool) -> None:
        await probes.follow(probe, lambda: self._prober.ask(probe.handler, probe.timeout), verdict, hurry=hurry)

    def _readiness(self, ready: bool, complaint: str) -> None:
        self._set(replace(self.record, ready=ready))
        if not ready:
            self._emit("Unhealthy", f"Readiness probe failed: {complaint}", warning=True)

    def _unhealthy(self, run: Run, kind: str, complaint: str) -> None:
        self._emit("Unhealthy", f"{kind} probe failed: {complaint}", warning=True)
        self._emit("Killing", f"Container {self.spec['name']} failed {kind.lower()} probe, will be restarted")
        run.end(self._pod["spec"].get("terminationGracePeriodSeconds", 30), self._before_end)

    # --- the end ---

    def terminate(self, grace: float) -> None:
        """Have the container end within `grace` seconds and not come back. May be called again with less."""
        if not self._stopping.is_set():
            self._stopping.set()
            if self._run:
                self._emit("Killing", f"Stopping container {self.spec['name']}")
        if self._run:
            self._run.end(grace, self._before_end)

    async def _before_end(self, seconds: float) -> None:
        hook = (self.spec.get("lifecycle") or {}).get("preStop")
        if hook and "sleep" in hook:
            await asyncio.sleep(hook["sleep"]["seconds"])
        elif hook and (complaint := await self._prober.ask(hook, seconds)):
            self._emit("FailedPreStopHook", complaint, warning=True)

    # --- commands in the running container ---

    def inside(self, command: Sequence[str], *, tty: bool = False) -> tuple[list[str], Launch]:
        """The command line that runs `command` inside, with the container's environment and directory."""
        if self._run is None or not self._run.process.running or not self._run.up.is_set():
            raise NotRunningError(f"container {self.spec['name']} is not running")
        pid = self._host.isolation.container_pid(self._run.process.pid)
        if pid is None:
            raise NotRunningError(f"container {self.spec['name']} is ending")
        launch = self._run.launch
        return self._host.isolation.enter(pid, launch.directory, command, tty=tty), launch

    async def run_inside(self, command: Sequence[str]) -> int:
        """Run a probe's or hook's command inside and give its exit status; it is killed when this is cancelled."""
        try:
            argv, launch = self.inside(command)
        except NotRunningError:
            return CANNOT_START
        null = subprocess.DEVNULL
        process = Process(argv, launch.environment, launch.directory, (null, null, null))
        try:
            return await process.wait()
        finally:
            process.kill()


def _check_program(program: str, launch: Launch) -> None:
    """FileNotFoundError if there is no such program: the chain of isolation would only say so in the log."""
    if shutil.which(launch.directory / program if "/" in program else program, path=launch.environment["PATH"]) is None:
        raise FileNotFoundError(f'exec: "{program}": executable file not found')
