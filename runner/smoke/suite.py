"""A set of experiments as a file declares it, or as a directory holds it; checked as a whole before anything runs.

title: Serving and training survive one fault each
max_spend: 20%        # of each SLO's error budget, by all of them together
within: 3m            # none begins after that, and one that still runs is ended
experiments:
  - file: ../serving/llm-pod-kill.yaml
    defaults: {FAULT_SECONDS: "6"}    # environment variables, where the caller has not set them
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import Field, ValidationError

from runner.experiment.check import Checked, check_file
from runner.experiment.fitting import fit, mapping_at
from runner.experiment.guard_block import guard_blocks
from runner.experiment.part import Part, Share, Span, ratio
from runner.experiment.slo_names import find_slos
from runner.regular_file import UnreadFileError, read_text
from slos.duration import parse_duration
from slos.files.field_types import Filled
from slos.files.findings import Findings
from slos.files.yaml_document import Document, Wanted, documents
from slos.problems import Place, Problem

SUITE_FILE = "suite.yaml"
"""What a directory's set is declared in. Without one, every experiment of the directory is in it, by name."""
DEFAULT_MAX_SPEND = "10%"
DEFAULT_WITHIN = "15m"

_SUFFIXES = (".yaml", ".yml", ".json")
_WANTED = Wanted("a", "set of experiments", "experiments: [{file: llm-pod-kill.yaml}]", "write title: and experiments:")


class Entry(Part):
    """One experiment of the set."""

    file: Filled = Field(
        description="The experiment, relative to this file.", examples=["../serving/llm-pod-kill.yaml"]
    )
    defaults: dict[str, str] = Field(
        default_factory=dict,
        description="Environment variables of this run, where the caller has not set them.",
        examples=[{"FAULT_SECONDS": "6"}],
    )


class SuiteFile(Part):
    """A set of experiments that share an error budget."""

    title: Filled = Field(description="What the set shows, in a line.", examples=["Serving survives one fault each"])
    max_spend: Share = Field(
        default=DEFAULT_MAX_SPEND,
        description="Largest share of any SLO's error budget that all runs may spend together.",
        examples=["20%"],
    )
    within: Span = Field(
        default=DEFAULT_WITHIN,
        description="Time for all runs, in real time. No run begins after it, and one that still goes on is ended.",
        examples=["3m"],
    )
    experiments: list[Entry] = Field(
        min_length=1, description="What is run, in this order.", examples=[[{"file": "../serving/llm-pod-kill.yaml"}]]
    )


class _Options(Part):
    max_spend: Share | None = None
    within: Span | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """An experiment of the set. `max_spend` (1 is a whole budget) is what it declares for each of its `slos`."""

    name: str
    """Folder and name of its file: `serving/llm-pod-kill`."""
    path: Path
    title: str
    slos: tuple[str, ...]
    max_spend: float
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suite:
    """A set whose files all check out. `max_spend`: 1 is a whole budget; `within` is in seconds."""

    title: str
    max_spend: float
    within: float
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class ReadSuite:
    """What could be read, and everything that is wrong with any of its files. No suite where one is an error."""

    suite: Suite | None
    problems: tuple[Problem, ...]


class SuiteOptionError(ValueError):
    """An option that is no share or no duration: what it is, and what to write."""


def with_options(suite: Suite, max_spend: str | None, within: str | None) -> Suite:
    """The set with what the caller wants instead of what it declares. Raises SuiteOptionError."""
    given = {"max_spend": max_spend, "within": within}
    try:
        options = _Options.model_validate({name: text for name, text in given.items() if text is not None})
    except ValidationError as error:
        told = "; ".join(f"--{str(one['loc'][0]).replace('_', '-')}: {one['msg']}" for one in error.errors())
        raise SuiteOptionError(told) from error
    changed = suite
    if options.max_spend is not None:
        changed = replace(changed, max_spend=ratio(options.max_spend))
    if options.within is not None:
        changed = replace(changed, within=parse_duration(options.within))
    return changed


def read_suite(path: Path) -> ReadSuite:
    """The set that a directory or a file declares."""
    if path.is_dir() and not (path / SUITE_FILE).exists():
        return _members(_all_of(path), path)
    file = path / SUITE_FILE if path.is_dir() else path
    try:
        text = read_text(file, "a set of experiments needs less")
    except UnreadFileError as error:
        return ReadSuite(None, (error.problem,))
    found, problems = documents(str(file), text, _WANTED)
    if len(found) != 1 or problems:
        second = [Problem(one.place, "a second document", "write one set per file") for one in found[1:]]
        return ReadSuite(None, (*problems, *second))
    return _from_document(found[0], file)


def _all_of(directory: Path) -> SuiteFile | Problem:
    files = sorted(one.name for one in directory.iterdir() if one.suffix in _SUFFIXES)
    if not files:
        return Problem(
            Place(str(directory)), "no experiment in it", f"put some there, or a {SUITE_FILE} that names them"
        )
    return SuiteFile(title=str(directory), experiments=[Entry(file=file) for file in files])


def _from_document(document: Document, file: Path) -> ReadSuite:
    findings = Findings(document)
    findings.refuse_empty(except_below=())
    declared = fit(SuiteFile, document.value, (), findings)
    if declared is None or findings.has_errors:
        return ReadSuite(None, tuple(findings.problems))
    for index, entry in enumerate(declared.experiments):
        if not (file.parent / entry.file).is_file():
            remedy = "write the path of an experiment, relative to this file"
            findings.error(("experiments", index, "file"), f"there is no file {file.parent / entry.file}", remedy)
    return ReadSuite(None, tuple(findings.problems)) if findings.problems else _members(declared, file.parent)


def _members(declared: SuiteFile | Problem, directory: Path) -> ReadSuite:
    if isinstance(declared, Problem):
        return ReadSuite(None, (declared,))
    problems: list[Problem] = []
    members: list[Member] = []
    for entry in declared.experiments:
        path = Path(os.path.normpath(directory / entry.file))
        with _environment(entry.defaults):
            checked = check_file(str(path))
        problems += checked.problems
        if checked.ok:
            members.append(_member(path, checked, entry.defaults))
    suite = Suite(declared.title, ratio(declared.max_spend), parse_duration(declared.within), tuple(members))
    return ReadSuite(suite if len(members) == len(declared.experiments) else None, tuple(problems))


def _member(path: Path, checked: Checked, defaults: Mapping[str, str]) -> Member:
    block = guard_blocks(checked.experiment)[0][1]
    declared = mapping_at(mapping_at(block, "blast_radius"), "error_budget").get("max_spend", "0%")
    return Member(
        name=f"{path.resolve().parent.name}/{path.stem}",
        path=path,
        title=str(checked.experiment.get("title", "")),
        slos=tuple(slo.name for slo in find_slos([str(one) for one in block.get("slos", ())]).slos),
        max_spend=_share(declared, checked.configuration),
        defaults=defaults,
    )


def _share(declared: object, configuration: Mapping[str, object]) -> float:
    """What stands in the file may be a reference to the configuration."""
    from chaoslib import substitute

    return ratio(str(substitute(str(declared), dict(configuration), {})))


@contextmanager
def _environment(defaults: Mapping[str, str]) -> Iterator[None]:
    """This process's environment as the run's will be: an experiment is checked with the values that it will have."""
    added = {key: value for key, value in defaults.items() if key not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for key in added:
            os.environ.pop(key, None)
