"""When a record is undone, looked at once more, or left alone."""

import pytest

from actions.ledger.record import Heartbeat
from runner.recover.decisions import Doing, Moment, Rules, Scope, Seen, decide
from runner.recover.lives import Life, watch
from tests.actions.ledger.records import NOW, record

RULES = Rules()
EXPIRED = Scope()
UNSEEN = Seen()
START = 1000.0


def beat(version: str = "1", at: float = NOW, run: str = "run-a") -> Heartbeat:
    return Heartbeat(run, at, version)


def life(*looks: tuple[float, Heartbeat | None]) -> Life:
    """What is known of run-a after looks at these monotonic seconds."""
    lives: dict[str, Life] = {}
    for monotonic, seen in looks:
        lives = watch(lives, [seen] if seen else [], ["run-a"], START + monotonic)
    return lives["run-a"]


ALIVE = life((0, beat("1")), (1, beat("2", NOW + 1)))
DEAD = life((0, beat("1")))


def doing(
    known: Life,
    after: float,
    *,
    scope: Scope = EXPIRED,
    seen: Seen = UNSEEN,
    here: float | None = None,
    **changes: object,
) -> Doing:
    """What is done `after` seconds of watching; our clock says the same as the run's, unless it says `here`."""
    moment = Moment(NOW + after if here is None else here, START + after)
    return decide(record(1, "run-a", **changes), known, seen, scope, RULES, moment).doing


@pytest.mark.parametrize("state", ["intended", "active", "undoing", "stuck"])
def test_the_faults_of_a_living_run_are_left_to_it(state: str) -> None:
    assert doing(ALIVE, 2, state=state) == "leave"


@pytest.mark.parametrize("state", ["intended", "active", "undoing", "stuck"])
def test_the_faults_of_a_run_that_was_silent_for_five_seconds_are_undone(state: str) -> None:
    assert doing(DEAD, 4.9, state=state) == "watch"
    assert doing(DEAD, 5, state=state) == "undo"


def test_a_run_that_has_beaten_and_falls_silent_is_dead_after_the_same_time() -> None:
    assert doing(ALIVE, 5.9) == "leave"
    assert doing(ALIVE, 6) == "undo"


def test_a_run_without_a_heartbeat_is_watched_too_before_it_counts_as_dead() -> None:
    assert doing(life((0, None)), 4.9) == "watch"
    assert doing(life((0, None)), 5) == "undo"


def test_a_heartbeat_that_vanishes_is_a_change_and_no_sign_of_life() -> None:
    known = life((0, beat("1")), (1, beat("2")), (2, None))
    assert not known.beating
    assert doing(known, 6.9) == "watch"
    assert doing(known, 7) == "undo"


@pytest.mark.parametrize("skew", [-3600.0, -10.0, 10.0, 3600.0])
def test_what_our_clock_says_does_not_matter_for_a_run_that_beats(skew: float) -> None:
    assert doing(ALIVE, 2, here=NOW + 2 + skew) == "leave"
    assert doing(ALIVE, 2, here=NOW + 2 + skew, expires_at=NOW + 1.5) == "undo"


def test_a_fault_expires_by_the_clock_of_its_run() -> None:
    assert doing(ALIVE, 2, expires_at=NOW + 2.5) == "leave"
    assert doing(ALIVE, 2, expires_at=NOW + 2.0) == "undo"


def test_without_a_heartbeat_a_fault_expires_by_ours() -> None:
    assert doing(life((0, None)), 0, expires_at=NOW - 1) == "undo"


@pytest.mark.parametrize("scope", [Scope(all=True), Scope(run="run-a")])
def test_what_is_asked_for_is_undone_though_its_run_lives(scope: Scope) -> None:
    assert doing(ALIVE, 2, scope=scope) == "undo"


def test_another_run_that_is_asked_for_changes_nothing() -> None:
    assert doing(ALIVE, 2, scope=Scope(run="run-b")) == "leave"
    assert not Scope(run="run-b").covers("run-a")


def test_an_undone_record_of_a_living_run_is_left_to_it() -> None:
    assert doing(ALIVE, 2, state="undone", scope=Scope(all=True)) == "leave"


def test_an_undone_record_of_a_dead_run_is_verified_thirty_seconds_after_we_saw_it_undone() -> None:
    seen = Seen(undone_since=START + 10)
    assert doing(DEAD, 4, state="undone", seen=seen) == "watch"
    assert doing(DEAD, 39.9, state="undone", seen=seen) == "later"
    assert doing(DEAD, 40, state="undone", seen=seen) == "verify"


def test_an_undo_of_long_ago_is_verified_at_once() -> None:
    assert doing(DEAD, 6, state="undone", changed_at=NOW - 295, seen=Seen(undone_since=START + 6)) == "verify"
    assert doing(DEAD, 6, state="undone", changed_at=NOW - 200, seen=Seen(undone_since=START + 6)) == "later"


def test_what_is_stuck_is_tried_again_after_a_minute() -> None:
    seen = Seen(stuck_since=START + 10)
    assert doing(DEAD, 60, state="stuck", seen=seen) == "rest"
    assert doing(DEAD, 70, state="stuck", seen=seen) == "undo"
    assert doing(DEAD, 60, state="undoing", seen=seen) == "undo"


def test_runs_that_left_nothing_and_do_not_beat_are_forgotten() -> None:
    lives = watch({}, [beat()], [], START)
    assert watch(lives, [], [], START + 1) == {}
