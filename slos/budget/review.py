"""What spent an error budget: the window in slices, the budget after each of them, and the burns among them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from slos.burn import Counts, burn_rate, summed

QUIET_SLICES = 3
"""Burns with at most this many quiet slices (or slices without data) between them are one."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Slices:
    """Consecutive slices of `seconds` from `start` (epoch seconds); None where there is no data."""

    start: float
    seconds: float
    counts: tuple[Counts | None, ...]

    @property
    def end(self) -> float:
        return self.begins(len(self.counts))

    @property
    def coverage(self) -> float:
        """Share of the slices with data (0..1)."""
        return sum(one is not None for one in self.counts) / len(self.counts) if self.counts else 0.0

    def begins(self, index: int) -> float:
        """When the slice of that number begins."""
        return self.start + index * self.seconds


@dataclass(frozen=True, slots=True)
class Burn:
    """A stretch of time (epoch seconds) that spent budget faster than the objective allows.

    `share` is the share of the whole window's budget that it spent (1 is all of it), `peak` the highest burn rate of a
    slice. `ongoing`: it lasts until the end of what was read.
    """

    start: float
    end: float
    counts: Counts
    peak: float
    share: float
    ongoing: bool

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Review:
    """A window's budget and what spent it: `burns`, the costliest first, and `background`, all that is none of them.

    Shares are of the window's budget: those of the burns and of the background sum to `spent`. All are None when there
    were no events. `left` is the share left after each slice, None where there is no data.
    """

    slices: Slices
    counts: Counts
    spent: float | None
    left: tuple[float | None, ...]
    burns: tuple[Burn, ...]
    background: Counts
    background_share: float | None


def review(slices: Slices, objective: float) -> Review:
    """Say what spent the budget of the window that the slices are."""
    whole = summed(one for one in slices.counts if one is not None)
    if whole.error_ratio is None:
        return Review(slices, whole, None, tuple(None for _ in slices.counts), (), whole, None)
    spans = tuple(_spans(slices, objective))
    burns = [_burn(slices, span, objective, whole) for span in spans]
    burning = frozenset(index for span in spans for index in span)
    background = summed(one for index, one in enumerate(slices.counts) if one is not None and index not in burning)
    return Review(
        slices=slices,
        counts=whole,
        spent=_share(whole.bad, whole, objective),
        left=tuple(_left(slices, whole, objective)),
        burns=tuple(sorted(burns, key=lambda burn: (-burn.share, burn.start))),
        background=background,
        background_share=_share(background.bad, whole, objective),
    )


def _spans(slices: Slices, objective: float) -> Iterator[range]:
    """The slices of each burn: from one that burns to the last that does before QUIET_SLICES have passed."""
    first = last = None
    for index, counts in enumerate(slices.counts):
        if counts is None or not _burns(counts, objective):
            continue
        if first is not None and last is not None and index - last > QUIET_SLICES + 1:
            yield range(first, last + 1)
            first = None
        first, last = index if first is None else first, index
    if first is not None and last is not None:
        yield range(first, last + 1)


def _burns(counts: Counts, objective: float) -> bool:
    """Whether a slice spends more than its traffic brings: exactly as much is what the objective allows."""
    return counts.error_ratio is not None and burn_rate(counts.error_ratio, objective) > 1 + _ROUNDING


def _burn(slices: Slices, span: range, objective: float, whole: Counts) -> Burn:
    parts = [counts for counts in slices.counts[span.start : span.stop] if counts is not None]
    counts = summed(parts)
    return Burn(
        start=slices.begins(span.start),
        end=slices.begins(span.stop),
        counts=counts,
        peak=max(burn_rate(part.error_ratio, objective) for part in parts if part.error_ratio is not None),
        share=_share(counts.bad, whole, objective),
        ongoing=span.stop == len(slices.counts),
    )


def _share(bad: float, whole: Counts, objective: float) -> float:
    """The share of the whole window's budget that so many bad events are: bad / (total x (1 - objective))."""
    return burn_rate(bad / whole.total, objective)


def _left(slices: Slices, whole: Counts, objective: float) -> Iterator[float | None]:
    spent = accumulate(0.0 if one is None else one.bad for one in slices.counts)
    for one, bad in zip(slices.counts, spent, strict=True):
        yield None if one is None else 1 - _share(bad, whole, objective)
