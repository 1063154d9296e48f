"""How steps are printed, and as which document."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

    from runner.dashboards.publishing import Step

_MOST_SHOWN = 8
_LONGEST = 90
_WORDS = {
    "new": "not in Grafana yet",
    "changed": "differs",
    "moved": "is in another folder",
    "same": "as here",
    "foreign": "is somebody else's",
}
_DONE = {"new": "created", "changed": "updated", "moved": "moved", "same": "as it was", "foreign": "left alone"}


def page(steps: "Sequence[Step]", *, done: bool) -> "Sequence[RenderableType]":
    """A row for each dashboard; `done` says what was done instead of what is."""
    from runner.cli.slo.tables import table

    words = _DONE if done else _WORDS
    rows = table(("DASHBOARD", "left"), ("UID", "left"), ("IN GRAFANA", "left"), ("DIFFERENCES", "right"))
    for step in steps:
        count = str(len(step.differences)) if step.differences else ""
        rows.add_row(step.dashboard.name, step.dashboard.uid, words[step.change], count)
    return [rows]


def details(steps: "Sequence[Step]") -> list[str]:
    """The first differences of each dashboard, Grafana's value first."""
    told = []
    for step in steps:
        for one in step.differences[:_MOST_SHOWN]:
            told.append(f"  {step.dashboard.name}: {one.path}")
            told.append(f"    - {_short(one.theirs)}")
            told.append(f"    + {_short(one.ours)}")
        if len(step.differences) > _MOST_SHOWN:
            told.append(f"  {step.dashboard.name}: and {len(step.differences) - _MOST_SHOWN} more (--json has all)")
    return told


def document(steps: "Sequence[Step]", folder_uid: str) -> dict[str, Any]:
    return {
        "folder": folder_uid,
        "dashboards": [
            {
                "name": step.dashboard.name,
                "uid": step.dashboard.uid,
                "title": step.dashboard.title,
                "change": step.change,
                "in_folder": step.folder_uid,
                "differences": [
                    {"path": one.path, "grafana": one.theirs, "here": one.ours} for one in step.differences
                ],
            }
            for step in steps
        ],
    }


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
