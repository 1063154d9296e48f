"""The processes of a container as its /proc shows them, and signals to exactly the right ones."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.pods.processes import (
    LIST,
    SHARED,
    SIGNAL,
    Process,
    keys_in,
    read_processes,
    started_by_first,
    with_keys,
)


def stat(pid: int, name: str, state: str, parent: int, started: int) -> str:
    return f"{pid} ({name}) {state} {parent} {' '.join(['-1'] * 17)} {started} 1024 7 0"


def process(pid: int, parent: int, name: str = "python3", state: str = "S") -> Process:
    return Process(pid, name, state, parent, started=100 + pid)


@given(
    st.integers(1, 2**22),
    st.text(st.characters(exclude_characters="\n"), max_size=15),
    st.sampled_from("RSDTtZX"),
    st.integers(0, 2**22),
    st.integers(0, 2**63),
)
def test_a_process_is_read_whatever_its_name(pid: int, name: str, state: str, parent: int, started: int) -> None:
    assert read_processes(stat(pid, name, state, parent, started)) == [Process(pid, name, state, parent, started)]


def test_lines_that_are_no_process_are_dropped() -> None:
    listing = "\n".join(["sh: noise", stat(1, "sh", "S", 0, 5), "", "2 (half"])
    assert [one.pid for one in read_processes(listing)] == [1]


def test_only_what_the_first_process_has_started_is_meant_parents_first() -> None:
    listed = [process(9, 7), process(1, 0), process(7, 1), process(3, 1), process(40, 0, "sh"), process(41, 40, "cat")]
    assert [one.pid for one in started_by_first(listed)] == [3, 7, 9]


def test_a_pattern_means_processes_by_their_name() -> None:
    listed = [process(1, 0), process(2, 1, "VLLM::EngineCor"), process(3, 1, "nginx"), process(4, 2, "VLLM::Worker")]
    assert [one.pid for one in started_by_first(listed, "VLLM::*")] == [2, 4]


def test_a_process_that_got_the_pid_of_a_dead_one_is_another_one() -> None:
    before = process(7, 1)
    later = Process(7, "python3", "S", 1, started=999)
    assert with_keys([later], [before.key]) == []
    assert with_keys([before], [before.key]) == [before]


@pytest.mark.parametrize(
    ("state", "runs", "stopped", "ended"),
    [("S", True, False, False), ("D", True, False, False), ("T", False, True, False), ("t", False, False, False),
     ("Z", False, False, True)],
)  # fmt: skip
def test_what_somebody_else_holds_does_not_run(state: str, runs: bool, stopped: bool, ended: bool) -> None:
    one = process(7, 1, state=state)
    assert (one.runs, one.stopped, one.ended) == (runs, stopped, ended)


def test_keys_that_others_may_have_written_into_a_ledger_are_checked() -> None:
    assert keys_in(["7:100", "7", "7:1; reboot", 7, "$(id):1", "8:2\n"]) == ["7:100"]
    assert keys_in("7:100") == []
    assert keys_in(None) == []


def run_script(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", "-c", script, "sh", *arguments], capture_output=True, text=True, timeout=20, check=False
    )


def test_where_a_shell_sees_who_started_it_nothing_is_listed_or_signalled() -> None:
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        started = Path(f"/proc/{sleeper.pid}/stat").read_text().rpartition(")")[2].split()[19]
        assert run_script(LIST).returncode == SHARED
        assert run_script(SIGNAL, "KILL", f"{sleeper.pid}:{started}").returncode == SHARED
        assert sleeper.poll() is None
        sleeper.kill()


def test_the_signal_reaches_the_very_process_and_no_later_one_of_its_pid() -> None:
    alone = SIGNAL.replace('"$PPID" = 0', "1 = 1")  # this test's shell has a parent
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        started = Path(f"/proc/{sleeper.pid}/stat").read_text().rpartition(")")[2].split()[19]
        assert run_script(alone, "KILL", f"{sleeper.pid}:{int(started) + 1}", "4194000:1").returncode == 0
        assert sleeper.poll() is None
        assert run_script(alone, "KILL", f"{sleeper.pid}:{started}").returncode == 0
        assert sleeper.wait(20) == -9


def test_the_listing_is_what_is_read() -> None:
    alone = LIST.replace('"$PPID" = 0', "1 = 1")
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        listed = read_processes(run_script(alone).stdout)
        sleeper.kill()
    assert [one.name for one in listed if one.pid == sleeper.pid] == ["sleep"]
