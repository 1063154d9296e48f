"""Which upstream serves a path, and the handler label that the path is counted under."""

import re
from dataclasses import dataclass

from lab.workloads.http_metrics import UNMATCHED

LLM, RANKER = "llm", "ranker"

_EXACT = ("/v1/completions", "/v1/chat/completions", "/v1/models", "/v2", "/v2/health/live", "/v2/health/ready")
_MODEL = re.compile(r"/v2/models/[^/]+(?P<rest>/ready|/infer)?")


@dataclass(frozen=True, slots=True)
class UpstreamTimeouts:
    """How long to wait for an upstream, in seconds."""

    connect: float
    first_byte: float  # from sending the request to the head of the answer, and again to its first byte
    stall: float  # between two pieces of an answer


def upstream_of(path: str) -> str | None:
    """The upstream of a path; None when the gateway has no route for it."""
    if path.startswith("/v1/"):
        return LLM
    if path == "/v2" or path.startswith("/v2/"):
        return RANKER
    return None


def handler_label(path: str) -> str:
    """The label for a path: a template from a fixed set, so that clients cannot make series."""
    if path in _EXACT:
        return path
    match = _MODEL.fullmatch(path)
    return f"/v2/models/{{model}}{match['rest'] or ''}" if match else UNMATCHED
