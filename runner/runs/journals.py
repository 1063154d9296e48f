"""Chaos runs from Chaos Toolkit's journals: those of other machines, and of experiments without our control."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runner.runs.chaos import ChaosRun


class JournalError(ValueError):
    """A file that is no journal of Chaos Toolkit: which, why, and what to give instead."""


def read_journal(path: Path) -> ChaosRun:
    """The run that a journal tells of. Raises JournalError when it cannot be read or is none."""
    try:
        journal = json.loads(path.read_text("utf-8"))
        return _run(journal, str(path))
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise JournalError(
            f"{path} is no journal of Chaos Toolkit ({type(error).__name__}: {error}); give the file that "
            "chaos run --journal-path wrote"
        ) from error


def _run(journal: Mapping[str, Any], source: str) -> ChaosRun:
    ours: Mapping[str, Any] = journal.get("mlchaos", {})
    started_at = _time(journal["start"])
    return ChaosRun(
        run_id=str(ours.get("run_id") or source),
        title=str(journal["experiment"].get("title", "")),
        started_at=started_at,
        ended_at=_time(journal["end"]),
        verdict=str(ours.get("verdict") or _status(journal)),
        faults=len(ours["faults"]) if "faults" in ours else None,
        source=source,
        spent={str(slo): float(share) for slo, share in (ours.get("error_budget_spent") or {}).items()},
    )


def _status(journal: Mapping[str, Any]) -> str:
    return f"{journal['status']}, deviated" if journal.get("deviated") else str(journal["status"])


def _time(text: str) -> float:
    """Chaos Toolkit writes UTC; old ones do not say so."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
