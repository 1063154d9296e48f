"""What the models of an experiment file have in common: strict types, no unknown keys, keys as they are written."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, FiniteFloat, WithJsonSchema

from slos.duration import format_duration
from slos.files.field_types import Duration
from slos.files.misfits import refusal
from slos.files.structure import Strict

_SHARE = r"^[0-9]+(\.[0-9]+)?%$"


class Part(Strict):
    """A part of an experiment file."""

    model_config = ConfigDict(alias_generator=None)


def _share(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    text = value.strip() if isinstance(value, str) else ""
    try:
        percent = float(text.removesuffix("%")) if text.endswith("%") else None
        plain = None if percent is not None else float(value)
    except ValueError:
        raise refusal(f"{value!r} is no percentage", "write a percentage, such as 2%") from None
    if plain is not None:
        better = f"{plain * 100:.10g}%" if 0 <= plain <= 1 else f"{plain:.10g}%"
        raise refusal(f"{value} without a percent sign", f"write {better}, if that is what it means")
    if percent is None or not 0 <= percent <= 100:
        raise refusal(f"{value} is not between 0% and 100%", "write a percentage, such as 2%")
    return text


def _count(value: int) -> int:
    if value < 0:
        raise refusal(f"{value} is less than none", "write 0 or more")
    return value


def _percent(value: float) -> float:
    if not 0 <= value <= 100:
        raise refusal(f"{value:g} percent", "write a number from 0 to 100, such as 34")
    return value


def _amount(value: float) -> float:
    if value < 0:
        raise refusal(f"{value:g} is less than none", "write 0 or more")
    return value


def _positive(value: float) -> float:
    if value <= 0:
        raise refusal(f"{value:g}, where more than 0 is wanted", "write a positive number")
    return value


def _with_unit(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        raise refusal(f"{value} without a unit", f"write {format_duration(value)}, if these are seconds")
    return value


Span = Annotated[Duration, BeforeValidator(_with_unit)]
"""A duration as a text with units: `90s`, `1h30m`."""
Share = Annotated[str, BeforeValidator(_share), WithJsonSchema({"type": "string", "pattern": _SHARE})]
"""A share as a text with a percent sign: `2%`."""
Count = Annotated[int, AfterValidator(_count), WithJsonSchema({"type": "integer", "minimum": 0})]
Percent = Annotated[
    FiniteFloat, AfterValidator(_percent), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100})
]
"""A number from 0 to 100."""
Amount = Annotated[FiniteFloat, AfterValidator(_amount), WithJsonSchema({"type": "number", "minimum": 0})]
Positive = Annotated[FiniteFloat, AfterValidator(_positive), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]


def ratio(share: str) -> float:
    """0.02 of `2%`."""
    return float(share.strip().removesuffix("%")) / 100
