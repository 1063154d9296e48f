"""Logs of programs that run for long: one line of logfmt for each event on standard error, with `run_id` on each.

ts=2026-11-22T16:38:00.125Z level=info msg="Fault pods.kill on pod ml-serving/llm-1 is undone" run_id=...
"""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import structlog

LOGGER = "chaostoolkit"
"""The logger of all of mlchaos: what actions say of faults comes out here too."""
_ORDER = ["ts", "level", "msg", "run_id"]


def log_in_logfmt(level: int = logging.INFO) -> None:
    """From now on the logger `chaostoolkit` writes logfmt to standard error, and nothing else."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.contextvars.merge_contextvars],
            processors=[
                _shape,
                structlog.processors.LogfmtRenderer(key_order=_ORDER, bool_as_flag=False),
            ],
        )
    )
    logger = logging.getLogger(LOGGER)
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False


@contextmanager
def of_run(run: str) -> Iterator[None]:
    """What this thread logs meanwhile is about that run."""
    with structlog.contextvars.bound_contextvars(run_id=run):
        yield


def _shape(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The keys that we write, from those that structlog collects; text stays on one line."""
    record: logging.LogRecord = event["_record"]
    at = datetime.fromtimestamp(record.created, UTC)
    text = " ".join(str(event["event"]).split())
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        text = f"{text}: {type(error).__name__}: {' '.join(str(error).split())}"
    return {
        "ts": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
        "level": record.levelname.lower(),
        "msg": text,
        "run_id": event.get("run_id", "-"),
    }
