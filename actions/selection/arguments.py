"""How an experiment says which pods it means."""

from typing import Annotated

from pydantic import Field, model_validator

from actions.fault import Arguments

Name = Annotated[str, Field(min_length=1)]


class PodSelection(Arguments):
    """Pods of a namespace: those that the labels match, narrowed down by place or rank, and how many of them."""

    namespace: Name = Field(description="The namespace of the pods.")
    label_selector: Name = Field(
        description="Which pods: a label selector as kubectl takes it, such as `app=llm,tier in (web)`. One that "
        "matches nothing is an error."
    )
    count: int | None = Field(None, ge=1, description="How many of them to take: exactly so many. 1 by default.")
    percent: float | None = Field(
        None, gt=0, le=100, description="Instead of count: the share of the running ones to take, rounded down."
    )
    node: str = Field("", description="Only pods on this node.")
    zone: str = Field("", description="Only pods on nodes of this zone (label topology.kubernetes.io/zone).")
    rank: int | None = Field(None, ge=0, description="Only the pod with this rank (or index) in its gang.")
    workload: str = Field(
        "",
        description="What the pods must belong to, such as `deployment/llm`. It picks nothing: it refuses a label "
        "selector that catches other pods.",
    )

    @model_validator(mode="after")
    def _one_amount(self) -> "PodSelection":
        if self.count is not None and self.percent is not None:
            raise ValueError("count and percent exclude each other: give one of them")
        if self.node and self.zone:
            raise ValueError("node and zone exclude each other: a node is in one zone")
        if not self.label_selector.strip():
            raise ValueError("label_selector is empty, which would match every pod: name the pods, such as app=llm")
        if self.workload and not all(self.workload.partition("/")):
            raise ValueError(f"workload {self.workload!r} is not readable: write it like deployment/llm")
        return self
