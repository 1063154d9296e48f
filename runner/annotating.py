"""What a run leaves in Grafana: a region from its beginning to its end, with its verdict and a link to it.

It is there from the beginning on, so that a run that is killed leaves it, too. Nothing of this ever fails a run or
holds one up: it is done beside the run, and at its end within END_SECONDS or not at all; what could not be done is
said.
"""

import html
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote, urlsplit

from clients.deadline import within
from clients.grafana import REMEDY, Annotation, Grafana, GrafanaError
from runner.runs.record import RUNNING

logger = logging.getLogger("chaostoolkit")

TAG = "mlchaos"
"""What dashboards ask for."""
LINK = "MLCHAOS_RUN_LINK"
"""A link to a run, with {run_id} in it."""
LONGEST_REASON = 300
END_SECONDS = 5.0
"""How long the end of a run waits for its annotation at most, whatever that takes."""


@dataclass(frozen=True, slots=True)
class RunRegion:
    """A run as its region shows it. Times are seconds since the epoch; `spent` is the share of each SLO's budget."""

    run_id: str
    title: str
    started_at: float
    ended_at: float
    verdict: str = RUNNING
    reason: str = ""
    tags: Sequence[str] = ()
    spent: Mapping[str, float] = field(default_factory=dict)


class LinkError(ValueError):
    """The template of links to runs is none."""


def link_of(template: str, run_id: str) -> str:
    """The link to a run; empty without a template. Raises LinkError."""
    if not template:
        return ""
    try:
        parts = urlsplit(template)
        usable = parts.scheme in ("http", "https") and parts.netloc and "{run_id}" in template
    except ValueError:  # brackets that are no IPv6 address
        usable = False
    if not usable:
        raise LinkError(f"{LINK} is no link with {{run_id}} in it: write it like https://runs.example/{{run_id}}.html")
    return template.replace("{run_id}", quote(run_id, safe=""))


def annotation_of(run: RunRegion, link: str) -> Annotation:
    """The region of a run. Grafana shows its text as HTML: whatever others wrote is escaped."""
    parts = [f"<b>{html.escape(run.verdict)}</b>: {html.escape(run.title)}"]
    if run.reason:
        shortened = run.reason if len(run.reason) <= LONGEST_REASON else f"{run.reason[: LONGEST_REASON - 1]}…"
        parts.append(html.escape(shortened))
    parts += [f"{html.escape(slo)}: {share:.2%} of its error budget" for slo, share in sorted(run.spent.items())]
    named = f"run {html.escape(run.run_id)}"
    parts.append(f'<a href="{html.escape(link)}">{named}</a>' if link else named)
    tags = dict.fromkeys([TAG, f"verdict:{run.verdict}", *run.tags])
    return Annotation(run.started_at, run.ended_at, "<br>".join(parts), tuple(tags))


class Annotator:
    """Keeps one run's region in a Grafana."""

    def __init__(self, grafana: Grafana, link_template: str = "") -> None:
        self._grafana = grafana
        self._template = link_template
        self._beginning: threading.Thread | None = None
        self._number: int | None = None

    def begin(self, run: RunRegion) -> None:
        """Annotate the beginning, in a thread that nobody waits for."""
        self._beginning = threading.Thread(target=self._begin, args=(run,), name="annotation", daemon=True)
        self._beginning.start()

    def end(self, run: RunRegion) -> tuple[str, ...]:
        """Make the region that of the run as it has ended; gives what went wrong, in words."""
        warnings = []
        try:
            link = link_of(self._template, run.run_id)
        except LinkError as error:
            warnings.append(f"the annotation in Grafana has no link: {error}")
            link = ""
        try:
            self._put(annotation_of(run, link), run.run_id)
        except GrafanaError as error:
            warnings.append(f"the run is not annotated in Grafana: {error}")
        self._grafana.close()
        return tuple(warnings)

    def _begin(self, run: RunRegion) -> None:
        try:
            link = link_of(self._template, run.run_id)
        except LinkError:
            link = ""  # said at the end
        try:
            self._number = self._grafana.annotate(annotation_of(run, link))
        except Exception as error:  # noqa: BLE001 (the end tries again, and says what is wrong)
            logger.debug("The beginning of the run is not annotated (its end will try again): %s", error)

    def _put(self, annotation: Annotation, run_id: str) -> None:
        if self._beginning is not None:
            self._beginning.join(END_SECONDS)
        number = self._number
        if number is None and self._beginning is not None:
            number = self._left_from_beginning(run_id)
        if number is None or not self._grafana.update_annotation(number, annotation):
            self._grafana.annotate(annotation)

    def _left_from_beginning(self, run_id: str) -> int | None:
        """The annotation of the beginning whose answer was lost: it may be there all the same."""
        found = self._grafana.annotations([TAG, f"verdict:{RUNNING}"])
        return next((one.id for one in found if f"run {html.escape(run_id)}<" in f"{one.text}<"), None)


def begin_region(run: RunRegion, configuration: Mapping[str, object]) -> Annotator | None:
    """Begin to annotate a run, if a Grafana is named. Never raises: what is wrong is said when the run ends."""
    try:
        begun, _ = _annotator(configuration, os.environ)
        if begun is not None:
            begun.begin(run)
    except Exception as error:  # noqa: BLE001 (the end tries again, and says what is wrong)
        logger.debug("The beginning of the run is not annotated (its end will try again): %s", error)
        return None
    return begun


def end_region(run: RunRegion, configuration: Mapping[str, object], begun: Annotator | None) -> tuple[str, ...]:
    """Annotate a run that has ended, if a Grafana is named; gives what went wrong, in words.

    Never raises, and takes no longer than END_SECONDS.
    """
    try:
        found, problem = (begun, "") if begun is not None else _annotator(configuration, os.environ)
        if found is None:
            return (problem,) if problem else ()
        return within(END_SECONDS, partial(found.end, run))
    except TimeoutError:
        return (f"the run is not annotated in Grafana: that took longer than {END_SECONDS:g} s; {REMEDY}",)
    except Exception as error:  # noqa: BLE001 (a run is what it is, annotated or not)
        return (f"the run is not annotated in Grafana: {type(error).__name__}: {error}",)


def _annotator(configuration: Mapping[str, object], environment: Mapping[str, str]) -> tuple[Annotator | None, str]:
    """What annotates a run, and what is wrong: neither, where no Grafana is named."""
    url = str(configuration.get("grafana_url") or environment.get("GRAFANA_URL", ""))
    if not url:
        return None, ""
    try:
        return Annotator(Grafana(url, environment.get("GRAFANA_TOKEN", "")), environment.get(LINK, "")), ""
    except GrafanaError as error:
        return None, f"the run is not annotated in Grafana: {error}"
