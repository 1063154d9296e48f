"""Request bodies in Kubernetes' protobuf encoding, which newer kubectls use for what they make themselves.

Only the messages of protobuf_schema.py are understood; anything else is refused rather than half read.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from lab.apiserver.errors import Document, Refused
from lab.apiserver.protobuf_schema import NOTHING, parse_schema

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"

_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


def decode_protobuf(body: bytes) -> Document:
    """The document in `body`; Refused (415) when it is none or of a kind or with a field that is not known."""
    if not body.startswith(_MAGIC):
        raise _refused("it does not begin as Kubernetes' protobuf does")
    try:
        envelope = {number: value for number, value in _fields(body[len(_MAGIC) :]) if isinstance(value, bytes)}
        type_meta = {number: value.decode() for number, value in _fields(envelope[1]) if isinstance(value, bytes)}
        api_version, kind = type_meta[1], type_meta[2]
        return {"apiVersion": api_version, "kind": kind, **_message(kind, envelope.get(2, b""))}
    except (AttributeError, LookupError, OSError, OverflowError, ValueError) as error:
        raise _refused(f"it cannot be read: {error!r}") from error


def _refused(why: str) -> Refused:
    message = f"the body of the request is protobuf that this server does not understand ({why}); send JSON instead"
    return Refused(415, "UnsupportedMediaType", message)


@lru_cache(maxsize=1)
def _schema() -> dict[str, dict[int, tuple[str, str]]]:
    return parse_schema()


def _message(name: str, data: bytes) -> Document:
    fields = _schema().get(name)
    if fields is None:
        raise _refused(f"no message {name} is known")
    document: Document = {}
    for number, value in _fields(data):
        if number in fields:
            _add(document, *fields[number], value)
        elif value:  # text fields are sent even when they are empty
            raise _refused(f"{name} has no known field number {number}")
    return document


def _add(document: Document, field: str, its_type: str, value: int | bytes) -> None:
    """Put a value into its field. Zero values that are not marked as optional are those that JSON leaves out."""
    if its_type.startswith("["):
        document.setdefault(field, []).append(_value(its_type[1:-1], value))
    elif its_type.startswith("{"):
        entry = dict(_fields(_bytes(value)))
        key = _bytes(entry.get(1, b"")).decode()
        document.setdefault(field, {})[key] = _value(its_type[1:-1], entry.get(2, b""))
    elif its_type != NOTHING:
        decoded = _value(its_type.rstrip("?"), value)
        if its_type.endswith("?") or decoded not in ("", 0, False, None, {}):
            document[field] = decoded


def _value(its_type: str, value: int | bytes) -> Any:
    match its_type:
        case "str":
            return _bytes(value).decode()
        case "int":
            return _number(value) - (1 << 64) if _number(value) >> 63 else value
        case "bool":
            return bool(_number(value))
        case "bytes":
            return base64.b64encode(_bytes(value)).decode()
        case "quantity":
            return _bytes(dict(_fields(_bytes(value))).get(1, b"")).decode()
        case "time":
            seconds = dict(_fields(_bytes(value))).get(1)
            return (
                datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                if isinstance(seconds, int)
                else None
            )
        case "int-or-str":
            parts = dict(_fields(_bytes(value)))
            return _bytes(parts.get(3, b"")).decode() if parts.get(1) else _value("int", parts.get(2, 0))
    return _message(its_type, _bytes(value))


def _number(value: int | bytes) -> int:
    if isinstance(value, int):
        return value
    raise _refused("text stands where a number should")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    raise _refused("a number stands where text should")


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message on the wire: number, and an integer or the bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == _VARINT:
            number, at = _varint(data, at)
            yield tag >> 3, number
            continue
        if wire == _LENGTH:
            length, at = _varint(data, at)
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
        else:
            raise _refused(f"wire type {wire} is not in use")
        if at + length > len(data):
            raise _refused("it ends too early")
        yield tag >> 3, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7
