"""What is wrong with SLOs as far as a live Prometheus tells: series, bucket edges, types, retention."""

from collections.abc import Sequence
from dataclasses import dataclass

from runner.slo.live_checks.buckets import bucket_problems
from runner.slo.live_checks.metadata import Metadata
from runner.slo.live_checks.retention import retention_problems
from runner.slo.live_checks.selectors import selector_problems
from runner.slo.live_checks.types import type_problems
from runner.slo.live_checks.values import value_problems
from slos.model import Slo
from slos.problems import Problem


@dataclass(frozen=True, slots=True)
class LiveChecks:
    """Every problem, sorted by place, and what this server does not let one check."""

    problems: tuple[Problem, ...] = ()
    unchecked: tuple[str, ...] = ()


def check_live(slos: Sequence[Slo], metadata: Metadata, time_scale: float = 1.0) -> LiveChecks:
    """Check SLOs against a live Prometheus. Raises PrometheusError when it cannot be asked: that is no pass."""
    unchecked = []
    kept, types = metadata.retention(), metadata.metric_types()
    if kept is None:
        unchecked.append(f"{metadata.url} does not say how long it keeps samples: check that it is the SLOs' windows")
    if types is None:
        unchecked.append(f"{metadata.url} does not serve the types of metrics: check that counters are counters")
    problems = [
        *retention_problems(slos, kept or "", time_scale),
        *type_problems(slos, types or {}),
        *selector_problems(slos, metadata),
        *bucket_problems(slos, metadata),
        *value_problems(slos, metadata),
    ]
    return LiveChecks(tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.place)), tuple(unchecked))
