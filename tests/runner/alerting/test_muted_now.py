from clients.alertmanager import ReceivedAlert, Silence, SilenceMatcher
from runner.alerting.muted_now import muted_now
from runner.alerting.routing import read_routing

ROUTING = read_routing(
    """
route: {receiver: a}
inhibit_rules: [{source_matchers: [severity="page"], target_matchers: [severity="ticket"], equal: [slo]}]
"""
)
TICKET = {"severity": "ticket", "slo": "a"}


def alert(**labels: str) -> ReceivedAlert:
    return ReceivedAlert(labels, "f", ("a",), 0.0, 0.0, 1.0)


def silence(state: str, *matchers: SilenceMatcher) -> Silence:
    return Silence(matchers, 0.0, 1.0, "me", "why", "id", "active" if state == "active" else "expired")


def test_an_alert_of_the_same_slo_mutes_and_one_of_another_does_not() -> None:
    assert not muted_now(ROUTING, TICKET, [alert(severity="page", slo="b")], [])
    muted = muted_now(ROUTING, TICKET, [alert(severity="page", slo="a")], [])
    assert [(rule.place, by["slo"]) for rule, by in muted.inhibitions] == [("inhibit_rules[0]", "a")]


def test_only_silences_that_are_active_and_fit_mute() -> None:
    fits = SilenceMatcher("slo", "a|b", is_regex=True)
    wanted = silence("active", fits, SilenceMatcher("severity", "page", is_equal=False))
    others = [silence("expired", fits), silence("active", SilenceMatcher("slo", "a|b", is_regex=True, is_equal=False))]
    assert muted_now(ROUTING, TICKET, [], [*others, wanted]).silences == (wanted,)
