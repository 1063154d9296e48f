"""Logs of programs that run for long: one line of logfmt for each event on standard error, with `run_id` on each.

ts=2026-11-22T16:38:00.125Z level=info msg="Fault pods.kill on pod ml-serving/llm-1 is undone" run_id=...
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TextIO

import structlog

LOGGER = "chaostoolkit"
"""The logger of all of mlchaos: what actions say of faults comes out here too."""
_ORDER = ["ts", "level", "msg", "run_id"]


def log_in_logfmt(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """From now on the logger `chaostoolkit` writes logfmt to `stream` (standard error), and nothing else."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Logfmt())
    logger = logging.getLogger(LOGGER)
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False


@contextmanager
def of_run(run: str) -> Iterator[None]:
    """What this thread logs meanwhile is about that run."""
    with structlog.contextvars.bound_contextvars(run_id=run):
        yield


class _Logfmt(logging.Formatter):
    """A record as one line; an exception is named on it, without a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._render = structlog.processors.LogfmtRenderer(key_order=_ORDER, bool_as_flag=False)

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text}: {type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        values = {
            "ts": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
            "level": record.levelname.lower(),
            "msg": " ".join(text.split()),
            "run_id": structlog.contextvars.get_contextvars().get("run_id", "-"),
        }
        return str(self._render(None, "", values))
