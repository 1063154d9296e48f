"""What is in a record comes from elsewhere: names and texts are made harmless before a report is made of them.

No credentials of an address, no characters that steer a terminal or turn the direction of reading, no line breaks in
what is one line, no number that is none.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")


def cleaned(value: T) -> T:
    """The same value with every text in it made harmless; a number that is not finite becomes None (unknown)."""
    return _clean(value)  # type: ignore[no-any-return]


def clean_text(text: str) -> str:
    """One line of printable characters, without the user and the password of an address."""
    if not text.isprintable():
        text = "".join(_clean_character(one) for one in text)
    return _CREDENTIALS.sub("", text).strip() if "://" in text else text.strip()


def _clean_character(one: str) -> str:
    if one.isprintable():
        return one
    return " " if one.isspace() else "\N{REPLACEMENT CHARACTER}"


def _clean(value: Any) -> Any:
    match value:
        case str():
            return clean_text(value)
        case float() if not math.isfinite(value):
            return None
        case Mapping():
            return {_clean(key): _clean(one) for key, one in value.items()}
        case tuple() | list():
            return tuple(_clean(one) for one in value)
        case None | bool() | int() | float():
            return value
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _clean_fields(value)
    return value


def _clean_fields(value: Any) -> Any:
    """The same object where there is nothing to clean: a record may have tens of thousands of samples."""
    changed = {}
    for one in fields(value):
        before = getattr(value, one.name)
        after = _clean(before)
        if after is not before:
            changed[one.name] = after
    return replace(value, **changed) if changed else value
