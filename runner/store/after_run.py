"""The end of a run: what it has spooled goes into the store, if that can be had; if not, the next command takes it."""

import logging
import time
from pathlib import Path

logger = logging.getLogger("chaostoolkit")


def store_run(path: Path) -> None:
    """Take one spool in. Never raises: what is wrong is logged, and the spool stays."""
    try:
        from runner.store.opening import open_unfilled
        from runner.store.spools import take_in

        with open_unfilled() as store:
            problems = take_in(store, [path], time.time())
    except Exception as error:  # noqa: BLE001 (the run is over and judged: this must not change its end)
        problems = [str(error) or type(error).__name__]
    for problem in problems:
        logger.warning("This run is not in the results store yet; the next `chaos runs list` tries again: %s", problem)
