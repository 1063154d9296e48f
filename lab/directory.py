"""The one directory that holds everything a lab writes."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT_KEY = "MLCHAOS_LAB_DIR"


def default_directory() -> Path:
    """`$MLCHAOS_LAB_DIR`, else `$XDG_STATE_HOME/mlchaos/lab`, else `~/.local/state/mlchaos/lab`."""
    if chosen := os.environ.get(ENVIRONMENT_KEY):
        return Path(chosen).absolute()
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "mlchaos" / "lab"


@dataclass(frozen=True, slots=True)
class LabDirectory:
    """Where each thing lies inside a lab's directory."""

    root: Path

    @property
    def lab_id(self) -> str:
        """Marks every process of the lab that lives here; the same for each lab that this directory ever holds."""
        return "lab-" + hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:12]

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def state(self) -> Path:
        return self.root / "lab.json"

    @property
    def control_socket(self) -> Path:
        return self.root / "control.sock"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def nodes(self) -> Path:
        return self.root / "nodes"

    def own_entries(self) -> list[Path]:
        """What a lab makes here, as far as it is there; never the lock, nor anything that somebody else put here."""
        files = (self.state, self.control_socket, self.kubeconfig, self.logs, self.nodes, self.root / "servers")
        credentials = (self.root / name for name in ("ca.crt", "api.crt", "api.key", "token"))
        drafts = self.root.glob(f"{self.state.name}?*")
        return [entry for entry in (*files, *credentials, *drafts) if entry.exists() or entry.is_symlink()]

    def server(self, name: str) -> Path:
        """Working directory of one of the real servers (Prometheus, Redis, ...)."""
        return self.root / "servers" / name

    def log(self, component: str) -> Path:
        return self.logs / f"{component}.log"
