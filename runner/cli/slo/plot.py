"""A share of a budget over time, drawn with characters: Braille dots where the terminal has them, else ASCII."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Literal

Charset = Literal["braille", "ascii"]

ROWS = 9
"""Lines of the plot, with a label on every other one."""
_INTERVALS = 4
_LABEL_WIDTH = 7
_NICE = (0.25, 0.5, 1.0, 2.0, 2.5, 5.0)
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bits of a Braille character (from U+2800), by row and column of its dots."""
_DAY = 86_400.0
_LEAST_WIDTH = 20

Column = tuple[float, float, float] | None
"""The least, the greatest and the last value of a column; None where there is no data."""


def budget_plot(left: Sequence[float | None], start: float, end: float, width: int, charset: Charset) -> list[str]:
    """Lines of at most `width` characters that show a share over the time from `start` to `end` (epoch seconds).

    The scale goes from 100% down to 0%, or below when more than the budget was spent. A gap is a time without data.
    """
    interval = _interval(min((one for one in left if one is not None), default=0.0))
    labels = {2 * i: f"{1 - i * interval:.0%}" for i in range(_INTERVALS + 1)}
    margin = max(_LABEL_WIDTH, *map(len, labels.values()))
    inner = max(width - margin - 2, _LEAST_WIDTH)
    rows = _draw(left, inner, 1 - _INTERVALS * interval, charset)
    vertical = "|" if charset == "ascii" else "│"
    lines = [f"{labels.get(number, ''):>{margin}} {vertical}{row}".rstrip() for number, row in enumerate(rows)]
    indent = " " * (margin + 1)
    return [*lines, *(f"{indent}{line}" for line in _time_axis(start, end, inner, charset))]


def _interval(least: float) -> float:
    """A round distance of the labels such that the lowest one is not above the least value."""
    scale = 1.0
    while True:
        for nice in _NICE:
            if 1 - _INTERVALS * nice * scale <= least:
                return nice * scale
        scale *= 10


def _draw(left: Sequence[float | None], width: int, bottom: float, charset: Charset) -> list[str]:
    across, down = (2, 4) if charset == "braille" else (1, 1)
    height = (ROWS - 1) * down + 1  # so that each label stands at its value
    dots = set(_dots(left, width * across, height, bottom))
    zero = round((ROWS - 1) / (1 - bottom)) if bottom < 0 else 0
    return [
        "".join(_character(dots, row, column, charset, 0 < zero == row) for column in range(width))
        for row in range(ROWS)
    ]


def _character(dots: set[tuple[int, int]], row: int, column: int, charset: Charset, zero: bool) -> str:
    if charset == "ascii":
        return "*" if (row, column) in dots else "-" if zero else " "
    # A label's row is the topmost of its dots.
    bits = sum(
        bit
        for down, pair in enumerate(_DOTS)
        for across, bit in enumerate(pair)
        if (4 * row + down, 2 * column + across) in dots
    )
    return chr(0x2800 + bits) if bits else "┈" if zero else " "


def _dots(left: Sequence[float | None], columns: int, height: int, bottom: float) -> Iterator[tuple[int, int]]:
    """Where the line runs, as (row, column): upright within a column and from one to the next, never over a gap."""

    def row(value: float) -> int:
        return round((1 - value) / (1 - bottom) * (height - 1))

    before: Column = None
    for number, column in enumerate(_columns(left, columns)):
        if column is not None:
            least, greatest, _ = column
            from_above = greatest if before is None else max(greatest, before[2])
            for dot in range(row(from_above), row(least) + 1):
                yield dot, number
        before = column


def _columns(left: Sequence[float | None], columns: int) -> Iterator[Column]:
    for number in range(columns):
        first = number * len(left) // columns
        last = max(-(-(number + 1) * len(left) // columns), first + 1)
        known = [one for one in left[first:last] if one is not None]
        yield (min(known), max(known), known[-1]) if known else None


def _time_axis(start: float, end: float, width: int, charset: Charset) -> list[str]:
    corner, tick, line = ("+", "+", "-") if charset == "ascii" else ("└", "┴", "─")
    pattern = _time_pattern(end - start)
    marks = [0, (width - 1) // 2, width - 1]
    labels = [
        datetime.fromtimestamp(start + (end - start) * mark / (width - 1), UTC).strftime(pattern) for mark in marks
    ]
    axis = "".join(tick if column in marks else line for column in range(width))
    text = [" "] * width
    for mark, label in zip(marks, labels, strict=True):
        begin = min(max(mark - len(label) // 2, 0), width - len(label))
        text[begin : begin + len(label)] = label
    return [f"{corner}{axis}", f" {''.join(text)}".rstrip()]


def _time_pattern(seconds: float) -> str:
    if seconds >= 4 * _DAY:
        return "%m-%d"
    if seconds >= _DAY / 2:
        return "%m-%d %H:%M"
    return "%H:%M" if seconds >= 600 else "%H:%M:%S"
