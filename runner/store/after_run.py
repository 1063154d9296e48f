"""The end of a run: what it has spooled goes into the store, if that can be had; if not, the next command takes it."""

from pathlib import Path


def store_run(path: Path) -> None:
    """Take one spool in. Never raises: what is wrong is logged, and the spool stays."""
