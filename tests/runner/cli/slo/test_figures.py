"""How numbers are written for people."""

import pytest

from runner.cli.slo.figures import events, exact_share, moment, printable, rate, share, span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.25, "0.2s"),
        (45, "45s"),
        (90, "1m30s"),
        (3599.6, "1h"),
        (7805, "2h10m"),
        (86_399, "1d"),
        (28 * 86_400, "28d"),
        (90_061, "1d1h"),
    ],
)
def test_spans_are_written_in_their_two_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_shares_are_percent_and_unknown_is_said() -> None:
    assert (share(0.1234), share(-1.5), share(0.99999, 4), share(None)) == ("12.3%", "-150.0%", "99.9990%", "unknown")
    assert (exact_share(0.9995), exact_share(0.99), exact_share(0.995)) == ("99.95%", "99%", "99.5%")


def test_counts_and_rates() -> None:
    assert (events(1234567.8), events(3), events(2.5), events(0)) == ("1,234,568", "3", "2.5", "0")
    assert (rate(14.44), rate(0.1), rate(12345.6), rate(None)) == ("14.4", "0.1", "12,346", "unknown")


def test_times_are_utc() -> None:
    assert moment(1_790_002_801) == "2026-09-21 15:00"
    assert moment(1_790_002_801, seconds=True) == "2026-09-21 15:00:01"


def test_what_steers_terminals_is_not_printed() -> None:
    assert printable("kill\x1b[31m\n“a” pod\u202e") == "kill�[31m�“a” pod�"
