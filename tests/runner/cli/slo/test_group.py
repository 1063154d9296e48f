"""Commands are imported when they are used: this finds those that cannot be."""

import importlib
import pkgutil

import click
import pytest

import runner.cli.slo
from runner.cli.slo import slo
from tests.runner.cli.slo.commands import chaos_slo

COMMANDS = slo.list_commands(click.Context(slo))


@pytest.mark.parametrize("name", [found.name for found in pkgutil.iter_modules(runner.cli.slo.__path__)])
def test_every_module_can_be_imported(name: str) -> None:
    importlib.import_module(f"runner.cli.slo.{name}")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_its_exit_status(command: str) -> None:
    ended = chaos_slo(command, "--help")
    assert (ended.status, ended.err) == (0, "")
    assert "Exit status: 0" in " ".join(ended.out.split())
    assert f"chaos slo {command} " in ended.out


def test_the_group_lists_every_command() -> None:
    ended = chaos_slo("--help")
    assert ended.status == 0
    assert all(f"\n  {command} " in ended.out for command in COMMANDS)


def test_no_help_redirects_rules_over_a_file_that_may_be_in_use() -> None:
    assert not [one for one in ((), *((name,) for name in COMMANDS)) if "> rules" in chaos_slo(*one, "--help").out]


def test_a_mistyped_command_suggests_the_nearest() -> None:
    ended = chaos_slo("statsu")
    assert ended.status == 2
    assert "No such command 'statsu'. Did you mean 'status'?" in ended.err
