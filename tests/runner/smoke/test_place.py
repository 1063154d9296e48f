"""The lab of a set: it comes and goes with it, whatever happens, and belongs to one set alone."""

import os
import signal
from pathlib import Path

import pytest

from runner.smoke.children import Children
from runner.smoke.place import InterruptedPlaceError, PlaceError, names_a_cluster, own_lab
from tests.runner.smoke.chaos_double import ChaosDouble

ENVIRONMENT = {"PATH": os.environ["PATH"], "MLCHAOS_STORE": "sqlite:///x", "KUBECONFIG": "/elsewhere"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state" / "smoke-lab"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def children(said: list[str]) -> Children:
    return Children(said.append)


def test_what_was_left_is_ended_before_and_the_lab_after(
    chaos_double: ChaosDouble, children: Children, directory: Path, said: list[str]
) -> None:
    with own_lab(children, directory, 75, ENVIRONMENT, said.append) as variables:
        assert variables == {**ENVIRONMENT, "KUBECONFIG": "/the/lab", "ADMIT_BUDGET_LEFT": "0%"}
    assert chaos_double.calls == [
        f"lab down --dir {directory}",
        f"lab up --dir {directory} --network 75",
        f"lab env --json --dir {directory}",
        f"lab down --dir {directory}",
    ]
    assert said == ["bringing up a lab on 127.75.0.0/16", "taking the lab down"]


def test_the_lab_goes_when_the_set_fails(
    chaos_double: ChaosDouble, children: Children, directory: Path, said: list[str]
) -> None:
    with pytest.raises(KeyError), own_lab(children, directory, 75, ENVIRONMENT, said.append):
        raise KeyError
    assert chaos_double.calls[-1] == f"lab down --dir {directory}"


def test_a_lab_that_does_not_come_up_is_said_with_its_reason(
    chaos_double: ChaosDouble, children: Children, directory: Path, said: list[str]
) -> None:
    chaos_double.no_lab(2, "  starting\nchaos lab: 127.75.0.1:6443 is in use; take --network\n")
    with (
        pytest.raises(PlaceError, match=r"there is no lab: chaos lab: 127\.75\.0\.1:6443 is in use"),
        own_lab(children, directory, 75, ENVIRONMENT, said.append),
    ):
        pass
    assert chaos_double.calls[-1] == f"lab down --dir {directory}"


def test_an_interrupt_while_it_comes_up_ends_it(
    chaos_double: ChaosDouble, children: Children, directory: Path, said: list[str]
) -> None:
    with children.taking_signals():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(InterruptedPlaceError), own_lab(children, directory, 75, ENVIRONMENT, said.append):
            pass
    assert chaos_double.calls[-1] == f"lab down --dir {directory}"


def test_two_sets_do_not_share_a_lab(
    chaos_double: ChaosDouble, children: Children, directory: Path, said: list[str]
) -> None:
    with own_lab(children, directory, 75, ENVIRONMENT, said.append):
        calls = len(chaos_double.calls)
        with (
            pytest.raises(PlaceError, match=r"another chaos smoke has its lab in .*--lab-dir DIRECTORY"),
            own_lab(children, directory, 75, ENVIRONMENT, said.append),
        ):
            pass
        assert len(chaos_double.calls) == calls


@pytest.mark.parametrize(
    ("environment", "named"), [({}, False), ({"KUBECONFIG": ""}, False), ({"KUBECONFIG": "x"}, True)]
)
def test_only_a_cluster_that_was_named_is_taken(environment: dict[str, str], named: bool) -> None:
    assert names_a_cluster(environment) is named
