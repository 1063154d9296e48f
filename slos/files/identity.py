"""Which kind of document a document is."""

from enum import Enum, auto

from slos.files import openslo
from slos.files.findings import Findings
from slos.files.nearest import nearest
from slos.files.yaml_document import Document

SLOTH_VERSION = "prometheus/v1"
SLOTH_API_VERSION = "sloth.slok.dev/v1"
SLOTH_KIND = "PrometheusServiceLevel"


class Kind(Enum):
    SLO = auto()
    SLI = auto()
    SERVICE = auto()
    UNUSED = auto()
    SLOTH = auto()
    SLOTH_CRD = auto()


_OPENSLO_KINDS = {
    "SLO": Kind.SLO,
    "SLI": Kind.SLI,
    "Service": Kind.SERVICE,
    **dict.fromkeys(openslo.UNUSED_KINDS, Kind.UNUSED),
}
_OPENSLO_ALPHA = (
    "write openslo/v1; ratioMetrics of an objective become indicator.spec.ratioMetric, "
    "timeWindows become timeWindow, and a query goes to metricSource.spec.query"
)


def identify(document: Document, findings: Findings) -> Kind | None:
    """The document's kind; None after reporting that it is none that is read."""
    value = document.value
    if "apiVersion" not in value:
        return _without_api_version(document, findings)
    version, kind = value["apiVersion"], value.get("kind")
    if version == SLOTH_API_VERSION:
        return _sloth_crd(kind, findings)
    if version != openslo.API_VERSION:
        findings.error(("apiVersion",), f"apiVersion {version!r} is not read", _version_remedy(version, kind))
        return None
    if "kind" not in value:
        findings.missing((), ("kind",), "kind is missing", "add kind: SLO")
        return None
    known = _OPENSLO_KINDS.get(kind) if isinstance(kind, str) else None
    if known is None:
        near = nearest(str(kind), _OPENSLO_KINDS, 0.5)
        remedy = f"write {near}" if near else f"write one of {', '.join(_OPENSLO_KINDS)}"
        findings.error(("kind",), f"unknown kind {kind!r}", remedy)
    elif known is Kind.UNUSED:
        remedy = "say how to alert in annotations under mlchaos.io/" if "Alert" in str(kind) else "use --prometheus"
        findings.warn(("kind",), f"a document of kind {kind} is read, and not used", remedy)
    return known


def _without_api_version(document: Document, findings: Findings) -> Kind | None:
    version = document.value.get("version")
    if version == SLOTH_VERSION:
        return Kind.SLOTH
    if "version" in document.value and "kind" not in document.value:
        findings.error(("version",), f"version {version!r} is not read", f"write {SLOTH_VERSION}, for a file of Sloth")
    elif "slos" in document.value or "service" in document.value:
        findings.missing((), ("version",), "version is missing", f"add version: {SLOTH_VERSION}, for a file of Sloth")
    else:
        near = nearest("apiVersion", document.value)
        remedy = f"write apiVersion instead of {near}" if near else f"add apiVersion: {openslo.API_VERSION}"
        findings.missing((), ("apiVersion",), "apiVersion is missing", remedy)
    return None


def _sloth_crd(kind: object, findings: Findings) -> Kind | None:
    if kind == SLOTH_KIND:
        return Kind.SLOTH_CRD
    if kind is None:
        findings.missing((), ("kind",), "kind is missing", f"add kind: {SLOTH_KIND}")
    else:
        findings.error(("kind",), f"unknown kind {kind!r}", f"write {SLOTH_KIND}")
    return None


def _version_remedy(version: object, kind: object) -> str:
    text = str(version)
    if text == "openslo/v1alpha":
        return _OPENSLO_ALPHA
    if text.startswith("sloth"):
        return f"write {SLOTH_API_VERSION}"
    if "openslo" in text.lower() or str(kind) in _OPENSLO_KINDS:
        return f"write {openslo.API_VERSION}"
    return f"leave the file out: only {openslo.API_VERSION}, {SLOTH_API_VERSION} and Sloth's {SLOTH_VERSION} are read"
