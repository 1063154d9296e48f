"""One pod on this node, from the moment it is bound here until its object is gone."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

import aiohttp

from lab.kubeclient import ApiError, Document
from lab.kubelet import environment, volumes
from lab.kubelet.allocation import ExhaustedError
from lab.kubelet.backoff import Backoff
from lab.kubelet.clock import rfc3339
from lab.kubelet.container import Container
from lab.kubelet.environment import PodPlace
from lab.kubelet.host import Host, base_environment
from lab.kubelet.run import Launch
from lab.kubelet.sources import MissingSourceError, Reference
from lab.kubelet.status import LOST, ContainerRecord, PodRecord, Waiting, pod_status, resume, succeeded
from lab.kubelet.status_writer import StatusWriter
from lab.logs import structlog

logger = structlog.stdlib.get_logger("kubelet")


class PodWorker:
    """Runs one pod (one uid). `update` and `vanish` tell it what the API server says; `run` does all the rest."""

    def __init__(self, host: Host, document: Document) -> None:
        self.document = document
        self.uid: str = document["metadata"]["uid"]
        self.containers: dict[str, Container] = {}
        self._host = host
        self._spec = document["spec"]
        self._directory = host.root / "pods" / self.uid
        self._deletion = asyncio.Event()
        self._grace = 0.0
        self._devices: dict[str, tuple[int, ...]] = {}
        self._address = ""
        self._volumes: dict[str, Path] = {}
        self._record = self._resume(document)
        self._status = StatusWriter(host.api, document, self._computed_status)

    def _resume(self, document: Document) -> PodRecord:
        stored, now = document.get("status") or {}, rfc3339()

        def records(specs: str, statuses: str) -> tuple[ContainerRecord, ...]:
            known = {status["name"]: status for status in stored.get(statuses) or []}
            return tuple(resume(spec, known.get(spec["name"]), now) for spec in self._spec.get(specs) or [])

        failure = (stored["reason"], stored.get("message", "")) if stored.get("reason") else None
        return PodRecord(
            containers=records("containers", "containerStatuses"),
            inits=records("initContainers", "initContainerStatuses"),
            host_ip=self._host.node_ip,
            pod_ip=stored.get("podIP", ""),
            start_time=stored.get("startTime") or now,
            failure=failure,
        )

    # --- what the API server says ---

    @property
    def name(self) -> str:
        return f"{self.document['metadata']['namespace']}/{self.document['metadata']['name']}"

    def update(self, document: Document) -> None:
        """The pod as it is now; a deletion timestamp starts (or shortens) its termination."""
        self.document = document
        self._status.observe(document)
        if document["metadata"].get("deletionTimestamp"):
            self._terminate(document["metadata"].get("deletionGracePeriodSeconds") or 0)

    def vanish(self) -> None:
        """The pod's object is gone (a forced deletion): its processes go at once."""
        self._status.stop()
        self._terminate(0)

    def _terminate(self, grace: float) -> None:
        self._grace = grace
        self._deletion.set()
        for container in self.containers.values():
            container.terminate(grace)

    async def refresh_volumes(self, changed: Reference) -> None:
        """Show a changed ConfigMap or Secret to the containers; what cannot be shown stays as it was."""
        for volume in self._spec.get("volumes") or []:
            if volume["name"] in self._volumes and changed in set(volumes.references(volume)):
                with contextlib.suppress(MissingSourceError):
                    await self._prepare_volume(volume)

    # --- life ---

    async def run(self) -> None:
        """Run the pod to its end, then wait for its deletion and complete it."""
        writing = asyncio.create_task(self._status.run())
        try:
            if not self._deletion.is_set() and not self._is_over():
                try:
                    await self._live()
                except ExhaustedError as error:
                    self._fail("UnexpectedAdmissionError", str(error))
                except Exception as error:
                    # A pod must not stay as it is because of the kubelet's own mistake: say it, and let it be replaced.
                    logger.exception("pod failed by the kubelet", pod=self.name)
                    self._fail("KubeletError", repr(error))
            self._release()
            await self._deletion.wait()
        finally:
            writing.cancel()
            self._release()
        await self._status.flush()
        await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)
        await self._status.remove_pod()

    def _is_over(self) -> bool:
        phase = (self.document.get("status") or {}).get("phase")
        if phase not in ("Succeeded", "Failed") and self._spec.get("restartPolicy") == "Never":
            if not any(record.has_run for record in self._record.containers):
                return False
            # It has run once under an earlier kubelet, and must not run twice.
            lost = tuple(replace(r, state=LOST) if isinstance(r.state, Waiting) else r for r in self._record.containers)
            self._record = replace(self._record, containers=lost)
            self._status.changed()
            return True
        return phase in ("Succeeded", "Failed")

    def _fail(self, reason: str, message: str) -> None:
        self._host.events.emit(self.document, reason, message, warning=True)
        self._record = replace(self._record, failure=(reason, message))
        self._status.changed()

    def _release(self) -> None:
        if self._address:
            self._host.addresses.release(self._address)
            self._address = ""
        self._host.devices.release(self._devices)
        self._devices = {}

    async def _live(self) -> None:
        """Everything from admission to the end of the last container; ends early once deletion is wanted."""
        self._devices = self._host.devices.take(self.document)
        address = self._host.node_ip
        if not self._spec.get("hostNetwork"):
            address = self._address = self._host.addresses.take()
        self._record = replace(self._record, pod_ip=address)
        (self._directory / "tmp").mkdir(parents=True, exist_ok=True)
        if not await self._volumes_ready():
            return
        for spec, record in zip(self._spec.get("initContainers") or [], self._record.inits, strict=True):
            fresh = ContainerRecord(name=record.name, image=record.image, restarts=record.restarts)
            init = self._add(spec, fresh, is_init=True)
            await self._run_all(init.run())
            if self._deletion.is_set() or not succeeded(init.record):
                return
        containers = [
            self._add(spec, record)
            for spec, record in zip(self._spec["containers"], self._record.containers, strict=True)
        ]
        await self._run_all(*(container.run() for container in containers))

    async def _run_all(self, *lives: Awaitable[None]) -> None:
        async with asyncio.TaskGroup() as group:
            for life in lives:
                group.create_task(_awaited(life))

    def _add(self, spec: Document, record: ContainerRecord, *, is_init: bool = False) -> Container:
        policy = self._spec.get("restartPolicy", "Always")
        container = Container(
            self._host,
            self.document,
            spec,
            record,
            self._prepare,
            self._status.changed,
            policy="OnFailure" if is_init and policy == "Always" else policy,
            pod_ip=self._record.pod_ip,
            logs=self._directory / "logs" / spec["name"],
        )
        self.containers[spec["name"]] = container
        if self._deletion.is_set():
            container.terminate(self._grace)
        return container

    # --- what containers need ---

    async def _volumes_ready(self) -> bool:
        """Make the pod's volumes, waiting for what they show; False if the pod is deleted meanwhile."""
        backoff = Backoff()
        while not self._deletion.is_set():
            try:
                for volume in self._spec.get("volumes") or []:
                    await self._prepare_volume(volume)
            except (MissingSourceError, volumes.UnknownVolumeError, ApiError, aiohttp.ClientError, OSError) as error:
                self._host.events.emit(self.document, "FailedMount", str(error), warning=True)
                self._status.changed()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._deletion.wait(), backoff.wait_after(0))
            else:
                return True
        return False

    async def _prepare_volume(self, volume: Document) -> None:
        lookup = await self._host.sources.fetch(self.document["metadata"]["namespace"], volumes.references(volume))
        directory = self._directory / "volumes" / volume["name"]
        self._volumes[volume["name"]] = volumes.prepare(volume, directory, lookup)

    async def _prepare(self, spec: Document) -> Launch:
        namespace = self.document["metadata"]["namespace"]
        lookup = await self._host.sources.fetch(namespace, environment.references(spec))
        services = [s for s in self._host.services.items() if s["metadata"]["namespace"] == namespace]
        place = PodPlace(self._host.node_name, self._host.node_ip, self._record.pod_ip)
        variables = base_environment(os.environ)
        variables["TMPDIR"] = str(self._directory / "tmp")
        variables |= environment.container_environment(self.document, spec, place, lookup, services)
        variables |= volumes.mount_environment(spec, self._volumes)
        if programs := variables.get(volumes.PROGRAMS):  # what is mounted at /usr/local/bin is found like there
            variables["PATH"] = os.pathsep.join((programs, variables["PATH"]))
        if devices := self._devices.get(spec["name"]):
            variables["NVIDIA_VISIBLE_DEVICES"] = ",".join(map(str, devices))
        marker, root = self._host.marker
        variables |= {marker: root, "MLCHAOS_POD_UID": self.uid}
        return Launch(variables, self._working_directory(spec))

    def _working_directory(self, spec: Document) -> Path:
        if chosen := spec.get("workingDir"):
            return Path(chosen)
        directory: Path = self._directory / "containers" / spec["name"]
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    # --- status ---

    def _computed_status(self, document: Document) -> Document:
        return pod_status(document, self._current_record(), rfc3339())

    def _current_record(self) -> PodRecord:
        return replace(
            self._record,
            containers=tuple(self._current(record) for record in self._record.containers),
            inits=tuple(self._current(record) for record in self._record.inits),
        )

    def _current(self, record: ContainerRecord) -> ContainerRecord:
        if container := self.containers.get(record.name):
            return container.record
        return record

    @property
    def rejected(self) -> bool:
        """Whether none of its containers has run or ever will."""
        return self._current_record().rejected

    def container_names(self) -> list[str]:
        return [record.name for record in (*self._record.inits, *self._record.containers)]


async def _awaited(life: Awaitable[None]) -> None:
    await life
