"""Colours only on terminals, widths that fit, and no character that the output cannot encode."""

import io
import sys

import pytest

from runner.cli.slo.terminal import paint, say, width


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_colours_and_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert paint("x", "red") == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert paint("x", "red") == "x"


def test_a_pipe_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert paint("x", "red") == "x"


@pytest.mark.parametrize(("columns", "found"), [("72", 72), ("3", 20)])
def test_the_width_is_that_of_the_terminal_within_reason(
    columns: str, found: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert width() == found


def test_what_the_output_cannot_encode_is_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", output)
    say("größer")
    output.flush()
    assert output.buffer.getvalue() == b"gr??er\n"
