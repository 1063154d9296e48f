"""The options that `chaos slo` commands share."""

import pytest

from tests.runner.cli.slo.commands import chaos_slo

COMMANDS = (
    ("status",),
    ("check", "--all"),
    ("burn", "llm-availability"),
    ("backtest",),
    ("validate",),
    ("test-rules",),
)


@pytest.mark.parametrize("arguments", COMMANDS, ids=[arguments[0] for arguments in COMMANDS])
@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "1e308", "86401", "0", "-1", "soon"])
def test_a_timeout_that_nothing_can_wait_for_is_bad_usage(arguments: tuple[str, ...], seconds: str) -> None:
    ended = chaos_slo(*arguments, "--timeout", seconds, PROMETHEUS_URL="http://127.0.0.1:1")
    assert (ended.status, ended.out) == (2, "")
    assert "--timeout" in ended.err


def test_a_timeout_of_a_day_can_be_waited_for() -> None:
    ended = chaos_slo("status", "--timeout", "86400", PROMETHEUS_URL="http://127.0.0.1:1")
    assert ended.status == 4
    assert "connection refused" in ended.err
