"""What a lab says of itself in lab.json, for the commands that ask from outside."""

import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lab.errors import LabError

Phase = Literal["starting", "ready", "stopping", "stopped", "crashed"]
Kind = Literal["control-plane", "node", "server", "tool"]


class Component(BaseModel):
    """One process that the supervisor started."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Kind
    pid: int | None = None
    running: bool = False
    detail: str = ""
    """Why it does not run, or where it listens."""


class MissingServer(BaseModel):
    """A real server that this machine lacks, and what brings it."""

    model_config = ConfigDict(frozen=True)

    name: str
    needed_for: str
    remedy: str


class LabState(BaseModel):
    """The lab as its supervisor sees it; times in seconds since the epoch."""

    model_config = ConfigDict(frozen=True)

    lab_id: str
    phase: Phase
    step: str = ""
    """What is being done or waited for now, in words."""
    supervisor_pid: int
    octet: int
    bare: bool = False
    started_at: float
    ready_after: float | None = None
    """Seconds from start to ready."""
    components: tuple[Component, ...] = Field(default=())
    missing: tuple[MissingServer, ...] = Field(default=())
    isolated: bool = True
    """Do the pods have PID namespaces of their own?"""
    rules_problem: str = ""
    """Why Prometheus does not have the rules of the SLOs; empty where it has."""
    pages_url: str = ""
    """Where the pager tells which notifications reached it; empty where nothing notifies it."""


def write_state(path: Path, state: LabState) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as draft:
        draft.write(state.model_dump_json(indent=2) + "\n")
    Path(draft.name).replace(path)


def read_state(path: Path) -> LabState | None:
    """The state last written, or None where no lab ever was. Raises LabError where the file is damaged."""
    try:
        return LabState.model_validate_json(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise LabError(f"{path} is damaged", "end the lab (chaos lab down) and start it again") from error
