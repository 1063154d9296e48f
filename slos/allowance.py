"""How much of an error budget chaos runs may spend in a calendar month, as a person writes it. Pure."""

import math


class AllowanceError(ValueError):
    """A text that is no allowance: what is wrong, and what to write."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}: {remedy}")
        self.message = message
        self.remedy = remedy


def parse_allowance(text: str) -> float:
    """0.2 of `20%`: a share of the error budget, 1 is all of it. Raises AllowanceError."""
    stripped = text.strip()
    try:
        number = float(stripped.removesuffix("%"))
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise AllowanceError(f"{text!r} is no share of a budget", "write a percentage, such as 20%")
    if not stripped.endswith("%"):
        better = f"{number * 100:.10g}%" if number <= 1 else f"{number:.10g}%"
        raise AllowanceError(f"{text!r} has no percent sign", f"write {better}, if that is what it means")
    return number / 100
