"""The end of a run: what it has spooled goes into the store, if that can be had; if not, the next command takes it.

The run waits for the store no longer than STORE_SECONDS: a database may accept a connection and never say a word.
"""

import logging
import time
from functools import partial
from pathlib import Path

from clients.deadline import within

logger = logging.getLogger("chaostoolkit")

STORE_SECONDS = 10.0


def store_run(path: Path) -> None:
    """Take one spool in. Never raises: what is wrong is logged, and the spool stays."""
    try:
        problems = within(STORE_SECONDS, partial(_taken_in, path))
    except TimeoutError:
        problems = [f"it gave no answer within {STORE_SECONDS:g} s (check MLCHAOS_STORE); all facts are in {path}"]
    except Exception as error:  # noqa: BLE001 (the run is over and judged: this must not change its end)
        problems = [str(error) or type(error).__name__]
    for problem in problems:
        logger.warning("This run is not in the results store yet; the next `chaos runs list` tries again: %s", problem)


def _taken_in(path: Path) -> list[str]:
    from runner.store.opening import open_unfilled
    from runner.store.spools import take_in

    with open_unfilled() as store:
        if not path.exists() and not store.has_ended(path.stem):
            return [f"its spool {path} is gone (who removes what lies there?), and with it how the run ended"]
        return take_in(store, [path], time.time())
