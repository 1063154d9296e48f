"""The conditions of a silence, as matchers. Pure."""

from actions.alerts.matcher import Matcher, Operator
from clients.alertmanager import Silence

_OPERATORS: dict[tuple[bool, bool], Operator] = {
    (False, True): "=",
    (False, False): "!=",
    (True, True): "=~",
    (True, False): "!~",
}
"""By whether it is a regular expression, and whether it has to match."""


def matchers_of(silence: Silence) -> tuple[Matcher, ...]:
    """What an alert has to fulfil to be silenced by it. Raises MatcherError for an expression that cannot be told."""
    return tuple(Matcher(one.name, _OPERATORS[one.is_regex, one.is_equal], one.value) for one in silence.matchers)
