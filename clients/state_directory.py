"""Where this machine keeps what outlives a process: the log of runs, and the ledger of faults outside a cluster."""

import os
from pathlib import Path


def state_directory() -> Path:
    """`$MLCHAOS_STATE_DIR`, else `$XDG_STATE_HOME/mlchaos`, else `~/.local/state/mlchaos`.

    Raises RuntimeError where nothing is set and there is no home directory.
    """
    if own := os.environ.get("MLCHAOS_STATE_DIR"):
        return Path(own)
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "mlchaos"
