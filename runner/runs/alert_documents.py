"""The way of a run's alerts as JSON has it, read back into values."""

from typing import Any

from pydantic import TypeAdapter

from runner.alerting.timeline import AlertPath, AlertTimeline

_PATH: TypeAdapter[AlertPath] = TypeAdapter(AlertPath)
_TIMELINE: TypeAdapter[AlertTimeline] = TypeAdapter(AlertTimeline)


def read_alert_path(document: Any) -> AlertPath:
    """Everything that a run saw of its alerts. Raises pydantic.ValidationError, a ValueError, for what is none."""
    return _PATH.validate_python(document)


def read_timeline(document: str) -> AlertTimeline:
    """One expected alert, from its JSON text. Raises pydantic.ValidationError."""
    return _TIMELINE.validate_json(document)


def timeline_document(timeline: AlertTimeline) -> str:
    """Its JSON text."""
    return _TIMELINE.dump_json(timeline).decode()
