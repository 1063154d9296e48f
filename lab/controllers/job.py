"""Jobs: pods that run to completion, with or without indexes."""

from datetime import datetime, timedelta
from functools import partial

from lab.controllers import conditions, owners, pods
from lab.controllers.cluster import INDEX_CONTROLLER, Cluster
from lab.controllers.controller import Controller, ObjectKey, Options, all_of
from lab.controllers.events import NORMAL, WARNING
from lab.controllers.job_plan import INDEX, Plan, Tally, format_indexes, is_indexed, plan
from lab.controllers.timestamps import now, parse, stamp
from lab.informer import key_of
from lab.kubeclient import Document

LONGEST_BACKOFF_SECONDS = 60.0


class Ended:
    """Counts the pods of one Job that ended, each once, also when its object has gone since.

    A real control plane holds pods with a finalizer until they are counted. The lab's pods must be able to go while
    its controllers are down, so the numbers in the Job's status are the memory instead.
    """

    def __init__(self, job: Document, mine: list[Document]) -> None:
        self._seen: dict[str, set[str]] = {"Succeeded": set(), "Failed": set()}
        self.count(mine)
        status = job.get("status", {})
        self._before = {
            phase: max(0, int(status.get(field, 0)) - len(self._seen[phase]))
            for phase, field in (("Succeeded", "succeeded"), ("Failed", "failed"))
        }

    def count(self, mine: list[Document]) -> None:
        """Take note of pods that have ended."""
        for pod in mine:
            if pods.is_finished(pod):
                self._seen[pods.phase(pod)].add(pod["metadata"]["uid"])

    def tally(self) -> Tally:
        """All pods that ever ended."""
        return Tally(*(self._before[phase] + len(self._seen[phase]) for phase in ("Succeeded", "Failed")))


def pod_for(job: Document, index: int | None) -> Document:
    """The pod to create for `job`, for a completion index if it has them."""
    name, uid = job["metadata"]["name"], job["metadata"]["uid"]
    labels = {"batch.kubernetes.io/job-name": name, "job-name": name}
    labels |= {"batch.kubernetes.io/controller-uid": uid, "controller-uid": uid}
    pod = owners.from_template(job["spec"]["template"], job, labels)
    metadata, spec = pod["metadata"], dict(pod["spec"])
    metadata["generateName"] = f"{name}-"
    if index is not None:
        metadata["generateName"] = f"{name}-{index}-"
        metadata["labels"][INDEX] = metadata["annotations"][INDEX] = str(index)
        told = {"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}}
        spec.setdefault("hostname", f"{name}-{index}")
        for group in ("containers", "initContainers"):
            if spec.get(group):
                spec[group] = [{**c, "env": [*(c.get("env") or []), told]} for c in spec[group]]
    return {**pod, "spec": spec}


def backoff_seconds(failed: list[Document], first: float, at: datetime) -> float:
    """How long to wait before the next pod: doubles with each failed pod, counted from the end of the last one."""
    if not failed:
        return 0.0
    wait = min(first * 2.0 ** (len(failed) - 1), LONGEST_BACKOFF_SECONDS)
    last = max((end for pod in failed if (end := _ended(pod))), default=None)
    return 0.0 if last is None else max(0.0, wait - (at - last).total_seconds())


def _ended(pod: Document) -> datetime | None:
    states = [c.get("state", {}).get("terminated") or {} for c in pod["status"].get("containerStatuses") or []]
    ends = [parse(s["finishedAt"]) for s in states if s.get("finishedAt")]
    return max(ends) if ends else None


class JobController(Controller[ObjectKey]):
    """Keys are Jobs."""

    name = "job"
    component = "job-controller"

    def __init__(self, cluster: Cluster, options: Options) -> None:
        super().__init__(cluster, options)
        self._ended: dict[str, Ended] = {}
        self._jobs = cluster.informer("jobs")
        self._pods = cluster.informer("pods")
        self._jobs.subscribe(self._on_job)
        self._pods.subscribe(self._on_pod)

    def _on_job(self, old: Document | None, new: Document | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))
        elif old is not None:
            self._ended.pop(old["metadata"]["uid"], None)

    def _on_pod(self, old: Document | None, new: Document | None) -> None:
        pod = new or old or {}
        reference = owners.controller_of(pod)
        if reference is not None and reference["kind"] == "Job":
            if reference["uid"] in self._ended:
                self._ended[reference["uid"]].count([pod])
            self.queue.add((pod["metadata"]["namespace"], reference["name"]))

    async def reconcile(self, key: ObjectKey) -> None:
        job = self._jobs.get(*key)
        if job is None or pods.is_terminating(job):
            return
        if conditions.is_true(job, "Complete") or conditions.is_true(job, "Failed"):
            self._ended.pop(job["metadata"]["uid"], None)
            return
        mine = self._pods.indexed(INDEX_CONTROLLER, job["metadata"]["uid"])
        ended = self._ended.get(job["metadata"]["uid"])
        if ended is None:
            ended = self._ended[job["metadata"]["uid"]] = Ended(job, mine)
        step = plan(job, mine, ended.tally())
        step = self._within_deadline(key, job, step, mine)
        await self._act(key, job, step, mine)
        mine = self._pods.indexed(INDEX_CONTROLLER, job["metadata"]["uid"])
        await self._report(job, step, mine, ended.tally())

    def _within_deadline(self, key: ObjectKey, job: Document, step: Plan, mine: list[Document]) -> Plan:
        limit, started = job["spec"].get("activeDeadlineSeconds"), job.get("status", {}).get("startTime")
        if limit is None or started is None or step.over or job["spec"].get("suspend"):
            return step
        left = (parse(started) + timedelta(seconds=int(limit)) - now()).total_seconds()
        if left > 0:
            self.queue.add_after(key, left + 0.05)
            return step
        active = [pod for pod in mine if pods.is_active(pod)]
        return Plan([], active, step.completed, "DeadlineExceeded", "Job was active longer than specified deadline")

    async def _act(self, key: ObjectKey, job: Document, step: Plan, mine: list[Document]) -> None:
        await all_of([partial(self._delete, job, pod) for pod in step.delete])
        if not step.create:
            return
        failed = [pod for pod in mine if pods.phase(pod) == "Failed"]
        wait = backoff_seconds(failed, self.options.job_backoff_seconds, now())
        if wait > 0:
            self.queue.add_after(key, wait)
            return
        await all_of([partial(self._create, job, index) for index in step.create])

    async def _create(self, job: Document, index: int | None) -> None:
        made = await self.cluster.create("pods", pod_for(job, index))
        self.record(job, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")

    async def _delete(self, job: Document, pod: Document) -> None:
        await self.cluster.delete("pods", pod)
        self.record(job, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    async def _report(self, job: Document, step: Plan, mine: list[Document], tally: Tally) -> None:
        before = job.get("status", {})
        suspended = bool(job["spec"].get("suspend")) and not step.over
        status: Document = {
            "active": sum(map(pods.is_active, mine)),
            "ready": sum(pods.is_active(pod) and pods.is_ready(pod) for pod in mine),
            "terminating": sum(pods.is_terminating(pod) and not pods.is_finished(pod) for pod in mine),
            "succeeded": len(step.completed) if is_indexed(job) else tally.succeeded,
            "failed": tally.failed,
            "startTime": None if suspended else before.get("startTime") or stamp(),
        }
        if is_indexed(job):
            status["completedIndexes"] = format_indexes(step.completed)
        news: list[Document] = []
        if suspended:
            news.append(conditions.condition("Suspended", True, "JobSuspended", "Job suspended"))
        elif conditions.is_true(job, "Suspended"):
            news.append(conditions.condition("Suspended", False, "JobResumed", "Job resumed"))
        if step.over == "Complete":
            reached = "Reached expected number of succeeded pods"
            news.append(conditions.condition("SuccessCriteriaMet", True, "CompletionsReached", reached))
            news.append(conditions.condition("Complete", True, "CompletionsReached", reached))
            status["completionTime"] = stamp()
            self.record(job, "Completed", "Job completed", NORMAL)
        elif step.over:
            news.append(conditions.condition("FailureTarget", True, step.over, step.message))
            news.append(conditions.condition("Failed", True, step.over, step.message))
            self.record(job, step.over, step.message, WARNING)
        if news:
            status["conditions"] = conditions.merged(before.get("conditions"), news)
        await self.cluster.patch_status("jobs", job, status)
