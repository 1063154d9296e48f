"""Types of fields that several file formats share: names, labels, durations."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from slos.duration import DurationError, format_duration, parse_duration
from slos.files.misfits import refusal

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?")
_SLOTH_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,98}[A-Za-z0-9])?")
_SPOKEN_PART = re.compile(r"([0-9]{1,9})\s*(ms|[mshdwqy][a-z]*)\s*", re.ASCII | re.IGNORECASE)
_SPOKEN_DURATION = re.compile(f"(?:{_SPOKEN_PART.pattern})+", re.ASCII | re.IGNORECASE)
_SPOKEN_UNITS = {"ms": "ms", "milli": "ms", "mo": "M", "m": "m", "s": "s", "h": "h", "d": "d", "w": "w", "q": "Q"}
_DAYS = {"M": 30, "Q": 90, "Y": 365}


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        better = re.sub(r"[^a-z0-9.]+", "-", text.lower())[:63].strip("-.") or "llm-availability"
        raise refusal(f"{text!r} is no name", f"write {better}: at most 63 lower-case letters, digits, - and .")
    return text


def _sloth_name(text: str) -> str:
    if not _SLOTH_NAME.fullmatch(text):
        better = re.sub(r"[^A-Za-z0-9_.]+", "-", text)[:100].strip("-._") or "requests-availability"
        raise refusal(f"{text!r} is no name", f"write {better}: at most 100 letters, digits, -, _ and .")
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise refusal("an empty text", "write something, or leave the key out")
    return text


def _duration(text: str) -> str:
    try:
        parse_duration(text)
    except DurationError as error:
        message, _, remedy = str(error).rpartition(": ")
        raise refusal(message, spoken_duration(text) or remedy) from error
    return text


def spoken_duration(text: str) -> str | None:
    """What to write for `30 days`, `1M` or `30m1h`; None when the text says no duration at all."""
    if not _SPOKEN_DURATION.fullmatch(text.strip()):
        return None
    parts = [_written(int(number), word) for number, word in _SPOKEN_PART.findall(text)]
    written = [part for part in parts if not part.startswith("0")]
    if not written:
        return None
    # Prometheus wants each unit once, from the largest: what is written otherwise is added up.
    whole = written[0] if len(written) == 1 else format_duration(sum(parse_duration(part) for part in written))
    return f"write {whole}"


def _written(number: int, word: str) -> str:
    unit = word if word in ("M", "Q", "Y") else _unit(word.lower())
    return f"{number * _DAYS[unit]}d" if unit in _DAYS else f"{number}{unit}"


def _unit(word: str) -> str:
    if word.startswith("y"):
        return "Y"
    return next(unit for start, unit in _SPOKEN_UNITS.items() if word.startswith(start))


def _ratio(value: float) -> float:
    if 1 < value < 100:
        raise refusal(
            f"a target of {value:g}, which is no ratio", f"write {value / 100:.10g}, or targetPercent: {value:g}"
        )
    if value == 1:
        raise refusal("a target of 1 leaves no error budget", "write less, such as 0.999")
    if not 0 < value < 1:
        raise refusal(f"a target of {value:g}", "write a ratio between 0 and 1, such as 0.999")
    return value


def _percent(value: float) -> float:
    if 0 < value < 1:
        raise refusal(f"{value:g} percent", f"write {value * 100:.10g}, if that is what the ratio means")
    if value == 100:
        raise refusal("an objective of 100 percent leaves no error budget", "write less, such as 99.9")
    if not 1 <= value < 100:
        raise refusal(f"an objective of {value:g} percent", "write from 1 to below 100, such as 99.9")
    return value


def _joined(value: object) -> object:
    """OpenSLO lets a label have several values; Prometheus has one: they are joined with commas."""
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return ",".join(value)
    return value


Name = Annotated[str, AfterValidator(_name), Field(json_schema_extra={"pattern": f"^{_NAME.pattern}$"})]
SlothName = Annotated[
    str, AfterValidator(_sloth_name), Field(json_schema_extra={"pattern": f"^{_SLOTH_NAME.pattern}$"})
]
Filled = Annotated[str, AfterValidator(_filled), Field(json_schema_extra={"pattern": r"\S"})]
"""A text that says something."""
Duration = Annotated[str, AfterValidator(_duration), Field(json_schema_extra={"pattern": r"^([0-9]+(ms|[ywdhms]))+$"})]
"""A duration as Prometheus writes it."""
Ratio = Annotated[
    float, AfterValidator(_ratio), Field(json_schema_extra={"exclusiveMinimum": 0, "exclusiveMaximum": 1})
]
"""A target between 0 and 1."""
Percent = Annotated[float, AfterValidator(_percent), Field(json_schema_extra={"minimum": 1, "exclusiveMaximum": 100})]
"""A target in percent; below 1 it was meant as a ratio."""
LabelValue = Annotated[
    str,
    BeforeValidator(_joined),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
PrometheusLabels = Annotated[
    dict[str, str], Field(json_schema_extra={"propertyNames": {"pattern": "^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$"}})
]
"""Labels of alerts; lint tells of names that Prometheus does not take."""
