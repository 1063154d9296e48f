"""The guard's block of an experiment: what it may break, what stops it, and what it must not cost.

What is not declared is 0: nothing of it may be broken. Durations here are real time, whatever the time scale of SLOs.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from runner.experiment.part import Amount, Count, Part, Percent, Positive, Share, Span, ratio
from slos.duration import parse_duration
from slos.files.field_types import Filled, Name

EXTENSION = "guard"
"""The name of the extension that holds the block."""
CONTROL_MODULE = "runner.guard"
"""The module of the control that reads it."""


class Pods(Part):
    """Pods that may be hit. Both limits hold."""

    max: Count = Field(description="Most pods that are hit or lost.", examples=[1])
    percent: Percent = Field(
        description="Largest share of the ready pods of any one workload, in percent.", examples=[34]
    )


class AtMost(Part):
    """The most of something that may be broken."""

    max: Count = Field(description="The most.", examples=[1])


class GpuHours(Part):
    """GPU-hours that may stand still: GPUs of what is lost, of a gang all of them, times the duration."""

    max: Amount = Field(description="The most GPU-hours.", examples=[0.5])


class ErrorBudget(Part):
    """What each SLO may lose."""

    max_spend: Share = Field(
        description="Largest share of the error budget of the SLO's window that the run may spend, per SLO.",
        examples=["2%"],
    )

    @property
    def max_spend_ratio(self) -> float:
        """0.02 of `2%`."""
        return ratio(self.max_spend)


class BlastRadius(Part):
    """The limits of what is broken. What is not declared is 0."""

    namespaces: list[Name] = Field(
        min_length=1, description="Namespaces outside of which nothing is broken.", examples=[["ml-serving"]]
    )
    pods: Pods = Field(
        default=Pods(max=0, percent=0), description="Pods that may be hit.", examples=[{"max": 1, "percent": 34}]
    )
    nodes: AtMost = Field(default=AtMost(max=0), description="Nodes that may be hit.", examples=[{"max": 1}])
    gpus: AtMost = Field(
        default=AtMost(max=0),
        description="GPUs that may be taken out of service: those of lost nodes, and those that vanish or break.",
        examples=[{"max": 8}],
    )
    paths: AtMost = Field(
        default=AtMost(max=0), description="Network paths (proxies) that may be hit.", examples=[{"max": 1}]
    )
    secrets: AtMost = Field(default=AtMost(max=0), description="Secrets that may be replaced.", examples=[{"max": 1}])
    silences: AtMost = Field(default=AtMost(max=0), description="Alerts that may be silenced.", examples=[{"max": 1}])
    gpu_hours: GpuHours | None = Field(
        default=None,
        description="GPU-hours that may stand still. Without it the other limits alone hold, and no gang may.",
        examples=[{"max": 0.5}],
    )
    gang: Literal["forbid", "allow"] = Field(
        default="forbid",
        description="Whether a pod of a gang may be hit: one pod of a gang-scheduled job is the whole job.",
        examples=["forbid"],
    )
    error_budget: ErrorBudget = Field(
        default=ErrorBudget(max_spend="0%"),
        description="Error budget that the run may spend; without it the first bad event ends the run.",
        examples=[{"max_spend": "2%"}],
    )
    duration: Span = Field(description="When every fault is undone at the latest, in real time.", examples=["5m"])

    @property
    def duration_seconds(self) -> float:
        """Seconds after which every fault expires."""
        return parse_duration(self.duration)


class Admit(Part):
    """What must hold for every SLO before anything is broken."""

    budget_left: Share = Field(default="50%", description="Least error budget that must be left.", examples=["50%"])
    quiet_alerts: bool = Field(default=True, description="Refuse while an alert of the SLOs fires.", examples=[True])
    burn_below: Positive = Field(
        default=1.0, description="Burn rate, over the window of abort_when, below which it starts.", examples=[1]
    )

    @property
    def budget_left_ratio(self) -> float:
        """0.5 of `50%`."""
        return ratio(self.budget_left)


class AbortWhen(Part):
    """What ends a run at once, for any of its SLOs."""

    burn_rate: Positive = Field(description="Burn rate that is too much.", examples=[14.4])
    window: Span = Field(description="Window over which it is measured, in real time.", examples=["1m"])

    @property
    def window_seconds(self) -> float:
        return parse_duration(self.window)


class ExpectedAlert(Part):
    """An alert that the fault must fire, and whom it must reach."""

    alert: Filled = Field(description="Name of the alert.", examples=["LlmAvailabilityBudgetBurn"])
    severity: Filled = Field(description="Its severity label.", examples=["page"])
    fires_within: Span = Field(description="Longest time from the fault to the alert.", examples=["90s"])
    receiver: Filled = Field(description="Receiver that must get it.", examples=["ml-oncall"])
    resolves_within: Span | None = Field(
        default=None,
        description="Longest time from the recovery of the SLOs to the alert's end; without it nobody waits for that.",
        examples=["3m"],
    )
    notified_within: Span = Field(
        default="6m",
        description="Longest time from the alert to its notification, and from its end to that of its end: more than "
        "Alertmanager's group_wait and group_interval.",
        examples=["20s"],
    )
    muted_by: Literal["silence", "inhibition"] | None = Field(
        default=None,
        description="What must keep the alert from its receiver: then it fires, and nobody is told.",
        examples=["silence"],
    )
    slo: Filled | None = Field(
        default=None,
        description="Its slo label, where alerts of several SLOs have this name and severity; without it the one of "
        "the guard's own SLOs is meant.",
        examples=["llm-availability"],
    )

    @property
    def fires_within_seconds(self) -> float:
        return parse_duration(self.fires_within)

    @property
    def resolves_within_seconds(self) -> float | None:
        return None if self.resolves_within is None else parse_duration(self.resolves_within)

    @property
    def notified_within_seconds(self) -> float:
        return parse_duration(self.notified_within)


class GuardBlock(Part):
    """What the guard holds a run to."""

    name: Literal["guard"] = Field(description="Name of the extension.", examples=["guard"])
    slos: list[Filled] = Field(
        min_length=1,
        description="SLOs that are watched: names in slos/catalog, or paths of SLO files.",
        examples=[["llm-availability"]],
    )
    blast_radius: BlastRadius = Field(
        description="The limits of what is broken.", examples=[{"namespaces": ["ml-serving"], "duration": "5m"}]
    )
    admit: Admit = Field(
        default=Admit(), description="What must hold before anything is broken.", examples=[{"budget_left": "50%"}]
    )
    abort_when: AbortWhen = Field(
        description="What ends the run at once.", examples=[{"burn_rate": 14.4, "window": "1m"}]
    )
    recover_within: Span = Field(
        default="2m", description="Longest time after the undo for the SLIs to be back, in real time.", examples=["2m"]
    )
    alerts: list[ExpectedAlert] = Field(
        default_factory=list,
        description="Alerts that the fault must fire.",
        examples=[[{"alert": "LlmAvailabilityBudgetBurn", "severity": "page"}]],
    )
    unexpected_pages: Literal["forbid", "allow"] = Field(
        default="allow", description="Whether a page that is not in `alerts` may reach anybody.", examples=["forbid"]
    )

    @property
    def recover_within_seconds(self) -> float:
        return parse_duration(self.recover_within)


def guard_blocks(experiment: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """The extensions called `guard`, with their index; a sound experiment has one."""
    extensions = experiment.get("extensions")
    found = enumerate(extensions if isinstance(extensions, list) else ())
    return [(index, one) for index, one in found if isinstance(one, Mapping) and one.get("name") == EXTENSION]
