"""What can go wrong between us and a Kubernetes API, in words that say what to do."""

import json
from dataclasses import dataclass

from clients.permanent import PermanentError


class KubeError(Exception):
    """The Kubernetes API could not be used: where, why, and what to do about it."""


class NotFoundError(KubeError):
    """What was asked for is not there."""


class ConflictError(KubeError):
    """A precondition of a write does not hold any more."""


class ForbiddenError(KubeError, PermanentError):
    """These credentials may not do it."""


class TransientError(KubeError):
    """The API did not answer, or could not: the same call may succeed later."""


class TooManyRequestsError(TransientError):
    """Not now (429): the API is busy, or a disruption budget does not allow the eviction."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the API, in the words of a Role."""

    verb: str
    resource: str
    namespace: str
    """Empty for what has none, and for a list of all namespaces."""
    name: str = ""
    group: str = ""

    def __str__(self) -> str:
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {self.resource}{f' {self.name}' if self.name else ''}{where}"

    @property
    def rule(self) -> str:
        """The Role that allows it, in words."""
        role = f"a Role in namespace {self.namespace}" if self.namespace else "a ClusterRole"
        return f"{role} with verb {self.verb} on {self.resource}{f' ({self.group})' if self.group else ''}"


def refusal(what: Request, server: str, status: int, message: str) -> KubeError:
    """The error that an answer of the API means."""
    if status == 401:
        return KubeError(f"cannot {what}: {server} does not know these credentials (401); renew the kubeconfig's user")
    if status == 403:
        return ForbiddenError(f"cannot {what}: forbidden (403) by {server}: {message}; it takes {what.rule}")
    if status == 404:
        return NotFoundError(f"cannot {what}: it is not there (404) at {server}: {message}")
    if status == 409:
        return ConflictError(f"cannot {what}: conflict (409): {message}")
    kinds = {429: TooManyRequestsError}
    kind = kinds.get(status, TransientError if status >= 500 else KubeError)
    return kind(f"cannot {what}: {server} answered {status}: {message}")


def message_of(body: bytes | str | None) -> str:
    """The text of a Kubernetes Status, or what came instead of one."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or "no reason given"
    try:
        status = json.loads(text)
    except ValueError:
        return one_line(text)[:200]
    return str(status.get("message", text)) if isinstance(status, dict) else text


def unreachable(server: str, timeout: float, error: Exception) -> str:
    """Why there was no answer, and what to do."""
    from urllib3.exceptions import TimeoutError as Timeout

    text = one_line(error)
    remedy = "is the cluster up (in the lab: chaos lab up) and KUBECONFIG the right one?"
    if "refused" in text:
        return f"{server}: connection refused; {remedy}"
    if "certificate" in text.lower():
        return f"{server}: its certificate is not trusted: {text}; renew certificate-authority-data in the kubeconfig"
    if isinstance(error, Timeout) or "timed out" in text:
        return f"{server}: no answer within {timeout:g} s; {remedy}"
    return f"{server}: {text}; {remedy}"


def one_line(text: object) -> str:
    """Text without line breaks."""
    return " ".join(str(text).split())
