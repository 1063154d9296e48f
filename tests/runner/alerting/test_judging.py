"""Where an expected alert was lost."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from clients.pages import Pages
from runner.alerting.look import Crossing, Unseen
from runner.alerting.stages import FaultTimes
from runner.alerting.timeline import STAGES, AlertTimeline
from tests.runner.alerting.story import (
    AWAY,
    EXPECTED,
    FAULT,
    LABELS,
    NOBODY,
    RULE,
    Story,
    active,
    counts,
    look,
    page,
    received,
)


def told(timeline: AlertTimeline) -> tuple[str, str | None]:
    return timeline.outcome, timeline.lost_at


def test_an_alert_that_goes_all_its_way_is_proven_with_the_time_of_every_stage() -> None:
    timeline = Story().judged()
    assert told(timeline) == ("proven", None), timeline.reason
    assert tuple(stage.stage for stage in timeline.stages) == STAGES
    after = [timeline.after_fault(stage) for stage in STAGES]
    assert after == pytest.approx([0, 2, 3, 5, 3.1, 4, 50, 42])
    assert timeline.predicted_at == FAULT + 3
    evidence = {stage.stage: stage.evidence for stage in timeline.stages}
    assert evidence["notified"] == "sink"
    assert evidence["received"] == "alertmanager"
    assert "ml-oncall, attempt 1, group {}:{}" in [stage.detail for stage in timeline.stages]


def silent(story: Story) -> None:
    """Nothing fires."""
    story.firing, story.over = look(5), look(50)
    assert story.afterwards is not None
    story.afterwards = replace(story.afterwards, episodes=())


def without_rule(story: Story) -> None:
    silent(story)
    assert story.afterwards is not None
    story.afterwards = replace(story.afterwards, rules=())


def with_a_broken_rule(story: Story) -> None:
    silent(story)
    assert story.afterwards is not None
    story.afterwards = replace(story.afterwards, rules=(replace(RULE, healthy=False, problem="many-to-many"),))


def without_samples(story: Story) -> None:
    silent(story)
    assert story.afterwards is not None
    story.afterwards = replace(story.afterwards, crossing=Crossing(None, "was it scraped?", known=False))


def without_a_burn(story: Story) -> None:
    silent(story)
    assert story.afterwards is not None
    story.afterwards = replace(story.afterwards, crossing=Crossing(None, "it never burned fast enough"))
    story.times = replace(story.times, held_until=FAULT + 30)


def without_a_reaction(story: Story) -> None:
    silent(story)
    story.times = replace(story.times, held_until=FAULT + 30)


def cut_short(story: Story) -> None:
    silent(story)
    story.times = replace(story.times, stop_reason="received SIGINT")


def without_prometheus(story: Story) -> None:
    silent(story)
    story.over = replace(story.over, active=AWAY)


def too_late(story: Story) -> None:
    story.expected = replace(EXPECTED, fires_within=2)


def there_before(story: Story) -> None:
    story.before = replace(story.before, active=(active(-30),))
    story.firing = replace(story.firing, active=(active(-30),))


def without_alertmanager(story: Story) -> None:
    story.firing = replace(story.firing, received=AWAY, pages=Pages((), 0))
    story.over = replace(story.over, received=AWAY, pages=Pages((), 0))


def without_alertmanager_and_sink(story: Story) -> None:
    story.firing = replace(story.firing, received=AWAY, pages=NOBODY)
    story.over = replace(story.over, received=AWAY, pages=NOBODY)


def never_sent(story: Story) -> None:
    story.firing = replace(story.firing, received=(), pages=Pages((), 0))
    story.over = replace(story.over, pages=Pages((), 0))


def silenced(story: Story) -> None:
    story.firing = replace(story.firing, received=(replace(received(3.1), silenced_by=("id-1",)),), pages=Pages((), 0))
    story.over = replace(story.over, pages=Pages((), 0))
    assert story.afterwards is not None
    story.afterwards = replace(story.afterwards, silences={"id-1": "by bob: too loud"})


def routed_elsewhere(story: Story) -> None:
    story.firing = replace(
        story.firing,
        received=(received(3.1, receivers=("ml-tickets",)),),
        pages=Pages((page(1, 4, receiver="ml-tickets"),), 0),
    )
    story.over = replace(story.over, pages=Pages((), 0))


def told_to_others_too(story: Story) -> None:
    story.firing = replace(story.firing, pages=Pages((page(1, 4), page(2, 4.1, receiver="ml-tickets")), 0))


def refused_by_its_receiver(story: Story) -> None:
    story.firing = replace(story.firing, pages=Pages((page(1, 4, answered=500), page(2, 5, answered=500)), 0))
    story.over = replace(story.over, pages=Pages((), 0))


def told_to_nobody(story: Story) -> None:
    story.firing = replace(story.firing, pages=Pages((), 0))
    story.over = replace(story.over, pages=Pages((), 0))


def unheard(story: Story) -> None:
    story.firing = replace(story.firing, pages=AWAY)
    story.over = replace(story.over, pages=AWAY)


def told_late(story: Story) -> None:
    story.firing = replace(story.firing, pages=Pages((), 0))
    story.over = replace(story.over, pages=Pages((page(1, 16), page(2, 42, "resolved")), 0, ahead=0.0))


def never_over(story: Story) -> None:
    story.over = replace(story.over, active=(active(3),))


def over_late(story: Story) -> None:
    story.expected = replace(EXPECTED, resolves_within=10)


def end_never_told(story: Story) -> None:
    story.over = look(50)


def recovery_not_seen(story: Story) -> None:
    story.times = replace(story.times, recovered_at=None)


@pytest.mark.parametrize(
    ("change", "outcome", "stage", "reason"),
    [
        (without_rule, "lost", "pending", "no rule Burn (page)"),
        (with_a_broken_rule, "lost", "pending", "many-to-many"),
        (without_samples, "unknown", "crossed", "was it scraped?"),
        (without_a_burn, "lost", "crossed", "never burned fast enough"),
        (without_a_reaction, "lost", "pending", "Prometheus did not alert within 30 s"),
        (cut_short, "unknown", "firing", "in for 20.0 s only (received SIGINT)"),
        (without_prometheus, "unknown", "crossed", "it does not answer"),
        (too_late, "lost", "firing", "5.0 s after the fault, and 2 s are allowed"),
        (there_before, "unknown", "pending", "before the fault"),
        (without_alertmanager, "lost", "received", "it does not answer"),
        (without_alertmanager_and_sink, "unknown", "received", "it does not answer"),
        (never_sent, "lost", "received", "Alertmanager never had it"),
        (silenced, "lost", "notified", "silence id-1 holds it back (by bob: too loud), so ml-oncall was not told"),
        (routed_elsewhere, "lost", "notified", "it went to ml-tickets, and not to ml-oncall"),
        (told_to_others_too, "lost", "notified", "it reached ml-tickets, and no other than ml-oncall may"),
        (refused_by_its_receiver, "lost", "notified", "ml-oncall answered 500 to 2 attempt(s)"),
        (told_to_nobody, "lost", "notified", "Alertmanager has it, and ml-oncall was not told"),
        (unheard, "unknown", "notified", "it does not answer"),
        (told_late, "lost", "notified", "11.0 s after it fired, and 10 s are allowed"),
        (never_over, "lost", "resolved", "it still fires 60 s after the recovery"),
        (over_late, "lost", "resolved", "20.0 s after the recovery, and 10 s are allowed"),
        (end_never_told, "lost", "resolved notified", "ml-oncall was not told of its end"),
        (recovery_not_seen, "unknown", "resolved", "cut short"),
    ],
)
def test_what_is_lost_is_named_with_the_stage_and_the_reason(
    change: Callable[[Story], None], outcome: str, stage: str, reason: str
) -> None:
    story = Story()
    change(story)
    timeline = story.judged()
    assert told(timeline) == (outcome, stage), timeline.reason
    assert reason in timeline.reason


def test_the_attempts_that_a_receiver_refused_are_counted() -> None:
    story = Story()
    story.firing = replace(story.firing, pages=Pages((page(1, 4, answered=503), page(2, 5)), 0))
    timeline = story.judged()
    assert timeline.outcome == "proven"
    assert any("attempt 2" in stage.detail for stage in timeline.stages)


def test_without_a_keeper_of_pages_the_counters_say_that_something_was_delivered() -> None:
    story = Story(expected=replace(EXPECTED, resolves_within=None))
    story.before = replace(story.before, pages=NOBODY, counts=counts(5))
    story.firing = replace(story.firing, pages=NOBODY, counts=counts(6))
    story.over = replace(story.over, pages=NOBODY, counts=counts(6))
    timeline = story.judged()
    assert timeline.outcome == "proven", timeline.reason
    assert {stage.stage: stage.evidence for stage in timeline.stages}["notified"] == "metrics"


def test_counters_of_requests_that_failed_deliver_nothing() -> None:
    story = Story()
    story.before = replace(story.before, pages=NOBODY, counts=counts(5))
    story.firing = replace(story.firing, pages=NOBODY, counts=counts(9, 4))
    story.over = replace(story.over, pages=NOBODY, counts=counts(9, 4))
    timeline = story.judged()
    assert told(timeline) == ("lost", "notified")
    assert "4 request(s) of Alertmanager to receivers failed" in timeline.reason


def test_an_alert_of_another_severity_is_another_alert() -> None:
    story = Story()
    ticket = {**LABELS, "severity": "ticket"}
    story.firing = replace(story.firing, active=(active(3, labels=ticket),), received=(received(3, ticket),))
    story.times = FaultTimes(FAULT - 0.5, FAULT, FAULT + 31, FAULT + 40)
    assert story.afterwards is not None
    story.afterwards = replace(story.afterwards, episodes=())
    assert story.judged().lost_at == "pending"


def test_while_a_run_goes_on_the_stages_so_far_are_told() -> None:
    timeline = replace(Story(), afterwards=None, over=look(20), times=FaultTimes(FAULT - 0.5, FAULT)).judged()
    assert timeline.at("notified") == FAULT + 4
    assert timeline.at("crossed") is None


def muted(story: Story, silenced_by: tuple[str, ...] = (), inhibited_by: tuple[str, ...] = ()) -> Story:
    story.expected = replace(EXPECTED, muted_by="inhibition", resolves_within=None)
    story.firing = replace(
        story.firing,
        received=(replace(received(3.1), silenced_by=silenced_by, inhibited_by=inhibited_by),),
        pages=Pages((), 0),
    )
    story.over = look(50)
    return story


def test_an_alert_that_is_muted_as_asked_is_proven() -> None:
    timeline = muted(Story(), inhibited_by=("abc",)).judged()
    assert timeline.outcome == "proven", timeline.reason
    assert any("inhibited by abc" in stage.detail for stage in timeline.stages)


@pytest.mark.parametrize(
    ("by", "reason"),
    [({}, "inhibition was to mute it, and nothing did"), ({"silenced_by": ("s",)}, "silence s holds it back")],
)
def test_an_alert_that_is_not_muted_as_asked_is_lost(by: dict[str, tuple[str, ...]], reason: str) -> None:
    timeline = muted(Story(), **by).judged()
    assert told(timeline) == ("lost", "notified")
    assert reason in timeline.reason


@pytest.mark.parametrize(("routed", "outcome"), [(True, "lost"), (False, "unknown")])
def test_an_alert_of_which_one_instance_is_not_muted_is_not_muted(routed: bool, outcome: str) -> None:
    story = muted(Story(), inhibited_by=("abc",))
    other = replace(received(3.1, {**LABELS, "instance": "b"}), fingerprint="b", processed=routed)
    assert not isinstance(story.firing.received, Unseen)
    story.firing = replace(story.firing, received=(*story.firing.received, other))
    timeline = story.judged()
    assert told(timeline) == (outcome, "notified")
    assert "muted only 1 of its 2 alerts, not that with instance=b" in timeline.reason


def test_an_instance_that_began_when_the_fault_was_out_need_not_be_muted() -> None:
    story = muted(Story(), inhibited_by=("abc",))
    story.over = replace(story.over, received=(replace(received(21, {**LABELS, "instance": "b"}), fingerprint="b"),))
    assert story.judged().outcome == "proven"


def test_a_muted_alert_that_somebody_hears_of_is_lost() -> None:
    story = muted(Story(), inhibited_by=("abc",))
    story.firing = replace(story.firing, pages=Pages((page(1, 4, receiver="ml-tickets"),), 0))
    assert "it reached ml-tickets" in story.judged().reason


def test_what_muted_an_alert_may_come_out_with_the_fault() -> None:
    story = muted(Story(), inhibited_by=("abc",))
    story.over = replace(story.over, pages=Pages((page(1, 21),), 0))
    assert story.judged().outcome == "proven"


def test_that_nobody_was_told_is_not_known_where_the_keeper_of_pages_does_not_answer() -> None:
    story = muted(Story(), inhibited_by=("abc",))
    story.over = replace(story.over, pages=Unseen("gone"))
    assert told(story.judged()) == ("unknown", "notified")


def test_an_end_that_was_not_waited_for_is_not_known_rather_than_lost() -> None:
    story = Story()
    story.over = replace(story.firing, at=FAULT + 36)
    story.times = replace(story.times, watched_until=FAULT + 37)
    timeline = story.judged()
    assert told(timeline) == ("unknown", "resolved")
    assert timeline.reason == "the run was cut short 7 s after the recovery"
    story.times = replace(story.times, watched_until=FAULT + 91)
    assert told(story.judged()) == ("lost", "resolved")


def test_the_word_of_an_end_that_was_not_waited_for_is_not_known_rather_than_lost() -> None:
    story = Story()
    story.over = look(42)
    story.times = replace(story.times, watched_until=FAULT + 43)
    assert told(story.judged()) == ("unknown", "resolved notified")
    story.times = replace(story.times, watched_until=FAULT + 60)
    assert told(story.judged()) == ("lost", "resolved notified")
