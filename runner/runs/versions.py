"""Which versions of everything took part in a run."""

import contextvars
import platform
import threading
from collections.abc import Mapping
from importlib.metadata import version

from actions.systems import Systems
from clients.kube_errors import KubeError
from runner.runs.spool import Spool


def note_versions(spool: Spool, systems: Systems | None) -> None:
    """Note them in a thread of its own, which nobody waits for; `systems` where a cluster takes part."""
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_note, spool, systems), name="versions", daemon=True).start()


def _note(spool: Spool, systems: Systems | None) -> None:
    spool.versions(_here())
    if systems is not None and (kubernetes := _kubernetes(systems)):
        spool.versions({"kubernetes": kubernetes})


def _here() -> Mapping[str, str]:
    names = {"mlchaos": "mlchaos", "chaostoolkit": "chaostoolkit", "chaoslib": "chaostoolkit-lib"}
    return {"python": platform.python_version(), **{name: version(package) for name, package in names.items()}}


def _kubernetes(systems: Systems) -> str:
    """Nothing where the cluster does not say: a run is not about this."""
    try:
        return systems.kube.version()
    except KubeError:
        return ""
