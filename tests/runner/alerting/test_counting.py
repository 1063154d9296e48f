"""What Alertmanager's counters prove of one receiver, and what they only seem to."""

from dataclasses import replace

import pytest

from clients.alertmanager import NotificationCounts
from clients.pages import Pages
from runner.alerting.look import Unseen
from runner.alerting.strays import strays, why_unknown
from runner.alerting.timeline import AlertTimeline
from runner.alerting.waiting import wanted_until
from tests.runner.alerting.story import AWAY, EXPECTED, FAULT, NOBODY, Story, by_counters, counts, page, received

OTHER = {"alertname": "Other", "severity": "page"}
BUSY = {"alertname": "Busy", "severity": "ticket"}
SILENT = replace(EXPECTED, resolves_within=None)


def webhooks(sent: float, failed: float = 0.0) -> NotificationCounts:
    return counts(sent, failed, webhook=(sent, failed), pagerduty=(0.0, 0.0))


def counted(*counted: NotificationCounts, **integrations: tuple[str, ...]) -> Story:
    return by_counters(Story(expected=SILENT), *counted, **(integrations or {"ml_oncall": ("webhook",)}))


def told(timeline: AlertTimeline) -> tuple[str, str | None]:
    return timeline.outcome, timeline.lost_at


def test_one_receiver_in_play_whose_kind_of_integration_delivered_is_proven() -> None:
    timeline = counted(webhooks(5), webhooks(6), webhooks(6)).judged()
    assert timeline.outcome == "proven", timeline.reason


def test_a_delivery_beside_requests_that_failed_proves_nothing() -> None:
    story = counted(webhooks(5), webhooks(9, 3), webhooks(9, 3))
    timeline = story.judged()
    assert told(timeline) == ("unknown", "notified")
    assert "3 request(s) by webhook failed since the fault" in timeline.reason
    assert timeline.at("notified") is None


def test_requests_that_failed_before_the_fault_or_by_other_integrations_do_not_matter() -> None:
    others = counts(9, 2, webhook=(7, 0), pagerduty=(2, 2))
    assert counted(webhooks(5), others, others).judged().outcome == "proven"
    assert counted(webhooks(5, 3), webhooks(6, 3), webhooks(6, 3)).judged().outcome == "proven"


def test_what_grows_by_another_kind_of_integration_was_not_told_to_this_receiver() -> None:
    story = counted(webhooks(5), webhooks(9), webhooks(9), ml_oncall=("pagerduty",))
    assert told(story.judged()) == ("lost", "notified")
    failing = counts(9, 2, webhook=(7, 0), pagerduty=(2, 2))
    story = counted(webhooks(5), failing, failing, ml_oncall=("pagerduty",))
    assert "2 request(s) of Alertmanager to receivers failed" in story.judged().reason


def busy(story: Story) -> Story:
    """Another alert is there all the time, and goes to tickets."""
    other = received(-60, BUSY, ("ml-tickets",))
    story.before = replace(story.before, received=(other,))
    story.firing = replace(story.firing, received=(received(3.1), other))
    return story


def test_with_another_receiver_of_the_kind_in_play_it_cannot_be_told_who_was_notified() -> None:
    story = busy(counted(webhooks(5), webhooks(6), webhooks(6), ml_oncall=("webhook",), ml_tickets=("webhook",)))
    timeline = story.judged()
    assert told(timeline) == ("unknown", "notified")
    assert "may have been to ml-tickets and not to ml-oncall" in timeline.reason
    assert wanted_until(SILENT, story.sightings(), story.times) is None


@pytest.mark.parametrize("kinds", [(), ("email",)])
def test_a_receiver_of_other_kinds_or_of_none_is_not_taken_for_this_one(kinds: tuple[str, ...]) -> None:
    story = busy(counted(webhooks(5), webhooks(6), webhooks(6), ml_oncall=("webhook",), ml_tickets=kinds))
    assert story.judged().outcome == "proven"


def test_where_the_configuration_is_not_known_any_other_receiver_may_have_been_told() -> None:
    story = busy(counted(webhooks(5), webhooks(6), webhooks(6), nobody=("webhook",)))
    assert told(story.judged()) == ("unknown", "notified")


def test_a_receiver_without_any_integration_tells_nobody() -> None:
    timeline = counted(webhooks(5), webhooks(6), webhooks(6), ml_oncall=()).judged()
    assert told(timeline) == ("lost", "notified")
    assert "it has no integration" in timeline.reason


def test_a_keeper_that_does_not_answer_is_not_replaced_by_the_counters() -> None:
    story = counted(webhooks(5), webhooks(6), webhooks(6))
    story.firing, story.over = replace(story.firing, pages=AWAY), replace(story.over, pages=AWAY)
    assert told(story.judged()) == ("unknown", "notified")


def kept(*counted: NotificationCounts, **integrations: tuple[str, ...]) -> Story:
    """With a keeper of what ml-oncall gets, and Alertmanager's counters beside it."""
    whole = Story()
    story = by_counters(Story(), *counted, **integrations)
    story.before = replace(story.before, pages=whole.before.pages)
    story.firing = replace(story.firing, pages=whole.firing.pages)
    story.over = replace(story.over, pages=whole.over.pages)
    return story


def test_what_alertmanager_routes_to_a_receiver_without_a_sink_too_is_lost() -> None:
    story = kept(webhooks(5), webhooks(7), webhooks(8), ml_oncall=("webhook",), boss=("pagerduty",))
    story.firing = replace(story.firing, received=(received(3.1, receivers=("ml-oncall", "boss")),))
    timeline = story.judged()
    assert told(timeline) == ("lost", "notified")
    assert "Alertmanager routes it to boss, too, and no other than ml-oncall may have it" in timeline.reason


def test_a_receiver_that_tells_nobody_may_get_it_too() -> None:
    story = kept(webhooks(5), webhooks(7), webhooks(8), ml_oncall=("webhook",), null=())
    story.firing = replace(story.firing, received=(received(3.1, receivers=("ml-oncall", "null")),))
    assert story.judged().outcome == "proven"


def test_that_no_other_was_told_is_not_known_where_alertmanager_never_answered() -> None:
    story = Story()
    story.firing, story.over = replace(story.firing, received=AWAY), replace(story.over, received=AWAY)
    timeline = story.judged()
    assert told(timeline) == ("unknown", "notified")
    assert "whether it goes to others, too: it does not answer" in timeline.reason


def test_an_alertmanager_that_nobody_asks_is_told_of_with_the_notification() -> None:
    story = Story()
    story.before, story.firing, story.over = (
        replace(one, received=NOBODY) for one in (story.before, story.firing, story.over)
    )
    timeline = story.judged()
    assert timeline.outcome == "proven"
    assert any("Alertmanager was not asked" in stage.detail for stage in timeline.stages)


def test_a_muted_alert_that_was_let_through_to_a_receiver_without_a_sink_is_not_known_to_be_muted() -> None:
    story = Story(expected=replace(SILENT, muted_by="inhibition"))
    through = received(3.1, receivers=("ml-oncall", "boss"))
    muted = replace(through, inhibited_by=("abc",))
    story.firing = replace(story.firing, received=(through,), pages=Pages((), 0))
    story.over = replace(story.over, active=story.firing.active, received=(muted,), pages=Pages((), 0))
    timeline = story.judged()
    assert told(timeline) == ("unknown", "notified")
    assert "nobody keeps what boss gets" in timeline.reason


def test_requests_that_failed_to_what_is_beside_a_sink_leave_it_unknown() -> None:
    failing = counts(9, 2, webhook=(7, 0), pagerduty=(2, 2))
    timeline = kept(webhooks(5), failing, failing, ml_oncall=("webhook", "pagerduty")).judged()
    assert told(timeline) == ("unknown", "notified")
    assert "2 request(s) of Alertmanager by pagerduty failed since the fault" in timeline.reason


def test_requests_that_cannot_be_those_to_a_receiver_with_a_sink_do_not_disturb_it() -> None:
    failing = counts(9, 2, webhook=(9, 2), pagerduty=(0, 0))
    assert kept(webhooks(5), failing, failing, ml_oncall=("webhook",)).judged().outcome == "proven"
    assert kept(webhooks(5), failing, failing, ml_oncall=("webhook", "pagerduty")).judged().outcome == "proven"


def test_a_real_webhook_beside_a_sink_may_be_what_failed_unless_it_was_the_sink() -> None:
    failing = webhooks(9, 1)
    story = kept(webhooks(5), failing, failing, ml_oncall=("webhook", "webhook"))
    assert told(story.judged()) == ("unknown", "notified")
    story.firing = replace(story.firing, pages=Pages((page(1, 3.5, answered=503), page(2, 4)), 0))
    story.over = replace(story.over, pages=Pages((page(3, 42, "resolved"),), 0))
    assert story.judged().outcome == "proven"


def test_what_is_beside_a_sink_is_told_with_the_notification() -> None:
    timeline = kept(webhooks(5), webhooks(7), webhooks(8), ml_oncall=("webhook", "pagerduty")).judged()
    assert timeline.outcome == "proven", timeline.reason
    assert any("beside the sink there is pagerduty" in stage.detail for stage in timeline.stages)


def test_a_page_that_is_routed_to_a_receiver_without_a_sink_is_a_stray() -> None:
    story = kept(webhooks(5), webhooks(7), webhooks(8), ml_oncall=("webhook",), null=())
    routed = (received(2, OTHER, ("ml-oncall", "boss", "null")), received(-60, {**OTHER, "slo": "old"}, ("boss",)))
    story.firing = replace(story.firing, received=(received(3.1), *routed))
    found = strays((EXPECTED,), story.sightings(), FAULT)
    assert [(one.alert, one.receiver) for one in found] == [("Other", "boss")]


def test_a_page_that_a_sink_has_not_seen_at_a_receiver_that_has_one_is_none() -> None:
    story = kept(webhooks(5), webhooks(7), webhooks(8))
    busy_page = page(1, 1, receiver="ml-tickets", labels=BUSY, starts_at=-60)
    story.before = replace(story.before, pages=Pages((busy_page,), 0))
    story.firing = replace(story.firing, received=(received(2, OTHER, ("ml-tickets",)),), pages=Pages((page(2, 4),), 0))
    story.over = replace(story.over, pages=Pages((page(3, 42, "resolved"),), 0))
    assert strays((EXPECTED,), story.sightings(), FAULT) == ()


def test_pages_to_receivers_without_a_sink_are_not_known_where_alertmanager_never_answered() -> None:
    story = Story()
    story.firing, story.over = (replace(one, received=Unseen("gone")) for one in (story.firing, story.over))
    assert why_unknown(story.sightings(), FAULT) == "receivers without a sink were not seen: gone"
    assert why_unknown(Story().sightings(), FAULT) == ""
