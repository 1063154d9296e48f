"""What takes nodes away refuses by default, runs no shell, and says why when it cannot."""

import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from clients.node_killer import CommandKiller, NodeKillerError, NoNodeKillerError, RefusingKiller, node_killer

PYTHON = sys.executable
ECHO = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + '\\n')"


def test_without_configuration_nothing_is_taken_away() -> None:
    killer = node_killer({})
    for call in (killer.stop, killer.start):
        with pytest.raises(NoNodeKillerError, match=r"no node killer is configured here; set MLCHAOS_NODE_STOP"):
            call("gpu-a")


def test_commands_get_the_nodes_name_as_one_word_and_no_shell(tmp_path: Path) -> None:
    said = tmp_path / "said of; $(nobody)"
    killer = CommandKiller(
        (PYTHON, "-c", ECHO, str(said), "off {node}; $HOME"), (PYTHON, "-c", ECHO, str(said), "on {node}")
    )
    killer.stop("gpu-a.lab")
    killer.start("gpu-a.lab")
    assert said.read_text() == "off gpu-a.lab; $HOME\non gpu-a.lab\n"


@pytest.mark.parametrize("name", ["--all", "", "a b", "../etc", "GPU", "a" * 254, "$(reboot)", "gpu-a\n"])
def test_what_is_no_name_of_a_node_reaches_no_command(name: str) -> None:
    killer = node_killer({"MLCHAOS_NODE_STOP": "false {node}", "MLCHAOS_NODE_START": "false {node}"})
    with pytest.raises(NodeKillerError, match="this is not the name of a node"):
        killer.stop(name)


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"MLCHAOS_NODE_STOP": "off {node}"}, "MLCHAOS_NODE_START is empty: a node is only taken away where it can"),
        ({"MLCHAOS_NODE_START": "on {node}"}, "MLCHAOS_NODE_STOP is empty"),
        ({"MLCHAOS_NODE_KILLER": "command"}, "MLCHAOS_NODE_STOP is empty"),
        ({"MLCHAOS_NODE_STOP": "off", "MLCHAOS_NODE_START": "on {node}"}, "does not say where the node's name goes"),
        ({"MLCHAOS_NODE_STOP": "{node}", "MLCHAOS_NODE_START": "on {node}"}, "put {node} after the program"),
        ({"MLCHAOS_NODE_STOP": "off '{node}", "MLCHAOS_NODE_START": "on {node}"}, "MLCHAOS_NODE_STOP is not a command"),
        ({"MLCHAOS_NODE_KILLER": "my-cloud"}, "names 'my-cloud', which is not installed here; there is: command"),
    ],
)
def test_half_a_configuration_is_refused_with_its_remedy(environment: dict[str, str], problem: str) -> None:
    with pytest.raises(NodeKillerError, match=problem):
        node_killer(environment)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((PYTHON, "-c", "raise SystemExit('no such machine')", "{node}"), "ended with 1: no such machine"),
        ((PYTHON, "-c", "raise SystemExit(3)", "{node}"), "ended with 3: it said nothing"),
        (("/no/such/program", "{node}"), "cannot stop node gpu-a: /no/such/program: No such file"),
        ((PYTHON, "-c", "input('?'); input()", "{node}"), "EOFError"),
    ],
)
def test_a_command_that_fails_is_told_with_what_it_said(words: tuple[str, ...], problem: str) -> None:
    with pytest.raises(NodeKillerError, match=problem):
        CommandKiller(words, words).stop("gpu-a")


def test_a_command_that_hangs_is_ended() -> None:
    words = (PYTHON, "-c", "import time; time.sleep(600)", "{node}")
    with pytest.raises(NodeKillerError, match=r"did not end in 0\.05 s"):
        CommandKiller(words, words, seconds=0.05).start("gpu-a")


def test_a_plugin_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = EntryPoint("my-cloud", "clients.node_killer:RefusingKiller", "mlchaos.node_killers")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: EntryPoints([plugin]))
    assert node_killer({"MLCHAOS_NODE_KILLER": "my-cloud"}) == RefusingKiller()
