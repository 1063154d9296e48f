"""What the keeper of pages has given so far: each page once, by our clock, and what it may have lost. Pure."""

from dataclasses import dataclass, field, replace

from clients.pages import Page, Pages

TOLERANCE_SECONDS = 2.0
"""So far two clocks may be apart without a word."""
BEGAN_ANEW = "the keeper of pages began anew meanwhile, and forgot what it had"
TOO_MANY = "the keeper of pages had more than it keeps"
NOT_GIVEN = "the keeper of pages had some that it did not give: was its clock set back?"


@dataclass(slots=True)
class KeptPages:
    """`take` what it answers, in order. Pages follow each other by their numbers; `received_at` is by our clock.

    A keeper that does not tell its own time may be ahead or behind: what comes from it at a time when it cannot have
    come is taken to have come when it was seen. `missed` says why some pages may never have been seen.
    """

    pages: list[Page] = field(default_factory=list)
    missed: str = ""
    ahead: float = 0.0
    """How far its clock was ahead of ours when that was seen last, in seconds."""
    tells_time: bool = False
    newest: float | None = None
    """When the last page came, by the clock of the keeper."""
    _taken_at: float | None = None
    _last: int | None = None
    _forgotten: int = 0
    _known: set[tuple[int, float]] = field(default_factory=set)

    def take(self, given: Pages, at: float) -> None:
        """What it answered when it was asked at the time `at` (seconds since the epoch)."""
        if given.ahead is not None:
            self.ahead, self.tells_time = given.ahead, True
        fresh = [page for page in given.pages if (page.id, page.received_at) not in self._known]
        if self._taken_at is not None:
            self.missed = self._lost(fresh, given) or self.missed
        self.pages += [replace(page, received_at=self._ours(page, given, at)) for page in fresh]
        self._known.update((page.id, page.received_at) for page in fresh)
        numbers = [page.id for page in fresh[-1:]]
        self._last = given.last if given.last is not None else next(iter(numbers), self._last)
        self._forgotten, self._taken_at = given.forgotten, at
        self.newest = fresh[-1].received_at if fresh else self.newest

    @property
    def skew(self) -> str:
        """That its clock is another one; empty where it is not."""
        if abs(self.ahead) <= TOLERANCE_SECONDS:
            return ""
        where = "ahead of" if self.ahead > 0 else "behind"
        return f"the clock of the keeper of pages is {abs(self.ahead):.1f} s {where} this machine's"

    def _lost(self, fresh: list[Page], given: Pages) -> str:
        last, grown = self._last, given.forgotten != self._forgotten
        if last is None:
            return TOO_MANY if grown else ""
        for page in fresh:
            if page.id < last:
                return BEGAN_ANEW
            if page.id > last + 1 and grown:
                return TOO_MANY
            last = page.id
        if given.last is None or given.last == last:
            return ""
        if given.last < last:
            return BEGAN_ANEW
        return TOO_MANY if grown else NOT_GIVEN

    def _ours(self, page: Page, given: Pages, at: float) -> float:
        if given.ahead is not None:
            return page.received_at - given.ahead
        seen_at = max(at, given.answered_at or at)
        if self._taken_at is None:
            return min(page.received_at, seen_at)
        possible = self._taken_at - TOLERANCE_SECONDS <= page.received_at <= seen_at + TOLERANCE_SECONDS
        if not possible:
            self.ahead = page.received_at - seen_at
        return page.received_at if possible else seen_at
