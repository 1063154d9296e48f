"""Where files are written without waiting for a disk: most tests are not about power cuts."""

from pathlib import Path

_SHARED_MEMORY = Path("/dev/shm")


def memory() -> Path | None:
    """A directory in memory; None where this machine has none, as `tempfile` understands it."""
    return _SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None
