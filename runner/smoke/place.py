"""Where a set runs: in the cluster that the environment names, or in a lab of its own that comes and goes with it."""

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from runner.smoke.children import CHAOS, Children, Say
from runner.smoke.outcome import read_log

UP_SECONDS = 120.0
DOWN_SECONDS = 60.0


class PlaceError(Exception):
    """There is nowhere to run the set: why, and what to do."""


class InterruptedPlaceError(PlaceError):
    """A signal came before the lab was there."""


@contextmanager
def own_lab(
    children: Children, directory: Path, octet: int, environment: Mapping[str, str], say: Say
) -> Iterator[dict[str, str]]:
    """A lab in `directory` on 127.`octet`.0.0/16; gives the environment of runs in it, and ends it whatever happens.

    What a smoke test that was killed has left there is ended first. Raises PlaceError.
    """
    with _alone(directory):
        _lab(children, "down", directory, environment, DOWN_SECONDS)
        say(f"bringing up a lab on 127.{octet}.0.0/16")
        try:
            _up(children, directory, octet, environment)
            yield {**environment, **_addresses(directory, environment)}
        finally:
            say("taking the lab down")
            if status := _lab(children, "down", directory, environment, DOWN_SECONDS):
                say(f"the lab did not end (exit status {status}): chaos lab down --dir {directory}")


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Two sets in one lab would see each other's faults; the kernel lets go of the lock however this process ends."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with (directory.parent / f"{directory.name}.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PlaceError(
                f"another chaos smoke has its lab in {directory}: wait for it, or take --lab-dir DIRECTORY and "
                "--network NUMBER of your own"
            ) from error
        yield


def _up(children: Children, directory: Path, octet: int, environment: Mapping[str, str]) -> None:
    log = _log(directory, "up")
    arguments = ("lab", "up", "--dir", str(directory), "--network", str(octet))
    ended = children.run(arguments, environment, log, UP_SECONDS, what="chaos lab up")
    if children.interrupted:
        raise InterruptedPlaceError("interrupted before the lab was there; nothing was broken")
    if ended.status:
        said = read_log(log).strip().splitlines()
        raise PlaceError(f"there is no lab: {said[-1] if said else 'chaos lab up failed'} (chaos lab up)")


def _addresses(directory: Path, environment: Mapping[str, str]) -> dict[str, str]:
    command = [*CHAOS, "lab", "env", "--json", "--dir", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(environment), check=False)
    if done.returncode:
        raise PlaceError(f"the lab does not say where it is: {done.stderr.strip()}")
    variables: dict[str, str] = json.loads(done.stdout)
    return variables


def _lab(children: Children, verb: str, directory: Path, environment: Mapping[str, str], seconds: float) -> int:
    arguments = ("lab", verb, "--dir", str(directory))
    log = _log(directory, verb)
    return children.run(arguments, environment, log, seconds, what=f"chaos lab {verb}", whatever_happens=True).status


def _log(directory: Path, verb: str) -> Path:
    """Beside the lab's directory: the lab clears that away."""
    return directory.parent / f"{directory.name}.{verb}.log"


def names_a_cluster(environment: Mapping[str, str]) -> bool:
    """Whether the caller has said which cluster: a kubeconfig that merely lies in its usual place is no such word."""
    return bool(environment.get("KUBECONFIG"))


def caller_environment() -> dict[str, str]:
    """This process's own environment: that of runs in a cluster which it names."""
    return dict(os.environ)
