"""Texts from elsewhere do not steer the terminal: neither Prometheus's, nor those of the command line, nor names."""

import json

import pytest

from tests.clients.in_process import answering_in_process
from tests.clients.misbehaving import Answer, body
from tests.recorded_slos import AT_TEXT, FakeSlo
from tests.recording_prometheus import Recording, recording_prometheus
from tests.runner.cli.slo.commands import Ended, chaos_slo

EVIL = "\x1b[31mEVIL\x07\x9b2J\u202e\nline 2"


def steers(ended: Ended) -> bool:
    return not all(line.isprintable() for line in (ended.out + ended.err).split("\n"))


def asked(url: str, command: str, name: str = "x") -> Ended:
    return chaos_slo(command, name, "--at", AT_TEXT, "--prometheus", url)


@pytest.mark.parametrize("command", ["status", "check", "burn"])
@pytest.mark.parametrize(
    "answer",
    [
        body(422, json.dumps({"status": "error", "error": EVIL})),
        body(200, f"<html>{EVIL}"),
        body(200, json.dumps({"status": "success", "data": {"result": []}, "warnings": [EVIL]})),
    ],
    ids=["error", "page", "warnings"],
)
def test_what_prometheus_says_is_shown_without_its_escapes(answer: Answer, command: str) -> None:
    with answering_in_process(answer) as url:
        ended = asked(url, command)
    assert not steers(ended)
    assert ended.err.count("\n") <= 1


@pytest.mark.parametrize("command", ["status", "check", "burn"])
def test_names_and_services_are_shown_without_their_escapes(command: str) -> None:
    with recording_prometheus(Recording([FakeSlo(EVIL, service=EVIL, budget=2)])) as url:
        ended = asked(url, command, EVIL)
        other = asked(url, command, EVIL + "2")
    assert not steers(ended)
    assert not steers(other)


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", EVIL),
        (EVIL,),
        ("status", "--" + EVIL),
        ("status", "--prometheus", EVIL),
        ("check", "x", "--budget-left", EVIL),
        ("check", "x", "--burn-below", "1", "--window", EVIL),
        ("status", "--at", EVIL),
        ("burn", "x", "--journal", EVIL),
        ("rules", "--name", EVIL),
        ("rules", "--out", f"/no-such-directory/{EVIL}"),
        ("status", "--service", EVIL, "--file", "tests/slos"),
    ],
)
def test_what_is_given_on_the_command_line_is_shown_without_its_escapes(arguments: tuple[str, ...]) -> None:
    ended = chaos_slo(*arguments)
    assert ended.status == 2
    assert not steers(ended)
