"""From the text of SLO files to the model, and to everything that is wrong with them, in one pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from slos.files import openslo, sloth
from slos.files.annotations import warn_of_misplaced
from slos.files.findings import Findings
from slos.files.from_openslo import ReferredSli, read_service, read_slo
from slos.files.from_sloth import read_slos
from slos.files.identity import Kind, identify
from slos.files.openslo_indicators import check_indicator
from slos.files.structure import fitted
from slos.files.yaml_document import Document, documents
from slos.lint import lint
from slos.model import Service, Slo, SloSet
from slos.problems import Problem


@dataclass(frozen=True, slots=True)
class Loaded:
    """What could be read, and every problem, sorted by place."""

    slos: SloSet
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings let files pass."""
        return not any(problem.level == "error" for problem in self.problems)


@dataclass(frozen=True, slots=True)
class _ReadSlo:
    """An SLO, and the findings of the documents that it is from: its own first."""

    slo: Slo
    sources: tuple[Findings, ...]


@dataclass(slots=True)
class _Reading:
    """What came out of the documents so far, with the findings of each."""

    slo_documents: list[tuple[openslo.SloDocument, Findings]] = field(default_factory=list)
    slis: dict[str, ReferredSli] = field(default_factory=dict)
    slos: list[_ReadSlo] = field(default_factory=list)
    services: list[tuple[Service, Findings]] = field(default_factory=list)
    findings: list[Findings] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read(texts: Mapping[str, str]) -> Loaded:
    """Everything that the files declare together: file name -> YAML with one or several documents.

    Never raises for what is in a file: each problem is in the result, and the rest is read on. An SLO whose document
    has an error is not in the result; the others are in the order of the files and their documents.
    """
    reading = _Reading()
    for file, text in texts.items():
        found, broken = documents(file, text)
        reading.problems += broken
        for document in found:
            _read_document(document, reading)
    for slo_document, findings in reading.slo_documents:
        slo = read_slo(slo_document, findings, reading.slis)
        if slo is not None:
            referred = reading.slis.get(slo_document.spec.indicator_ref or "")
            reading.slos.append(_ReadSlo(slo, (findings, referred.findings) if referred else (findings,)))
    referred_to = {slo_document.spec.indicator_ref for slo_document, _ in reading.slo_documents}
    for name, sli in reading.slis.items():
        if name not in referred_to:
            check_indicator(sli.document.spec, sli.findings, ("spec",))
    return _loaded(reading)


def _read_document(document: Document, reading: _Reading) -> None:
    findings = Findings(document)
    reading.findings.append(findings)
    kind = identify(document, findings)
    if kind is None or kind is Kind.UNUSED:
        return
    findings.refuse_empty(sloth.CLUSTER_KEYS if kind is Kind.SLOTH_CRD else ())
    if kind is Kind.SLOTH or kind is Kind.SLOTH_CRD:
        read_here = read_slos(document, findings, crd=kind is Kind.SLOTH_CRD)
        reading.slos += [_ReadSlo(slo, (findings,)) for slo in read_here]
    elif kind is Kind.SERVICE:
        service = fitted(openslo.ServiceDocument, document.value, findings, openslo.HINTS)
        if service is not None:
            warn_of_misplaced(service.metadata.annotations, findings, ("metadata", "annotations"))
            reading.services.append((read_service(service, findings), findings))
    elif kind is Kind.SLI:
        _read_sli(document, findings, reading)
    else:
        slo = fitted(openslo.SloDocument, document.value, findings, openslo.HINTS)
        if slo is not None:
            reading.slo_documents.append((slo, findings))


def _read_sli(document: Document, findings: Findings, reading: _Reading) -> None:
    sli = fitted(openslo.SliDocument, document.value, findings, openslo.HINTS)
    if sli is None:
        return
    warn_of_misplaced(sli.metadata.annotations, findings, ("metadata", "annotations"))
    if findings.is_spoilt(("metadata", "name")):
        return
    first = reading.slis.setdefault(sli.metadata.name, ReferredSli(sli, findings))
    if first.findings is not findings:
        message = f"a second SLI called {sli.metadata.name!r}; the first is at {first.findings.document.place}"
        findings.error(("metadata", "name"), message, "give it a name of its own")


def _loaded(reading: _Reading) -> Loaded:
    found = list(reading.problems)
    for findings in reading.findings:
        found += findings.problems
    order = {id(findings): index for index, findings in enumerate(reading.findings)}
    reading.slos.sort(key=lambda each: order[id(each.sources[0])])
    bad = {id(findings) for findings in reading.findings if findings.has_errors}
    good = SloSet(
        tuple(each.slo for each in reading.slos if not any(id(findings) in bad for findings in each.sources)),
        tuple(service for service, findings in reading.services if id(findings) not in bad),
    )
    return Loaded(
        good, tuple(sorted({*found, *_linted(reading)}, key=lambda problem: (problem.place, problem.message)))
    )


def _linted(reading: _Reading) -> list[Problem]:
    """What lint says of all that could be read, except of values put in where the file's own were wrong."""
    mended = [findings for findings in reading.findings if findings.spoilt]
    named: list[Slo] = []
    nameless: list[Slo] = []
    for each in reading.slos:
        findings = each.sources[0]
        of_its_own = not findings.spoilt or not findings.hides(each.slo.place_of("name"))
        (named if of_its_own else nameless).append(each.slo)
    found = lint(SloSet(tuple(named), tuple(service for service, _ in reading.services)))
    for slo in nameless:
        found += lint(SloSet((slo,)))
    return [problem for problem in found if not any(findings.hides(problem.place) for findings in mended)]
