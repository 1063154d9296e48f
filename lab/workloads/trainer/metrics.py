"""The `mltrain_*` metrics of one rank. Their meaning is the contract in docs/mltrain-metrics.md."""

import time
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lab.workloads.trainer.record import RunRecord

STEP_EDGES = (0.05, 0.1, 0.11, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 10, 30)
ALLREDUCE_EDGES = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
CHECKPOINT_EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

RESTART_REASONS = ("peer_lost", "timeout", "rejoin", "protocol", "desync", "restore", "process")
FAILURE_REASONS = ("timeout", "unreachable", "rejected")
LABELS = ("job", "rank")


class TrainerMetrics:
    """Every metric of a rank. `leads` is true for rank 0, which alone keeps the run's account and the checkpoints."""

    def __init__(self, job: str, rank: int, checkpoint_interval_seconds: float, leads: bool) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._values = (job, str(rank))
        self._checkpoint_time = 0.0
        self.step = self._gauge("step", "Last optimizer step done.")
        self.steps = self._counter("steps", "Optimizer steps done by this process, repeated ones included.")
        self.loss = self._gauge("loss", "Mean training loss of the last step over all ranks.")
        self.grad_norm = self._gauge("grad_norm", "L2 norm of the last averaged gradient.")
        self.step_seconds = self._histogram("step_seconds", "Seconds of a whole step.", STEP_EDGES)
        self.allreduce_seconds = self._histogram(
            "allreduce_seconds",
            "Seconds in the all-reduce of a step, waiting for slower ranks included.",
            ALLREDUCE_EDGES,
        )
        self.samples = self._counter("samples", "Training samples this rank has computed gradients for.")
        self.world_size = self._gauge("world_size", "Ranks the job needs.")
        self.up_ranks = self._gauge("up_ranks", "Ranks this one knows to be there, itself included.")
        self.last_step_timestamp = self._gauge("last_step_timestamp_seconds", "Unix time of the last step.")
        self._restarts = Counter(
            "mltrain_restarts",
            "Times this rank left training and went back to the rendezvous.",
            (*LABELS, "reason"),
            registry=self.registry,
        )
        for reason in RESTART_REASONS:
            self._restarts.labels(*self._values, reason)
        if leads:
            self._add_leader_metrics(checkpoint_interval_seconds)

    def _add_leader_metrics(self, checkpoint_interval_seconds: float) -> None:
        self.straggler_ratio = self._gauge("straggler_ratio", "Slowest rank's compute time over the median rank's.")
        self.last_checkpoint = self._gauge(
            "checkpoint_last_success_timestamp_seconds", "Unix time of the step in the newest stored checkpoint."
        )
        interval = self._gauge("checkpoint_interval_seconds", "Planned seconds between checkpoints.")
        interval.set(checkpoint_interval_seconds)
        self.checkpoint_seconds = self._histogram(
            "checkpoint_seconds", "Seconds from handing a checkpoint over to having it stored.", CHECKPOINT_EDGES
        )
        failures = Counter(
            "mltrain_checkpoint_failures",
            "Failed attempts to store a checkpoint.",
            (*LABELS, "reason"),
            registry=self.registry,
        )
        self.checkpoint_failures = {reason: failures.labels(*self._values, reason) for reason in FAILURE_REASONS}
        self.checkpoint_fallbacks = self._counter(
            "checkpoint_fallbacks", "Damaged or missing checkpoints passed over at a restore."
        )

    def account(self, record: Callable[[], RunRecord]) -> None:
        """Export the run's record from now on (rank 0)."""
        self.registry.register(_Account(self._values, record, self.last_checkpoint_time))

    def last_checkpoint_time(self) -> float:
        """Unix time of the step in the newest stored checkpoint; 0 when none is known."""
        return self._checkpoint_time

    def checkpoint_known(self, wall_time: float) -> None:
        """The newest stored checkpoint is of this Unix time."""
        self._checkpoint_time = wall_time
        self.last_checkpoint.set(wall_time)

    def checkpoint_stored(self, wall_time: float, seconds: float) -> None:
        """A checkpoint taken at `wall_time` was stored within `seconds`."""
        self.checkpoint_known(wall_time)
        self.checkpoint_seconds.observe(seconds)

    def checkpoint_failed(self, reason: str) -> None:
        """An attempt to store a checkpoint failed."""
        self.checkpoint_failures[reason].inc()

    def restarted(self, reason: str, times: int = 1) -> None:
        """This rank left training for `reason`."""
        self._restarts.labels(*self._values, reason).inc(times)

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, documentation: str) -> Gauge:
        return Gauge(f"mltrain_{name}", documentation, LABELS, registry=self.registry).labels(*self._values)

    def _counter(self, name: str, documentation: str) -> Counter:
        return Counter(f"mltrain_{name}", documentation, LABELS, registry=self.registry).labels(*self._values)

    def _histogram(self, name: str, documentation: str, edges: tuple[float, ...]) -> Histogram:
        metric = Histogram(f"mltrain_{name}", documentation, LABELS, buckets=edges, registry=self.registry)
        return metric.labels(*self._values)


class _Account(Collector):
    """The run's record as metrics, computed when they are asked for."""

    def __init__(
        self, values: tuple[str, str], record: Callable[[], RunRecord], last_checkpoint_time: Callable[[], float]
    ) -> None:
        self._values = values
        self._record = record
        self._last_checkpoint_time = last_checkpoint_time

    def collect(self) -> Iterable[Metric]:
        record, now = self._record(), time.time()
        checkpoint_age = now - (self._last_checkpoint_time() or record.started_at)
        yield self._family(CounterMetricFamily, "lost_steps", "Steps done and lost in failures.", record.lost_steps)
        yield self._family(
            GaugeMetricFamily, "last_lost_steps", "Steps lost in the last failure.", record.last_lost_steps
        )
        yield self._family(CounterMetricFamily, "recoveries", "Failures that training went on from.", record.recoveries)
        yield self._family(
            GaugeMetricFamily,
            "last_recovery_seconds",
            "Seconds from the last step before the last failure to the first one after it.",
            record.last_recovery_seconds,
        )
        yield self._family(
            CounterMetricFamily,
            "productive_seconds",
            "Seconds of steps done for the first time.",
            record.productive_seconds,
        )
        yield self._family(
            CounterMetricFamily, "wall_seconds", "Seconds since the run began.", max(0.0, now - record.started_at)
        )
        yield self._family(
            GaugeMetricFamily,
            "checkpoint_age_seconds",
            "Seconds since the step in the newest stored checkpoint, or since the run began.",
            max(0.0, checkpoint_age),
        )

    def _family(
        self, kind: type[CounterMetricFamily] | type[GaugeMetricFamily], name: str, documentation: str, value: float
    ) -> Metric:
        family = kind(f"mltrain_{name}", documentation, labels=LABELS)
        family.add_metric(self._values, value)
        return family
