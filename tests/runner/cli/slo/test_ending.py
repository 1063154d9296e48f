"""However a `chaos slo` command ends that cannot do its work, no gate takes its status for a verdict."""

import errno
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from runner.cli.slo import slo
from runner.cli.slo.ending import INTERNAL_ERROR, INTERRUPTED, NOBODY_READS, fail
from runner.exit_codes import Exit
from tests.runner.cli.slo.commands import chaos_slo


def ended(monkeypatch: pytest.MonkeyPatch, callback: Callable[[], None]) -> tuple[int, str, str]:
    command = click.Command("status", callback=lambda as_json: callback(), params=[click.Option(["--json", "as_json"])])
    monkeypatch.setattr(slo, "get_command", lambda *_: command)
    result = CliRunner().invoke(slo, ["status", "--json", "yes"])
    return result.exit_code, result.stdout, result.stderr


def raising(error: BaseException) -> Callable[[], None]:
    def callback() -> None:
        raise error

    return callback


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_ctrl_c_is_130(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended(monkeypatch, raising(error)) == (INTERRUPTED, "", "")


def test_an_error_of_mlchaos_is_no_verdict_and_can_be_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    status, out, err = ended(monkeypatch, raising(ZeroDivisionError("a\nb")))
    assert (status, out) == (INTERNAL_ERROR, "")
    assert status not in set(Exit)
    assert "Traceback" in err
    assert err.splitlines()[-1].startswith("chaos slo: internal error: ZeroDivisionError: a b: nothing is known")


def test_output_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    status, _, err = ended(monkeypatch, raising(OSError(errno.ENOSPC, "No space left on device")))
    assert (status, err) == (Exit.REFUSED, "chaos slo: cannot write the output: no space left on device\n")


def test_a_reader_that_has_left_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    status, _, err = ended(monkeypatch, raising(BrokenPipeError(errno.EPIPE, "Broken pipe")))
    assert (status, err) == (NOBODY_READS, "")


def test_a_file_that_a_command_forgot_about_is_not_called_output(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended(monkeypatch, raising(FileNotFoundError(errno.ENOENT, "gone", "x")))[0] == INTERNAL_ERROR


def test_a_closed_standard_output_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SystemExit) as stopped:
        slo.main(["rules"], standalone_mode=False)
    assert stopped.value.code == Exit.REFUSED
    assert capsys.readouterr().err == "chaos slo: cannot write the output: standard output is closed\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
def test_a_full_disk_is_told_in_a_line_by_the_real_program() -> None:
    with Path("/dev/full").open("w") as full:
        program = [sys.executable, "-c", "from runner.cli.slo import slo; slo()", "--help"]
        result = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=20)
    expected = "chaos slo: cannot write the output: no space left on device\n"
    assert (result.returncode, result.stderr) == (Exit.REFUSED, expected)


def test_a_failure_is_a_line_and_with_json_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    status, out, err = ended(monkeypatch, lambda: fail("chaos slo status", "no", Exit.INCONCLUSIVE, {"slos": []}))
    assert (status, err) == (Exit.INCONCLUSIVE, "chaos slo status: no\n")
    assert json.loads(out) == {"error": "no", "slos": []}


DOWN = (("status",), ("check", "a"), ("burn", "a"), ("backtest",))
WRONG_FILE = (("check", "--file", "/nowhere"), ("test-rules", "/nowhere"), ("backtest", "/nowhere"))


@pytest.mark.parametrize("arguments", [*DOWN, *WRONG_FILE], ids=" ".join)
def test_with_json_every_failure_is_a_document_with_the_key_error(arguments: tuple[str, ...]) -> None:
    server = () if arguments[0] == "test-rules" else ("--prometheus", "http://127.0.0.1:1")
    plain, machine = chaos_slo(*arguments, *server), chaos_slo(*arguments, *server, "--json")
    assert (plain.out, plain.status) == ("", 2 if "/nowhere" in arguments else 4)
    assert (machine.status, machine.err) == (plain.status, plain.err)
    document = json.loads(machine.out)
    assert document["error"]
    if "/nowhere" in arguments:
        assert document["problems"][0]["file"] == "/nowhere"


@pytest.mark.parametrize(
    ("option", "said"), [("--at", "'soon' is no time"), ("--timeout", "'soon' is not a valid float")]
)
def test_with_json_bad_usage_is_a_document_too(option: str, said: str) -> None:
    ended = chaos_slo("status", option, "soon", "--json", "--prometheus", "http://127.0.0.1:1")
    assert ended.status == 2
    assert said in json.loads(ended.out)["error"]
