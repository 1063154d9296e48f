"""A set's result as JUnit XML, as Markdown for the page of a CI job, and as JSON. Pure."""

from typing import Any

from runner.report.junit import Case, CaseResult, junit_xml, result_of
from runner.smoke.order import SetResult
from runner.smoke.outcome import NOT_RUN, Result
from runner.smoke.suite import Suite

_SIGNS = {"held": "✅", "breached": "❌", NOT_RUN: "⏭️"}


def junit_of(done: SetResult) -> str:
    """One test case for each experiment of the set."""
    return junit_xml(done.suite.title, [_case(result) for result in done.results], done.started_at)


def markdown_of(done: SetResult) -> str:
    """The verdict first, then a table, then what is to be said of each that did not hold."""
    lines = [f"## {headline(done)}", "", f"{done.suite.title}, on {done.place}.", ""]
    lines += ["| | experiment | verdict | took | back after | error budget spent |", "|---|---|---|--:|--:|---|"]
    lines += [_row(result) for result in done.results]
    told = [f"- **{_cell(one.member.name)}**: {_cell(one.reason)}" for one in done.results if one.verdict != "held"]
    stopped = [f"Stopped: {_cell(done.stopped)}", ""] if done.stopped else []
    return "\n".join([*lines, "", *stopped, *told, ""]).rstrip() + "\n"


def document_of(done: SetResult) -> dict[str, Any]:
    """All of it for machines."""
    return {
        "title": done.suite.title,
        "verdict": done.status.name.lower(),
        "exit_status": int(done.status),
        "place": done.place,
        "started_at": done.started_at,
        "duration_seconds": round(done.seconds, 3),
        "stopped": done.stopped or None,
        "error_budget": {"max_spend": done.purse.limit, "spent": dict(done.purse.spent)},
        "runs": [_document(result) for result in done.results],
    }


def order_document(suite: Suite, place: str) -> dict[str, Any]:
    """What would be run, for machines."""
    members = [
        {
            "experiment": member.name,
            "file": str(member.path),
            "title": member.title,
            "slos": list(member.slos),
            "max_spend": member.max_spend,
        }
        for member in suite.members
    ]
    return {
        "title": suite.title,
        "place": place,
        "max_spend": suite.max_spend,
        "within_seconds": suite.within,
        "runs": members,
    }


def headline(done: SetResult) -> str:
    """The verdict of the set, and how many held: `HELD: 4 of 4 experiments held in 112 s`."""
    held = sum(result.verdict == "held" for result in done.results)
    noun = "experiment" if len(done.results) == 1 else "experiments"
    return f"{done.status.name}: {held} of {len(done.results)} {noun} held in {done.seconds:.0f} s"


def _case(result: Result) -> Case:
    folder, _, stem = result.member.name.rpartition("/")
    outcome: CaseResult = "skipped" if result.verdict == NOT_RUN else result_of(result.verdict)
    return Case(
        name=f"{stem}: {result.member.title}",
        classname=f"smoke.{folder}" if folder else "smoke",
        seconds=result.seconds,
        # A verdict says nothing of what is left: a stuck fault is an error whatever was judged.
        result="error" if result.stuck else outcome,
        kind="stuck" if result.stuck else result.verdict,
        message="; ".join((*result.stuck, result.reason)) if result.stuck else result.reason,
        output=result.output,
        properties=_properties(result),
    )


def _properties(result: Result) -> dict[str, str]:
    properties = {"file": str(result.member.path), "verdict": result.verdict}
    if result.run_id:
        properties["run_id"] = result.run_id
    return properties | {f"budget_spent:{slo}": f"{share:.6f}" for slo, share in result.spent.items()}


def _row(result: Result) -> str:
    cells = (
        _SIGNS.get(result.verdict, "⚠️"),
        f"{_cell(result.member.title)} (`{_cell(result.member.name)}`)",
        f"**{result.verdict}**",
        f"{result.seconds:.0f} s" if result.seconds else "",
        "" if result.recovered_seconds is None else f"{result.recovered_seconds:.1f} s",
        _cell(", ".join(f"{slo} {share:.2%}" for slo, share in result.spent.items())),
    )
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """A text that neither ends a cell nor begins markup."""
    shown = " ".join(text.split())
    for mark in "\\`*_|<>[]":
        shown = shown.replace(mark, f"\\{mark}" if mark not in "<>" else {"<": "&lt;", ">": "&gt;"}[mark])
    return shown


def _document(result: Result) -> dict[str, Any]:
    return {
        "experiment": result.member.name,
        "file": str(result.member.path),
        "title": result.member.title,
        "verdict": result.verdict,
        "reason": result.reason,
        "run_id": result.run_id or None,
        "duration_seconds": round(result.seconds, 3),
        "recovered_seconds": result.recovered_seconds,
        "error_budget_spent": dict(result.spent),
        "faults": result.faults,
        "stuck": list(result.stuck),
        "warnings": list(result.warnings),
    }
