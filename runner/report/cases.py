"""A report as JUnit XML: one test case for the verdict, and one for each thing that a CI page should name. Pure."""

from collections.abc import Iterator

from runner.report.junit import Case, CaseResult, junit_xml, result_of
from runner.report.model import AlertCard, Report
from runner.report.wording import counted


def junit(report: Report) -> str:
    """The document, with one suite. It takes as long as the run: what each alert took is within that."""
    cases = list(cases_of(report))
    return junit_xml(report.record.title, cases, report.record.started_at, _seconds(report))


def cases_of(report: Report) -> Iterator[Case]:
    """The verdict; then whether everything is out, each expected alert, and pages that nobody expected."""
    yield _verdict(report)
    if any(row.state != "planned" for row in report.targets):
        yield _out(report)
    for card in report.alerts:
        yield _alert(report, card)
    if report.strays:
        found = ", ".join(f"{stray.alert} ({stray.severity}) to {stray.receiver}" for stray in report.strays)
        yield Case("nobody else is paged", _class(report), 0.0, "failed", "unexpected page", f"paged: {found}")


def _verdict(report: Report) -> Case:
    record, headline = report.record, report.headline
    properties = {
        "run_id": record.run_id,
        "verdict": headline.verdict,
        "experiment": record.experiment,
        "place": record.place,
        **{f"budget_spent:{row.slo}": f"{row.spent:.6f}" for row in report.budgets if row.spent is not None},
        **{f"{name}_seconds": f"{seconds:.3f}" for name, seconds in _durations(report) if seconds is not None},
    }
    return Case(
        name="verdict",
        classname=_class(report),
        seconds=_seconds(report),
        result=result_of(headline.verdict),
        kind=headline.verdict,
        message=headline.reason,
        details="\n".join((headline.reason, headline.meaning, "", *_advice(report))),
        output="\n".join(f"{report.moments.offset(one.at):+9.1f} s  {one.what}" for one in report.happenings),
        properties={name: value for name, value in properties.items() if value},
    )


def _seconds(report: Report) -> float:
    return report.moments.end - report.moments.start


def _durations(report: Report) -> Iterator[tuple[str, float | None]]:
    durations = report.record.durations
    yield from (("detect", durations.detect), ("page", durations.page), ("recover", durations.recover))


def _advice(report: Report) -> Iterator[str]:
    for number, one in enumerate(report.advice, 1):
        yield f"{number}. {one.text}{f' [{one.command}]' if one.command else ''}"


def _out(report: Report) -> Case:
    left = [row for row in report.targets if row.state != "undone"]
    told = "; ".join(
        f"{row.fault} on {row.target}: {row.state}{f', {row.reason}' if row.reason else ''}" for row in left
    )
    result: CaseResult = "error" if left else "passed"
    return Case(
        name="every fault is out again",
        classname=_class(report),
        seconds=0.0,
        result=result,
        kind="not undone" if left else "",
        message=f"{counted(len(left), 'fault')} not undone: {told}" if left else "",
    )


def _alert(report: Report, card: AlertCard) -> Case:
    results: dict[str, CaseResult] = {"proven": "passed", "lost": "failed"}
    result = results.get(card.outcome, "error")
    does = f"is muted by {card.muted_by}" if card.muted_by else f"reaches {card.receiver}"
    notified = next((row.after for row in card.stages if row.stage == "notified"), None)
    return Case(
        name=f"{card.alert} ({card.severity}) {does}",
        classname=_class(report),
        seconds=notified or 0.0,
        result=result,
        kind="" if result == "passed" else card.outcome,
        message="" if result == "passed" else "; ".join(part for part in (card.summary, card.reason) if part),
    )


def _class(report: Report) -> str:
    """What CI pages group by: the experiment's file without its ending, else its title."""
    return report.record.experiment.removesuffix(".yaml").strip("/").replace("/", ".") or report.record.title
