"""The `chaos` commands in documents and CI files, held against the real ones: names, options, files named in them."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
LANGUAGES = ("", "sh", "bash", "console", "shell")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PROGRAM = re.compile(r"(?:^|/)chaos$")
_ENDS = {"|", "||", "&&", ";", ">", ">>", "2>", "<", "&", ")"}
_SUBSTITUTED = re.compile(r'"?\$\(|\)"|`')
"""What encloses a command within another one."""
_PROSE = re.compile(r"[:,.]$")
"""After the name of a sub-command: a message of the program, or a list of commands."""
_ASSIGNMENT = re.compile(r"[A-Z_]+=.*")


def shell_lines(document: str) -> Iterator[str]:
    """The lines of code blocks that are typed into a shell: joined where they go on, without their comments."""
    for language, block in _FENCE.findall(document):
        if language in LANGUAGES:
            yield from block.replace("\\\n", " ").splitlines()


def chaos_commands(line: str) -> Iterator[list[str]]:
    """The arguments of each `chaos` that a line calls."""
    lexer = shlex.shlex(_SUBSTITUTED.sub(" ; ", line), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        return  # an output, not a command
    yield from _called(words)


def _called(words: list[str]) -> Iterator[list[str]]:
    while words and _ASSIGNMENT.fullmatch(words[0]):
        words = words[1:]
    if words and words[0] in ("timeout", "time", "sudo"):
        words = words[1:]
    end = next((index for index, word in enumerate(words) if word in _ENDS), len(words))
    if words[:1] and _PROGRAM.search(words[0]) and not (words[1:2] and _PROSE.search(words[1])):
        yield words[1:end]
    if end < len(words):
        yield from _called(words[end + 1 :])


def problem(arguments: list[str]) -> str:
    """What is wrong with a command; empty when it could be run."""
    try:
        _parse(_program(), "chaos", arguments)
    except click.UsageError as error:
        return error.format_message()
    return ""


def _parse(command: click.Command, name: str, arguments: list[str]) -> None:
    context = click.Context(command, info_name=name)
    _, rest, _ = command.make_parser(context).parse_args(list(arguments))
    if not isinstance(command, click.Group):
        _check_files(arguments, rest)
        return
    if not rest:
        return
    found = command.get_command(context, rest[0])
    if found is None:
        raise click.UsageError(f"there is no command {rest[0]!r} of {name}")
    _parse(found, f"{name} {rest[0]}", rest[1:])


def _check_files(*words: list[str]) -> None:
    """Experiments, SLO files and manifests that are named are there."""
    for word in {word for group in words for word in group}:
        if word.startswith(("experiments/", "slos/", "deploy/", "dashboards/")) and not (ROOT / word).exists():
            raise click.UsageError(f"there is no {word}")


@cache
def _program() -> click.Group:
    """Chaos Toolkit's program with our sub-commands, as pyproject.toml declares them."""
    import tomllib

    from chaostoolkit.cli import cli

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    program = click.Group("chaos", commands=dict(cli.commands), params=cli.params)
    for name, target in project["entry-points"]["chaostoolkit.cli_plugins"].items():
        module, _, attribute = target.partition(":")
        program.add_command(getattr(import_module(module), attribute), name)
    return program
