"""Which ledger a process uses: the one in the cluster where there is a cluster, else the local file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from actions.ledger.store import Ledger, LedgerError
from clients.state_directory import state_directory

if TYPE_CHECKING:
    from actions.systems import Systems

Place = Literal["kubernetes", "local"]

_PLACES: Mapping[str, Place] = {"kubernetes": "kubernetes", "local": "local"}
CHOICE = "MLCHAOS_LEDGER"
NAMESPACE = "MLCHAOS_NAMESPACE"
DEFAULT_NAMESPACE = "mlchaos"
FILE = "ledger.sqlite"
TIMEOUT_SECONDS = 2.5
"""Of one request to the API. A heartbeat that hangs for longer would come too late anyway."""


def chosen_place(environment: Mapping[str, str], home: Path) -> Place:
    """Where the ledger is: as MLCHAOS_LEDGER says, else in the cluster where one can be reached. Raises LedgerError."""
    named = environment.get(CHOICE, "")
    if named in _PLACES:
        return _PLACES[named]
    if named:
        raise LedgerError(f"{CHOICE} is {named!r}; it may be kubernetes or local")
    return "kubernetes" if cluster_is_named(environment, home) else "local"


def place_here() -> Place:
    """The same, for this process. Raises LedgerError."""
    return chosen_place(os.environ, _home())


def cluster_is_named(environment: Mapping[str, str], home: Path) -> bool:
    """Is there a kubeconfig, or do we run in a cluster?"""
    return bool(
        environment.get("KUBECONFIG")
        or environment.get("KUBERNETES_SERVICE_HOST")
        or (home / ".kube" / "config").exists()
    )


def no_cluster_is_asked() -> bool:
    """Is only this machine's ledger used, and that because no cluster is named, not because MLCHAOS_LEDGER says so?"""
    return not os.environ.get(CHOICE) and not cluster_is_named(os.environ, _home())


def open_ledger(systems: "Systems") -> Ledger:
    """The ledger of this process. Raises LedgerError, TransientLedgerError when the cluster does not answer."""
    del systems  # the ledger has connections of its own: a fault that hangs must not hold up a heartbeat
    if place_here() == "kubernetes":
        return open_in_cluster()
    return open_in_file()


def reachable_ledgers() -> "tuple[list[Ledger], list[LedgerError]]":
    """Every ledger that may hold faults to recover here, and why others cannot be used.

    These are the cluster's and the local file, as far as there are any, or the one that MLCHAOS_LEDGER names. A file
    that is not there is not made.
    """
    ledgers: list[Ledger] = []
    problems: list[LedgerError] = []
    named = os.environ.get(CHOICE)
    try:
        place = place_here()
        if place == "kubernetes":
            ledgers.append(open_in_cluster())
    except LedgerError as error:
        problems.append(error)
    try:
        if named in (None, "", "local") and local_path().exists():
            ledgers.append(open_in_file())
    except LedgerError as error:
        problems.append(error)
    return ledgers, problems


def open_in_cluster() -> Ledger:
    """The ledger in the namespace MLCHAOS_NAMESPACE (default: mlchaos), which must be there. Raises LedgerError."""
    from actions.ledger.in_cluster import InCluster
    from clients.kube import Kube, KubeError

    try:
        kube = Kube(timeout=TIMEOUT_SECONDS)
    except KubeError as error:
        raise LedgerError(f"no ledger: {error}; or keep it on this machine with {CHOICE}=local") from error
    try:
        return InCluster(kube, os.environ.get(NAMESPACE) or DEFAULT_NAMESPACE)
    except BaseException:
        kube.close()
        raise


def open_in_file() -> Ledger:
    """The ledger in the state directory of this machine, which is made if need be. Raises LedgerError."""
    from actions.ledger.in_file import InFile

    return InFile(local_path(), _cluster())


def local_path() -> Path:
    """The file of the local ledger. Raises LedgerError where there is no place for it."""
    try:
        return state_directory() / FILE
    except RuntimeError as error:
        raise LedgerError(f"no place for the local ledger: {error}; name a directory in MLCHAOS_STATE_DIR") from error


def _cluster() -> str:
    """The API that faults of this process reach, if any."""
    if not cluster_is_named(os.environ, _home()):
        return ""
    from clients.kube import KubeError
    from clients.kube_configuration import read_configuration

    try:
        return str(read_configuration()[0].host)
    except KubeError:
        return ""


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        return Path("/nonexistent")
