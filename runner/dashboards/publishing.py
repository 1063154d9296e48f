"""Bringing our dashboards into a Grafana: only what differs is saved, and nothing that is not ours is touched."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from clients.grafana import Grafana, GrafanaConflictError, StoredDashboard
from dashboards.committed import CommittedDashboard
from dashboards.identity import FOLDER_TITLE, TAG, is_ours
from runner.dashboards.comparing import Difference, differences

Change = Literal["new", "changed", "moved", "same", "foreign"]
"""moved: only the folder differs. foreign: somebody else's dashboard has our uid."""


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one dashboard.

    `replaces` is the version in Grafana in whose place ours goes, `folder_uid` the folder in which Grafana has it; both
    are None for one that it does not have.
    """

    dashboard: CommittedDashboard
    change: Change
    differences: tuple[Difference, ...] = ()
    replaces: int | None = None
    folder_uid: str | None = None

    @property
    def saves(self) -> bool:
        return self.change in ("new", "changed", "moved")


class ForeignDashboardError(Exception):
    """A dashboard with our uid is not ours: which one, and what to do."""


def compare(grafana: Grafana, dashboards: Sequence[CommittedDashboard], folder_uid: str) -> tuple[Step, ...]:
    """What differs, for each dashboard. Reads only; raises GrafanaError."""
    return tuple(_step(dashboard, grafana.dashboard(dashboard.uid), folder_uid) for dashboard in dashboards)


def push(grafana: Grafana, steps: Sequence[Step], folder_uid: str, message: str) -> Iterator[Step]:
    """Save what differs, and give each step when it is done.

    Raises ForeignDashboardError before anything is written, and GrafanaError, also where somebody has changed a
    dashboard after it was compared.
    """
    if foreign := [step.dashboard.uid for step in steps if step.change == "foreign"]:
        raise ForeignDashboardError(
            f"Grafana has dashboards under our uids that lack the tag {TAG}, so they are somebody else's: "
            f"{', '.join(foreign)}; rename them, or give them the tag {TAG} if they may be written over"
        )
    if any(step.saves for step in steps):
        _make_folder(grafana, folder_uid)
    for step in steps:
        if step.saves:
            grafana.save_dashboard(step.dashboard.model, folder_uid, step.replaces, message)
        yield step


def _step(dashboard: CommittedDashboard, stored: StoredDashboard | None, folder_uid: str) -> Step:
    if stored is None:
        return Step(dashboard, "new")
    tags = stored.model.get("tags")
    if not is_ours(stored.uid, tuple(tags) if isinstance(tags, list) else ()):
        return Step(dashboard, "foreign", replaces=stored.version, folder_uid=stored.folder_uid)
    found = differences(dashboard.model, stored.model)
    change: Change = "changed" if found else "moved" if stored.folder_uid != folder_uid else "same"
    return Step(dashboard, change, found, stored.version, stored.folder_uid)


def _make_folder(grafana: Grafana, uid: str) -> None:
    if grafana.folder(uid) is None:
        try:
            grafana.create_folder(uid, FOLDER_TITLE)
        except GrafanaConflictError:
            if grafana.folder(uid) is None:  # not somebody who made the same one at the same time
                raise
