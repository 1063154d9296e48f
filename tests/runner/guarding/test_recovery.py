"""When SLOs are back."""

import time

from clients.prometheus import Known, Reading, Unknown
from probes.slo_watch import Watched, WatchedSlo
from runner.guarding.recovery import NOT_WAITED_FOR, Recovery, still_out, wait_for_recovery


def looked(*burns: Reading, at: float = 0.0) -> Watched:
    return Watched(at, tuple(WatchedSlo(str(n), burn, Known(0.0, 0)) for n, burn in enumerate(burns)))


class Script:
    """Readings one after the other, a tenth of a second apart; the last one again and again."""

    def __init__(self, start: float, *looks: tuple[Reading, ...]) -> None:
        self._start = start
        self._looks = looks
        self._next = 0

    def newer_than(self, at: float, seconds: float) -> Watched | None:
        if not self._looks:
            return None
        burns = self._looks[min(self._next, len(self._looks) - 1)]
        self._next += 1
        return looked(*burns, at=self._start + self._next / 10)


GOOD, BAD, NOTHING = Known(0.9, 0), Known(1.0, 0), Unknown("no samples")


def test_every_slo_has_to_be_back() -> None:
    assert still_out(looked(GOOD, GOOD)) is None
    assert still_out(looked(GOOD, BAD)) == ("1 burns its error budget at 1", False)
    assert still_out(looked(NOTHING, GOOD)) == ("no samples", True)
    assert still_out(looked(NOTHING, BAD)) == ("1 burns its error budget at 1", False)


def test_the_time_to_recover_is_that_of_the_first_good_reading() -> None:
    undone_at = time.time()
    recovery = wait_for_recovery(Script(undone_at, (BAD,), (NOTHING,), (GOOD,)), undone_at, 0.25, 60, lambda: False)
    assert recovery.state == "recovered"
    assert recovery.seconds is not None
    assert round(recovery.seconds, 3) == 0.3


def test_a_reading_that_may_be_of_before_the_fault_does_not_say_that_an_slo_is_back() -> None:
    undone_at = time.time()
    script = Script(undone_at, (GOOD,), (GOOD,), (BAD,), (BAD,), (GOOD,))
    recovery = wait_for_recovery(script, undone_at, 0.25, 60, lambda: False)
    assert recovery.state == "recovered"
    assert recovery.seconds is not None
    assert round(recovery.seconds, 3) == 0.5


def test_an_slo_that_was_never_out_is_back_from_the_first_reading_on() -> None:
    undone_at = time.time()
    recovery = wait_for_recovery(Script(undone_at, (GOOD,)), undone_at, 0.35, 60, lambda: False)
    assert recovery.seconds is not None
    assert round(recovery.seconds, 3) == 0.1


def test_no_time_to_see_the_undo_is_unknown() -> None:
    undone_at = time.time() - 59.95
    recovery = wait_for_recovery(Script(undone_at, (GOOD,)), undone_at, 100_000, 60, lambda: False)
    assert recovery == Recovery("unknown", reason="readings show the time of the undo only 100000 s after it")


def test_what_still_burns_at_the_end_has_not_recovered() -> None:
    undone_at = time.time() - 59.95
    assert wait_for_recovery(Script(undone_at, (BAD,)), undone_at, 0.25, 60, lambda: False) == Recovery(
        "not recovered", reason="0 burns its error budget at 1"
    )


def test_what_is_unknown_at_the_end_is_unknown() -> None:
    undone_at = time.time() - 59.95
    assert wait_for_recovery(Script(undone_at, (NOTHING,)), undone_at, 0.25, 60, lambda: False) == Recovery(
        "unknown", reason="no samples"
    )
    late = time.time() - 61
    assert wait_for_recovery(Script(late), late, 0.25, 60, lambda: False).state == "unknown"


def test_a_run_that_is_cut_short_does_not_wait() -> None:
    assert wait_for_recovery(Script(0.0), time.time(), 0.25, 60, lambda: True) == NOT_WAITED_FOR
