"""Every `chaos` command in the documents could be typed as it stands: commands, options and files are there."""

from pathlib import Path

import pytest

from tests.docs.commands import ROOT, chaos_commands, problem, shell_lines

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_the_commands_of_a_page_are_there(page: Path) -> None:
    commands = [command for line in shell_lines(page.read_text()) for command in chaos_commands(line)]
    wrong = [f"chaos {' '.join(command)}: {found}" for command in commands if (found := problem(command))]
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("chaos lab up", [["lab", "up"]]),
        ('eval "$(chaos lab env --json)"', [["lab", "env", "--json"]]),
        ("MLCHAOS_PLAN=1-a chaos run a.yaml   # comment", [["run", "a.yaml"]]),
        (".venv/bin/chaos plan x.yaml | jq . && chaos lab down > /dev/null", [["plan", "x.yaml"], ["lab", "down"]]),
        ("HELD  chaos is a word here", []),
        ("it's no command", []),
        ("chaos report: wrote report.html", []),
        ("chaos runs, report, slo burn", []),
    ],
)
def test_commands_are_found_in_a_line(line: str, arguments: list[list[str]]) -> None:
    assert list(chaos_commands(line)) == arguments


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["lab", "upp"], "no command 'upp'"),
        (["lab", "up", "--brae"], "No such option"),
        (["plan", "experiments/nothing.yaml"], "there is no experiments/nothing.yaml"),
    ],
)
def test_what_is_not_there_is_found(command: list[str], said: str) -> None:
    assert said.lower() in problem(command).lower()
