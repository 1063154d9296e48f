"""The Chaos Toolkit control without which no fault goes in: it plans, admits, watches, stops, undoes and judges a run.

Chaos Toolkit exits with 0 after a hypothesis that refused to start, failed actions and failed rollbacks, and it drops
whatever goes wrong in a control. So nothing here is switched on by success: the journal counts as failed until the
verdict `held` is reached (`after_experiment_control` and, should that not be reached, the closing event see to it), and
faults are refused in a process in which this control has not opened a run (see actions.run_context).

In an experiment:

    controls:
      - {name: guard, provider: {type: python, module: runner.guard}}
    runtime: {rollbacks: {strategy: always}}
    extensions:
      - name: guard    # see docs/experiment-files.md
"""

import logging
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chaoslib.exceptions import InterruptExecution
from chaoslib.types import Dry

from actions.fault import RefusedError
from actions.run_context import NoOpenRunError, close_run, current_run
from probes.sli import DeclarationError
from runner.guarded_run import (
    GuardedRun,
    annotated,
    ending,
    fault_count,
    how_it_ended,
    note_end,
    region_of,
    store,
    tags_of,
)
from runner.outcome import KEY, Outcome
from runner.runs.run_id import new_run_id
from runner.runs.spool import Beginning, Ending, Spool
from runner.slo.garbage import without_collecting

if TYPE_CHECKING:
    from actions.systems import Systems
    from runner.guarding.session import Session
    from runner.plan.model import Plan

logger = logging.getLogger("chaostoolkit")

_HARMLESS = (Dry.ACTIONS, Dry.ACTIVITIES)
"""The dry modes in which Chaos Toolkit runs no action; in the others (probes, pause) faults go in."""
_OUR_MODULE = "runner.guard"


_runs: list[GuardedRun] = []


class _Closer:
    """Chaos Toolkit's last word: a journal that reaches it without `held` may not count as a success."""

    def signal_exit(self) -> None:
        """The run was ended by a signal, and nothing may end it once more."""
        if _runs and _runs[-1].session is not None:
            _runs[-1].session.no_activity()

    def finish(self, journal: dict[str, Any]) -> None:
        if KEY not in journal:
            logger.error("The run was not judged, so it counts as failed (chaostoolkit.log says why)")
        if journal.get(KEY, {}).get("verdict") != Outcome.HELD and not _failed(journal):
            journal["status"] = "failed"
        if _runs:
            guarded = _runs[-1]
            if guarded.session is not None:
                guarded.session.close()
            note_end(guarded, Ending(time.time(), Outcome.ERROR.value, "it was not judged", fault_count(guarded)))
            store(guarded)
            if guarded.session is not None:
                guarded.session.restore_signals()
        close_run()

    def __getattr__(self, _event: str) -> Any:
        return _ignore


_closers: list[_Closer] = []


def _ignore(*_arguments: object, **_named: object) -> None:
    """All other events."""


def configure_control(event_registry: Any) -> None:
    """Called once before the run: forget an earlier run of this process, and have the last word on this one."""
    close_run()
    _runs.clear()
    _closers.clear()
    closer = _Closer()
    event_registry.register(closer)
    _closers.append(closer)


def before_experiment_control(
    context: Mapping[str, Any],
    configuration: Mapping[str, Any] | None = None,
    secrets: Mapping[str, Any] | None = None,
) -> None:
    """Open the run; or end it before it begins, with the reason in the summary."""
    if not _closers:
        raise InterruptExecution(f"the control {_OUR_MODULE} was not set up (chaostoolkit.log says why)")
    now = time.time()
    run_id = new_run_id(now)
    guarded = GuardedRun(run_id, now, bool(context.get("dry")), Spool(run_id))
    _runs.append(guarded)
    guarded.spool.began(
        Beginning(run_id, str(context.get("title", "")), now, guarded.dry, _experiment_file(), tags_of(context))
    )
    try:
        _begin(guarded, context, configuration or {}, secrets or {})
    except InterruptExecution:
        raise
    except (RefusedError, DeclarationError) as error:
        guarded.refusal = f"nothing was touched: {error}"
        raise InterruptExecution(guarded.refusal) from error
    except Exception as error:
        # Chaos Toolkit would log it where nobody looks, and go on.
        guarded.refusal = f"nothing was touched, since the guard failed: {type(error).__name__}: {error}"
        logger.debug("The guard failed", exc_info=True)
        raise InterruptExecution(guarded.refusal) from error


def watched() -> bool:
    """Probe: True while this control watches the run, and a failure otherwise.

    As the first probe of a hypothesis it stops a run whose control did not load before anything is touched.
    """
    if current_run() is None and not (_runs and _runs[-1].dry and not _runs[-1].refusal):
        raise NoOpenRunError(
            "no guard watches this run: give the experiment a control whose provider is {type: python, module: "
            f"{_OUR_MODULE}}}; if it has one, chaostoolkit.log says why it failed"
        )
    return True


def before_method_control(context: Mapping[str, Any]) -> None:  # noqa: ARG001 (Chaos Toolkit passes it)
    """Faults may go in from here on."""
    session = _session()
    if session is not None:
        _end_if_stopped(session)
        session.method_begins()


def after_method_control(context: Mapping[str, Any]) -> None:  # noqa: ARG001 (Chaos Toolkit passes it)
    """Undo everything, verify it, and wait for the SLOs."""
    session = _session()
    if session is not None and session.phase == "method":
        session.method_ended(failed=bool(_runs[-1].failed_activity))


def before_rollback_control(context: Mapping[str, Any]) -> None:  # noqa: ARG001 (Chaos Toolkit passes it)
    """The experiment's own rollbacks come after the undo, and are not cut short."""
    session = _session()
    if session is not None:
        session.rollbacks_begin()


def before_activity_control(context: Mapping[str, Any]) -> None:
    """End the run that is to be stopped, and the method of which an activity has failed: the next one builds on it."""
    session = _session()
    if session is None or session.phase == "rollbacks":
        return
    _end_if_stopped(session)
    failed = _runs[-1].failed_activity
    if session.phase == "method" and failed:
        raise InterruptExecution(f"{failed} failed, so {context.get('name')} is not run")
    session.activity_begins()


def after_activity_control(context: Mapping[str, Any], state: Mapping[str, Any] | None) -> None:
    """Remember a failure in the method."""
    session = _session()
    if session is None:
        return
    session.no_activity()
    if session.phase == "method" and (state is None or state.get("status") != "succeeded"):
        _runs[-1].failed_activity = _runs[-1].failed_activity or str(context.get("name"))


def after_experiment_control(
    context: Mapping[str, Any], state: dict[str, Any], configuration: Mapping[str, Any] | None = None
) -> None:
    """Judge the run, write the summary into the journal, print it, and let only `held` count as a success."""
    ended, state["status"] = state["status"], "failed"
    guarded = _runs[-1]
    session = guarded.session
    if session is not None:
        session.close()
    from runner.summarise import summarise

    summary = summarise({**state, "status": ended}, context, configuration or {}, how_it_ended(guarded))
    note_end(guarded, ending(guarded, summary))
    summary = annotated(guarded, context, configuration or {}, summary)
    state[KEY] = summary.document()
    if summary.verdict.outcome in (Outcome.HELD, Outcome.BREACHED) or ended != "completed":
        state["status"] = ended
    if summary.verdict.outcome is Outcome.BREACHED:
        state["deviated"] = True
    from runner.render import print_summary

    print_summary(summary, sys.stdout)


def _begin(
    guarded: GuardedRun, context: Mapping[str, Any], configuration: Mapping[str, Any], secrets: Mapping[str, Any]
) -> None:
    from runner.annotating import begin_region
    from runner.runs.planned import planned
    from runner.runs.versions import note_versions
    from runner.store.following import follow

    dry = context.get("dry")
    if dry and dry not in _HARMLESS:
        raise RefusedError(
            f"a run with --dry {getattr(dry, 'value', dry)} leaves the probes or pauses out but still injects the "
            "faults; use --dry actions for a run that breaks nothing"
        )
    with without_collecting():
        systems, plan = _plan(context, configuration, secrets)
    try:
        guarded.place = plan.place
        guarded.spool.planned(planned(plan))
        if not guarded.dry:
            from runner.guarding.opening import open_session

            guarded.session = open_session(guarded.run_id, plan, configuration, systems, guarded.spool)
            note_versions(guarded.spool, systems if plan.place else None)
            follow(guarded.spool)
            guarded.annotator = begin_region(region_of(guarded, context), configuration)
    finally:
        if guarded.session is None:
            systems.close()
    logger.info("Run %s is open: plan %s", guarded.run_id, plan.token)


def _plan(
    context: Mapping[str, Any], configuration: Mapping[str, Any], secrets: Mapping[str, Any]
) -> "tuple[Systems, Plan]":
    """The plan, and the systems that it was made with, still open. All that a plan takes is imported here."""
    from actions.systems import Systems
    from runner.declared import client_counter
    from runner.guarding.opening import plan_run

    client_counter(context, configuration)
    systems = Systems()
    try:
        return systems, plan_run(context, configuration, secrets, systems)
    except BaseException:
        systems.close()
        raise


def _end_if_stopped(session: "Session") -> None:
    if session.run.stopping:
        raise InterruptExecution(f"the run is stopped: {session.run.stop_reason}")


def _session() -> "Session | None":
    return _runs[-1].session if _runs else None


def _experiment_file() -> str:
    """The file that `chaos run` was given; only its command line knows."""
    import click

    context = click.get_current_context(silent=True)
    return str(context.params.get("source") or "") if context is not None else ""


def _failed(journal: Mapping[str, Any]) -> bool:
    return bool(journal.get("deviated")) or journal.get("status") != "completed"
