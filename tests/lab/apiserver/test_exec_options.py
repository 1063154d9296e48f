"""What a client asks of pods/exec."""

from urllib.parse import parse_qsl

import pytest

from lab.apiserver.errors import Refused
from lab.apiserver.exec_options import ExecOptions, Query


def test_the_words_of_the_command_keep_their_order() -> None:
    options = ExecOptions.parse([("command", "sh"), ("stdout", "true"), ("command", "-c"), ("command", "")])
    assert options.command == ("sh", "-c", "")


@pytest.mark.parametrize("text", ["true", "True", "1", "TRUE", "t"])
def test_flags_are_true_in_every_spelling_that_clients_use(text: str) -> None:
    assert ExecOptions.parse([("command", "x"), ("stdout", text)]).stdout


def test_the_python_clients_false_is_false() -> None:
    options = ExecOptions.parse([("command", "x"), ("stdout", "True"), ("stdin", "False"), ("tty", "False")])
    assert (options.stdin, options.tty) == (False, False)


def test_the_streams_are_those_asked_for_and_the_one_for_errors() -> None:
    options = ExecOptions.parse([("command", "x"), ("stdin", "1"), ("stdout", "1"), ("stderr", "1")])
    assert options.streams == {"error", "stdin", "stdout", "stderr"}


def test_a_terminal_has_no_stderr_of_its_own_but_a_size() -> None:
    options = ExecOptions.parse([("command", "x"), ("stdout", "1"), ("stderr", "1"), ("tty", "1")])
    assert options.streams == {"error", "stdout", "resize"}


def test_the_kubelet_gets_the_command_and_the_true_flags_only() -> None:
    options = ExecOptions.parse([("container", "c"), ("command", "a b"), ("command", "&"), ("stdout", "True")])
    assert parse_qsl(options.encoded()) == [("command", "a b"), ("command", "&"), ("stdout", "true")]


@pytest.mark.parametrize(
    ("query", "what"), [([("stdout", "true")], "command"), ([("command", "x"), ("stdout", "false")], "at least one of")]
)
def test_a_request_for_nothing_is_refused(query: Query, what: str) -> None:
    with pytest.raises(Refused, match=what) as refusal:
        ExecOptions.parse(query)
    assert refusal.value.code == 400
