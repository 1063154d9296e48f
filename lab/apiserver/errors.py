"""Refusals: what the server says no with, as metav1.Status documents."""

from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong with an object, and the field that it is wrong in."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"


class Refused(Exception):  # noqa: N818 (a refusal is an answer, not a defect)
    """A request that is answered with a Status of `code` and `reason`."""

    def __init__(self, code: int, reason: str, message: str, details: Document | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details or {}

    def status(self) -> Document:
        document = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details:
            document["details"] = self.details
        return {**document, "code": self.code}


def success(name: str, group: str, plural: str, uid: str) -> Document:
    """The Status that answers a deletion."""
    details = {"name": name, "group": group, "kind": plural, "uid": uid}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {key: value for key, value in details.items() if value},
    }


def qualified(plural: str, group: str) -> str:
    return f"{plural}.{group}" if group else plural


def _details(group: str, plural: str, name: str) -> Document:
    return {key: value for key, value in (("name", name), ("group", group), ("kind", plural)) if value}


def not_found(group: str, plural: str, name: str) -> Refused:
    message = f'{qualified(plural, group)} "{name}" not found'
    return Refused(404, "NotFound", message, _details(group, plural, name))


def no_such_path() -> Refused:
    return Refused(404, "NotFound", "the server could not find the requested resource")


def already_exists(group: str, plural: str, name: str) -> Refused:
    message = f'{qualified(plural, group)} "{name}" already exists'
    return Refused(409, "AlreadyExists", message, _details(group, plural, name))


def conflict(group: str, plural: str, name: str, why: str) -> Refused:
    message = f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": {why}'
    return Refused(409, "Conflict", message, _details(group, plural, name))


def modified(group: str, plural: str, name: str) -> Refused:
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(group, plural, name, why)


def forbidden(group: str, plural: str, name: str, why: str, causes: list[Document] | None = None) -> Refused:
    details = _details(group, plural, name)
    if causes:
        details["causes"] = causes
    return Refused(403, "Forbidden", f'{qualified(plural, group)} "{name}" is forbidden: {why}', details)


def invalid(group: str, kind: str, name: str, causes: list[Cause]) -> Refused:
    said = [f"{cause.field}: {cause.message}" for cause in causes]
    text = said[0] if len(said) == 1 else "[" + ", ".join(said) + "]"
    details = _details(group, kind, name)
    details["causes"] = [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes]
    return Refused(422, "Invalid", f'{qualified(kind, group)} "{name}" is invalid: {text}', details)


def bad_request(message: str) -> Refused:
    return Refused(400, "BadRequest", message)


def unsupported_media_type(given: str, allowed: list[str]) -> Refused:
    message = (
        f"the body of the request was in an unknown format - {given!r}; accepted media types are {', '.join(allowed)}"
    )
    return Refused(415, "UnsupportedMediaType", message)


def method_not_allowed() -> Refused:
    message = "the server does not allow this method on the requested resource"
    return Refused(405, "MethodNotAllowed", message)


def expired(message: str) -> Refused:
    return Refused(410, "Expired", message)
