"""How an experiment says which nodes it means: arguments that every fault of nodes has."""

from pydantic import Field, field_validator, model_validator

from actions.fault import Arguments, RefusedError


class Hosting(Arguments):
    """Only nodes on which such a pod runs."""

    namespace: str = Field(min_length=1, description="Namespace of the pods.")
    label_selector: str = Field(min_length=1, description="Labels of the pods, such as app=trainer.")


class NodeArguments(Arguments):
    """Nodes by label, by name or by the pods that run on them, and how many of them."""

    label_selector: str = Field(default="", description="Labels of the nodes, such as nvidia.com/gpu.present=true.")
    names: tuple[str, ...] = Field(default=(), description="Only nodes of these names.")
    zone: str = Field(default="", description="Only nodes of this zone (label topology.kubernetes.io/zone).")
    hosting: Hosting | None = Field(default=None, description="Only nodes on which pods like these run.")
    count: int | None = Field(
        default=None, ge=1, description="How many nodes; 1 where neither count nor percent is given."
    )
    percent: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="How many nodes, as a share of those that match in percent, rounded down.",
    )

    @field_validator("names", mode="before")
    @classmethod
    def _no_bare_text(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError("this is not a list; write a list of names, such as [gpu-a]")  # noqa: TRY004 (pydantic reports ValueError)
        return value

    @model_validator(mode="after")
    def _says_which(self) -> "NodeArguments":
        if not (self.label_selector.strip() or self.names or self.hosting):
            raise ValueError("no nodes are named, which would be all of them; give label_selector, names or hosting")
        if self.count is not None and self.percent is not None:
            raise ValueError("count and percent exclude each other; give one of them")
        return self

    def how_many(self, matching: int) -> int:
        """How many nodes to take of those that match. Raises RefusedError for a share that is not one node."""
        if self.percent is None:
            return self.count or 1
        wanted = int(matching * self.percent / 100 + 1e-9)
        if wanted < 1:
            raise RefusedError(
                f"{self.percent:g}% of {matching} matching nodes is less than one: raise percent, or write count: 1"
            )
        return wanted

    def described(self) -> str:
        """What the selection says, for messages."""
        parts = [
            f"labels {self.label_selector!r}" if self.label_selector.strip() else "",
            f"names {', '.join(self.names)}" if self.names else "",
            f"zone {self.zone!r}" if self.zone else "",
            f"pods {self.hosting.label_selector!r} of {self.hosting.namespace} on it" if self.hosting else "",
        ]
        return " and ".join(part for part in parts if part)
