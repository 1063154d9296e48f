"""The Chaos Toolkit control that opens a run, and closes it with a verdict, a summary and an honest exit status.

Chaos Toolkit exits with 0 after a hypothesis that refused to start, failed actions and failed rollbacks, and it drops
whatever goes wrong in a control. So nothing here is switched on by success: the journal counts as failed until the
verdict `held` is reached (`after_experiment_control` and, should that not be reached, the closing event see to it), and
faults are refused in a process in which this control has not opened a run (see actions.run_context).

In an experiment:

    controls:
      - {name: summary, provider: {type: python, module: runner.summary}}

and, so that a run without this control does not even start, the probe `watched` first in the hypothesis.
"""

import logging
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chaoslib.exceptions import InterruptExecution
from chaoslib.types import Dry

from actions.run_context import Fault, NoOpenRunError, Run, close_run, current_run, open_run
from clients.prometheus import Known, Reading, Unknown
from probes.sli import DeclarationError
from runner.declared import client_counter, objectives
from runner.evidence import output_of, read_evidence
from runner.run_summary import KilledPod, RunSummary, new_pods
from runner.runs.log import note_begin, note_end
from runner.verdict import Outcome, Verdict, decide

logger = logging.getLogger("chaostoolkit")

KEY = "mlchaos"
"""Where the summary is in the journal."""

_HARMLESS = (Dry.ACTIONS, Dry.ACTIVITIES)
"""The dry modes in which Chaos Toolkit runs no action; in the others (probes, pause) faults go in."""


@dataclass(slots=True)
class _Session:
    """What the control remembers between its hooks."""

    run: Run
    started_at: float
    method_at: float | None = None
    in_method: bool = False
    failed_activity: str = field(default="")
    refusal: str = field(default="")
    unended: bool = False
    """The run log has its beginning, and not its end yet."""


_sessions: list[_Session] = []


class _Closer:
    """Chaos Toolkit's last word: a journal that reaches it without `held` may not count as a success."""

    def finish(self, journal: dict[str, Any]) -> None:
        close_run()
        if KEY not in journal:
            logger.error("The run was not judged, so it counts as failed (chaostoolkit.log says why)")
        if journal.get(KEY, {}).get("verdict") != Outcome.HELD and not _failed(journal):
            journal["status"] = "failed"
        if _sessions:
            _note_end(_session(), Outcome.ERROR)

    def __getattr__(self, _event: str) -> Any:
        return _ignore


_closers: list[_Closer] = []


def _ignore(*_arguments: object, **_named: object) -> None:
    """All other events."""


def configure_control(event_registry: Any) -> None:
    """Called once before the run: forget an earlier run of this process, and have the last word on this one."""
    close_run()
    _sessions.clear()
    _closers.clear()
    closer = _Closer()
    event_registry.register(closer)
    _closers.append(closer)


def before_experiment_control(context: Mapping[str, Any], configuration: Mapping[str, Any] | None = None) -> None:
    """Open the run; or end it before it begins, when its summary could not be made or this control was not set up."""
    if not _closers:
        raise InterruptExecution("the control runner.summary was not set up (chaostoolkit.log says why)")
    try:
        measured = objectives(context, configuration or {})
        client_counter(context, configuration or {})
    except DeclarationError as error:
        raise InterruptExecution(str(error)) from error
    if not measured:
        raise InterruptExecution(
            "the steady-state hypothesis reads no SLI, so nothing could be held: give it a probe of probes.serving "
            "with a tolerance"
        )
    now = time.time()
    dry = context.get("dry")
    run = Run(f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}", dry=bool(dry))
    session = _Session(run, now)
    _sessions.append(session)
    if dry and dry not in _HARMLESS:
        session.refusal = (
            f"nothing was touched: a run with --dry {getattr(dry, 'value', dry)} leaves the probes or pauses out but "
            "still injects the faults; use --dry actions for a run that breaks nothing"
        )
        raise InterruptExecution(session.refusal)
    open_run(run)
    note_begin(run.id, str(context.get("title", "")), now, dry=run.dry)
    session.unended = True
    logger.info("Run %s is open", run.id)


def watched() -> bool:
    """Probe: True while this control watches the run, and a failure otherwise.

    As the first probe of a hypothesis it stops a run whose control did not load before anything is touched.
    """
    run = current_run()
    if run is None:
        raise NoOpenRunError(
            "nothing watches this run: give the experiment a control whose provider is {type: python, module: "
            "runner.summary}; if it has one, chaostoolkit.log says why it failed"
        )
    return True


def before_method_control(context: Mapping[str, Any]) -> None:  # noqa: ARG001 (Chaos Toolkit passes it)
    """Note that faults come next."""
    session = _session()
    session.in_method, session.method_at = True, time.time()


def after_method_control(context: Mapping[str, Any]) -> None:  # noqa: ARG001 (Chaos Toolkit passes it)
    """Note that the method is over."""
    _session().in_method = False


def before_activity_control(context: Mapping[str, Any]) -> None:
    """End the method when an activity of it has failed: what comes next builds on it."""
    session = _session()
    if session.in_method and session.failed_activity:
        raise InterruptExecution(f"{session.failed_activity} failed, so {context.get('name')} is not run")


def after_activity_control(context: Mapping[str, Any], state: Mapping[str, Any] | None) -> None:
    """Remember a failure in the method."""
    session = _session()
    if session.in_method and (state is None or state.get("status") != "succeeded"):
        session.failed_activity = session.failed_activity or str(context.get("name"))


def after_experiment_control(
    context: Mapping[str, Any], state: dict[str, Any], configuration: Mapping[str, Any] | None = None
) -> None:
    """Judge the run, write the summary into the journal, print it, and let only `held` count as a success."""
    ended, state["status"] = state["status"], "failed"
    summary = _conclude({**state, "status": ended}, context, configuration or {})
    _note_end(_session(), summary.verdict.outcome)
    state[KEY] = summary.document()
    if summary.verdict.outcome in (Outcome.HELD, Outcome.BREACHED) or ended != "completed":
        state["status"] = ended
    if summary.verdict.outcome is Outcome.BREACHED:
        state["deviated"] = True
    from runner.render import print_summary

    print_summary(summary, sys.stdout)


def _session() -> _Session:
    return _sessions[-1]


def _note_end(session: _Session, outcome: Outcome) -> None:
    if session.unended:
        session.unended = False
        note_end(session.run.id, outcome.value, time.time(), len(session.run.faults))


def _failed(journal: Mapping[str, Any]) -> bool:
    return bool(journal.get("deviated")) or journal.get("status") != "completed"


def _conclude(
    journal: Mapping[str, Any], experiment: Mapping[str, Any], configuration: Mapping[str, Any]
) -> RunSummary:
    session = _session()
    faults = session.run.faults
    ended_at = time.time()
    injected = sum(fault.injected_at is not None for fault in faults)
    verdict = (
        Verdict(Outcome.REFUSED, session.refusal)
        if session.refusal
        else decide(read_evidence(journal, injected, len(faults) - injected))
    )
    summary = RunSummary(
        run_id=session.run.id,
        title=str(experiment.get("title", "")),
        verdict=verdict,
        duration_seconds=ended_at - session.started_at,
        journal=_journal_path(),
        killed=tuple(_killed(fault) for fault in faults),
    )
    if not faults or session.method_at is None:
        return summary
    return _with_cost(summary, journal, experiment, configuration, ended_at, session.method_at)


def _with_cost(
    summary: RunSummary,
    journal: Mapping[str, Any],
    experiment: Mapping[str, Any],
    configuration: Mapping[str, Any],
    ended_at: float,
    method_at: float,
) -> RunSummary:
    from dataclasses import replace

    from runner.measure import Times, measure_cost

    fault_at = summary.killed[0].at
    healed = output_of(journal, "probes.kube", "healed")
    killed = output_of(journal, "actions.pods", "kill")
    times = Times(method_at, fault_at, healed["at"] if healed else None, ended_at)
    cost = measure_cost(experiment, configuration, times)
    return replace(
        summary,
        replacements=_replacements(healed, killed),
        time_to_ready=_time_to_ready(healed, fault_at),
        slis=cost.slis,
        lost=cost.lost,
        warnings=cost.warnings,
    )


def _replacements(healed: Mapping[str, Any] | None, killed: Mapping[str, Any] | None) -> tuple[Any, ...]:
    if healed is None or killed is None:
        return ()
    return new_pods(healed["pods"], killed["survivors"], [pod["uid"] for pod in killed["killed"]])


def _time_to_ready(healed: Mapping[str, Any] | None, fault_at: float) -> Reading:
    if healed is None:
        return Unknown("the workload was not seen whole again")
    return Known(healed["at"] - fault_at, healed["at"])


def _killed(fault: Fault) -> KilledPod:
    target = fault.target
    return KilledPod(
        cluster=target["cluster"],
        namespace=target["namespace"],
        name=target["name"],
        uid=target["uid"],
        node=target["node"],
        owner=target["owner"],
        at=fault.intended_at,
        certain=fault.injected_at is not None,
    )


def _journal_path() -> str:
    """Where `chaos run` is about to write the journal; only its command line knows."""
    import click

    context = click.get_current_context(silent=True)
    return str(context.params.get("journal_path", "unknown")) if context is not None else "unknown"
