"""A report as Markdown: for the summary of a CI job, a ticket, a chat. Short; the page has the rest. Pure."""

import re
from collections.abc import Iterator, Sequence

from runner.report.model import Report, Tone
from runner.report.wording import UNKNOWN, burn, counted, moment, objective, offset, percent, window

_SIGNS: dict[Tone, str] = {"good": "✅", "bad": "❌", "warn": "⚠️", "info": "ℹ️", "plain": ""}
_TARGETS_AT_MOST = 10
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~@]")


def markdown(report: Report) -> str:
    """The text, with a line break at its end."""
    parts = (_head(report), _alerts(report), _budgets(report), _targets(report), _advice(report), _foot(report))
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def escaped(text: str) -> str:
    """A text that is shown as it is: no markup, no end of a cell, nobody is mentioned."""
    return _MARKUP.sub(lambda found: _harmless(found[0]), text)


def _harmless(mark: str) -> str:
    # An entity for @: a backslash before it would not keep GitHub from calling whoever is named so.
    return {"<": "&lt;", ">": "&gt;", "@": "&#64;&#8203;"}.get(mark, f"\\{mark}")


def code(text: str, cell: bool = False) -> str:
    """A text as code, whatever backticks are in it; in a cell of a table, bars would end it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence, pad = "`" * (longest + 1), " " if longest else ""
    shown = text.replace("|", "\\|") if cell else text
    return f"{fence}{pad}{shown}{pad}{fence}"


def _head(report: Report) -> Iterator[str]:
    headline = report.headline
    sign = _SIGNS[headline.tone]
    yield f"## {sign} {escaped(headline.verdict.upper())}: {escaped(report.record.title)}"
    yield ""
    yield escaped(headline.reason)
    yield ""
    yield f"*{escaped(headline.meaning)}*"
    if report.figures:
        yield ""
        yield _row([escaped(figure.label) for figure in report.figures])
        yield _row(["---"] * len(report.figures))
        yield _row([f"**{escaped(figure.value)}**" for figure in report.figures])
        yield _row([escaped(figure.note) for figure in report.figures])


def _alerts(report: Report) -> Iterator[str]:
    if not report.alerts and not report.strays:
        return
    yield "### Alert path"
    yield ""
    if report.alerts:
        yield _row(["", "alert", "severity", "receiver", "what became of it"])
        yield _row(["---"] * 5)
    for card in report.alerts:
        what = "; ".join(part for part in (card.summary, card.reason) if part)
        names = (code(card.alert, cell=True), escaped(card.severity), code(card.receiver, cell=True))
        yield _row([_SIGNS[card.tone], *names, escaped(what)])
    for stray in report.strays:
        when = offset(report.moments.offset(stray.at))
        yield ""
        what = f"{code(stray.alert)} ({escaped(stray.severity)})"
        yield f"❌ Nobody expected {what}, which reached {code(stray.receiver)} {when}."
    if report.evidence:
        yield ""
        yield f"*{escaped(report.evidence)}*"


def _budgets(report: Report) -> Iterator[str]:
    if not report.budgets:
        return
    yield "### Error budget"
    yield ""
    yield _row(["SLO", "objective", "spent", "allowed", "worst burn"])
    yield _row(["---", "---", "--:", "--:", "--:"])
    for row in report.budgets:
        goal = UNKNOWN if row.objective is None else objective(row.objective)
        over = f" over {escaped(window(row.window))}" if row.window and row.objective is not None else ""
        spent = UNKNOWN if row.spent is None else percent(row.spent)
        cells = [
            code(row.slo, cell=True),
            f"{goal}{over}",
            f"**{spent}**" if row.exceeded or row.spent is None else spent,
            UNKNOWN if row.most is None else percent(row.most),
            UNKNOWN if row.worst_burn is None else burn(row.worst_burn),
        ]
        yield _row(cells)


def _targets(report: Report) -> Iterator[str]:
    touched = [row for row in report.targets if row.state != "planned"]
    if not touched:
        return
    yield "### What was broken"
    yield ""
    for row in sorted(touched, key=lambda row: row.state == "undone")[:_TARGETS_AT_MOST]:
        state = row.state if row.state == "undone" else f"**{row.state}**"
        reason = f": {escaped(row.reason)}" if row.reason and row.state != "undone" else ""
        yield f"- {code(row.fault)} on {code(row.target)}: {state}{reason}"
    if len(touched) > _TARGETS_AT_MOST:
        yield f"- and {counted(len(touched) - _TARGETS_AT_MOST, 'more target')}"


def _advice(report: Report) -> Iterator[str]:
    yield "### What to do next"
    yield ""
    for number, one in enumerate(report.advice, 1):
        now = "**Now:** " if one.urgent else ""
        yield f"{number}. {now}{escaped(one.text)}{f' {code(one.command)}' if one.command else ''}"


def _foot(report: Report) -> Iterator[str]:
    record = report.record
    for warning in report.warnings:
        yield f"⚠️ {escaped(warning)}"
        yield ""
    where = f" on {escaped(record.host)}" if record.host else ""
    yield f"Run {code(record.run_id)}, {moment(record.started_at)}{where}."


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
