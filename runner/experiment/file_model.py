"""An experiment file as Chaos Toolkit 1.19 reads it, as far as mlchaos lets it: keys that it would ignore are errors.

Source: chaoslib 1.44 (experiment.py, activity.py, hypothesis.py, control/, provider/). What a key means together with
others, and what the guard's block says, is checked elsewhere (runner.experiment.check).
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, WithJsonSchema

from runner.experiment.guard_block import CONTROL_MODULE
from runner.experiment.part import Part
from slos.files.field_types import Filled
from slos.files.misfits import refusal

_GUARD_CONTROL = {"name": "guard", "provider": {"type": "python", "module": CONTROL_MODULE}}
_PROVIDER = {"type": "python", "module": "actions.pods", "func": "kill"}


def _always(strategy: str) -> str:
    if strategy != "always":
        raise refusal(f"the strategy {strategy!r}, which leaves rollbacks out when a run is cut short", "write always")
    return strategy


Always = Annotated[str, AfterValidator(_always), WithJsonSchema({"const": "always"})]


class Provider(Part):
    """What an activity calls: a Python function, a process or a URL."""

    type: Literal["python", "process", "http"] = Field(description="Kind of what is called.", examples=["python"])
    module: Filled | None = Field(default=None, description="Python module.", examples=["actions.pods"])
    func: Filled | None = Field(default=None, description="Function of the module.", examples=["kill"])
    arguments: JsonValue = Field(
        default=None, description="Arguments, by name; of a process also a text or a list.", examples=[{"count": 1}]
    )
    secrets: list[Filled] = Field(default_factory=list, description="Groups of secrets it gets.", examples=[["k8s"]])
    path: Filled | None = Field(default=None, description="Program of a process.", examples=["/usr/bin/true"])
    url: Filled | None = Field(default=None, description="URL of an HTTP call.", examples=["https://example.com/"])
    method: Filled | None = Field(default=None, description="HTTP method.", examples=["GET"])
    headers: dict[str, JsonValue] | None = Field(default=None, description="HTTP headers.", examples=[{"A": "b"}])
    timeout: JsonValue = Field(default=None, description="Seconds, of a process or an HTTP call.", examples=[5])
    verify_tls: bool | None = Field(default=None, description="Whether certificates are verified.", examples=[True])
    max_retries: int | None = Field(default=None, description="Retries of an HTTP call.", examples=[0])


class ControlProvider(Part):
    """The module of a control."""

    type: Literal["python"] = Field(description="Kind of the control: python.", examples=["python"])
    module: Filled = Field(description="Python module of the control.", examples=[CONTROL_MODULE])
    arguments: dict[str, JsonValue] = Field(default_factory=dict, description="Its arguments.", examples=[{"a": 1}])
    secrets: list[Filled] = Field(default_factory=list, description="Groups of secrets it gets.", examples=[["k8s"]])


class Control(Part):
    """Something that is called before and after the parts of a run."""

    name: Filled = Field(description="Name of the control.", examples=["guard"])
    provider: ControlProvider = Field(description="Its module.", examples=[_GUARD_CONTROL["provider"]])
    scope: Literal["before", "after"] | None = Field(
        default=None, description="Called only before, or only after.", examples=["after"]
    )
    automatic: bool = Field(default=True, description="Whether it applies everywhere.", examples=[True])


class Pauses(Part):
    """Seconds to wait around an activity."""

    before: JsonValue = Field(default=None, description="Seconds before it.", examples=[1])
    after: JsonValue = Field(default=None, description="Seconds after it.", examples=[1])


class Activity(Part):
    """A probe or an action, or a reference to one by its name."""

    type: Literal["probe", "action"] | None = Field(
        default=None, description="probe (measures) or action (breaks).", examples=["action"]
    )
    name: Filled | None = Field(default=None, description="Name, unique in the experiment.", examples=["kill a pod"])
    provider: Provider | None = Field(default=None, description="What is called.", examples=[_PROVIDER])
    ref: Filled | None = Field(default=None, description="Name of another activity, instead of all else.")
    tolerance: JsonValue = Field(
        default=None, description="What a probe of the hypothesis may answer.", examples=[True]
    )
    background: bool = Field(default=False, description="Do not wait for it (probes only).", examples=[False])
    pauses: Pauses | None = Field(default=None, description="Seconds to wait around it.", examples=[{"after": 5}])
    timeout: JsonValue = Field(default=None, description="Seconds; Chaos Toolkit does not enforce it.", examples=[5])
    controls: list[Control] = Field(default_factory=list, description="Controls of this activity.")


class Hypothesis(Part):
    """What holds before and after the method."""

    title: Filled = Field(description="What is held to be true.", examples=["Requests are answered"])
    probes: list[Activity] = Field(default_factory=list, description="Probes with a tolerance each.", examples=[[]])
    controls: list[Control] = Field(default_factory=list, description="Controls of the hypothesis.")


class HypothesisRuntime(Part):
    """When the hypothesis is checked."""

    strategy: Literal[
        "default", "before-method-only", "after-method-only", "during-method-only", "continuously", "skip"
    ] = Field(description="When the hypothesis is checked.", examples=["default"])


class RollbacksRuntime(Part):
    """When rollbacks are run."""

    strategy: Always = Field(description="Rollbacks are run whatever happens.", examples=["always"])


class Runtime(Part):
    """How Chaos Toolkit runs the experiment."""

    rollbacks: RollbacksRuntime = Field(description="When rollbacks are run.", examples=[{"strategy": "always"}])
    hypothesis: HypothesisRuntime | None = Field(
        default=None, description="When the hypothesis is checked.", examples=[{"strategy": "default"}]
    )


class Experiment(Part):
    """A chaos experiment under mlchaos's guard."""

    version: str | None = Field(default=None, description="Version of the format; not used.", examples=["1.0.0"])
    title: Filled = Field(description="What is broken, in a line.", examples=["An llm replica is killed"])
    description: Filled = Field(description="What is broken, and what must hold.", examples=["Kills a pod."])
    tags: list[Filled] = Field(default_factory=list, description="Tags to find it by.", examples=[["serving"]])
    contributions: dict[str, JsonValue] = Field(
        default_factory=dict, description="What it contributes to, for reports.", examples=[{"reliability": "high"}]
    )
    configuration: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="Values that ${name} stands for, literally or from the environment.",
        examples=[{"namespace": {"type": "env", "key": "NAMESPACE", "default": "ml-serving"}}],
    )
    secrets: dict[str, JsonValue] = Field(
        default_factory=dict, description="Groups of secrets, for probes.", examples=[{}]
    )
    controls: list[Control] = Field(description="Controls; the guard first.", examples=[[_GUARD_CONTROL]])
    extensions: list[JsonValue] = Field(
        description="Blocks for controls; the guard's among them.", examples=[[{"name": "guard"}]]
    )
    runtime: Runtime = Field(description="How it is run.", examples=[{"rollbacks": {"strategy": "always"}}])
    hypothesis: Hypothesis | None = Field(
        default=None,
        alias="steady-state-hypothesis",
        description="What holds before and after the method.",
        examples=[{"title": "Requests are answered", "probes": []}],
    )
    method: list[Activity] = Field(
        min_length=1,
        description="What is done, in order.",
        examples=[[{"type": "action", "name": "kill a pod", "provider": _PROVIDER}]],
    )
    rollbacks: list[Activity] = Field(
        default_factory=list, description="Probes after the method; the guard undoes faults itself.", examples=[[]]
    )
