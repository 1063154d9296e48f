import pytest

from slos.files.field_types import spoken_duration


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("30 days", "write 30d"),
        (" 5 Min ", "write 5m"),
        ("2 months", "write 60d"),
        ("1 mo", "write 30d"),
        ("1M", "write 30d"),
        ("500 millis", "write 500ms"),
        ("1 hour 30 minutes", "write 1h30m"),
        ("1m1h", "write 1h1m"),
        ("1h1h", "write 2h"),
        ("0h 5m", "write 5m"),
    ],
)
def test_a_duration_in_other_words_is_told_as_prometheus_writes_it(text: str, remedy: str) -> None:
    assert spoken_duration(text) == remedy


@pytest.mark.parametrize("text", ["", "5", "soon", "0m", "1.5h", "1h5", "9" * 5000 + "d", "1d" + " " * 9999 + "!"])
def test_what_says_no_duration_is_not_guessed(text: str) -> None:
    assert spoken_duration(text) is None
