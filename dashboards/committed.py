"""The dashboards as they are committed, read without the SDK that made them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parent / "json"


class DashboardFileError(Exception):
    """A file that is no dashboard of ours: which one, and why."""


@dataclass(frozen=True, slots=True)
class CommittedDashboard:
    """One dashboard: the name of its file without `.json`, its uid and title in Grafana, and its JSON model."""

    name: str
    uid: str
    title: str
    model: Mapping[str, Any]


def read(directory: Path = DIRECTORY) -> tuple[CommittedDashboard, ...]:
    """Every dashboard of a directory, by name.

    Raises DashboardFileError for a file that cannot be read, is no dashboard, or is not one of ours.
    """
    from dashboards.identity import TAG, UID_PREFIX

    found = []
    for path in sorted(directory.glob("*.json")):
        try:
            model = json.loads(path.read_text(encoding="utf-8"))
            uid, title, tags = str(model["uid"]), str(model["title"]), list(model["tags"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DashboardFileError(f"{path} is no dashboard: {type(error).__name__}: {error}") from error
        if not uid.startswith(UID_PREFIX) or TAG not in tags:
            raise DashboardFileError(
                f"{path}: the uid of a dashboard of ours begins with {UID_PREFIX}, and its tags have {TAG}"
            )
        found.append(CommittedDashboard(path.stem, uid, title, model))
    if not found:
        raise DashboardFileError(f"{directory} holds no dashboard: `chaos dashboards build` writes them")
    return tuple(found)
