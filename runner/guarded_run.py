"""One run as the guard's control remembers it from hook to hook, and what is kept of it when it has ended."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from runner.runs.spool import Ending, Spool

if TYPE_CHECKING:
    from runner.annotating import Annotator, RunRegion
    from runner.guarding.session import Session
    from runner.run_summary import RunSummary
    from runner.summarise import Ended

logger = logging.getLogger("chaostoolkit")


@dataclass(slots=True)
class GuardedRun:
    """What the control remembers between its hooks. Without a session nothing can be broken."""

    run_id: str
    started_at: float
    dry: bool
    spool: Spool
    session: "Session | None" = None
    place: str = ""
    refusal: str = ""
    failed_activity: str = ""
    annotator: "Annotator | None" = None
    unended: bool = True
    """The spool does not have its end yet."""


def how_it_ended(guarded: GuardedRun) -> "Ended":
    """What the summary is made of."""
    from runner.evidence import GuardEvidence
    from runner.guarding.last_look import vanished
    from runner.summarise import Ended

    session = guarded.session
    if session is None:
        return Ended(guarded.run_id, guarded.started_at, time.time(), guarded.refusal)
    run = session.run
    evidence = GuardEvidence(
        injected=sum(one.sent_at is not None for one in run.injected),
        uncertain=sum(one.perhaps_in_flight for one in run.injected),
        stop=session.stop,
        stuck=tuple(f"{one.record.fault} on {one.record.target}: {one.record.reason}" for one in session.stuck),
        vanished=vanished(run.injected),
        recovery=session.recovery,
        alerts=session.alert_path,
        alerts_expected=session.expected_alerts,
    )
    return Ended(
        guarded.run_id,
        guarded.started_at,
        time.time(),
        guarded.refusal,
        evidence,
        tuple(run.injected),
        session.method_at,
        session.spent,
        guarded.place,
    )


def ending(guarded: GuardedRun, summary: "RunSummary") -> Ending:
    """What the spool is told at last."""
    session = guarded.session
    return Ending(
        at=time.time(),
        verdict=summary.verdict.outcome.value,
        reason=summary.verdict.reason,
        faults=fault_count(guarded),
        spent=session.spent if session is not None else {},
        recover=session.recovery.seconds if session is not None else None,
        summary=summary.document(),
    )


def region_of(guarded: GuardedRun, context: Mapping[str, Any]) -> "RunRegion":
    """The run as Grafana shows it while it goes on."""
    from runner.annotating import RunRegion

    title, began = str(context.get("title", "")), guarded.started_at
    return RunRegion(guarded.run_id, title, began, began, tags=tags_of(context))


def annotated(
    guarded: GuardedRun, context: Mapping[str, Any], configuration: Mapping[str, Any], summary: "RunSummary"
) -> "RunSummary":
    """The summary, with what went wrong when the run was annotated in Grafana. A dry run leaves nothing there."""
    if guarded.dry:
        return summary
    from runner.annotating import end_region

    verdict = summary.verdict
    region = replace(
        region_of(guarded, context),
        ended_at=time.time(),
        verdict=verdict.outcome.value,
        reason=verdict.reason,
        spent=summary.spent,
    )
    warnings = end_region(region, configuration, guarded.annotator)
    for warning in warnings:
        logger.warning("%s", warning)
    return replace(summary, warnings=(*summary.warnings, *warnings))


def note_end(guarded: GuardedRun, ending: Ending) -> None:
    """Spool the end, once."""
    if guarded.unended:
        guarded.unended = False
        guarded.spool.ended(ending)


def fault_count(guarded: GuardedRun) -> int:
    """How many faults went in, or may have."""
    return len(guarded.session.run.injected) if guarded.session is not None else 0


def store(guarded: GuardedRun) -> None:
    """Put what was spooled into the results store, which is only imported now that the run is over."""
    from runner.store.after_run import store_run

    path = guarded.spool.path
    guarded.spool.close()
    if path is not None:
        store_run(path)


def tags_of(context: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags of an experiment, as far as they are a list."""
    tags = context.get("tags")
    return tuple(str(tag) for tag in tags) if isinstance(tags, list) else ()
