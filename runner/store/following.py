"""Telling a store that others read, too, of a run while it goes on: a run whose machine goes away with it is known.

A store in a file of this machine needs none of it: whoever reads that takes the spool in.
"""

import contextvars
import logging
import os
import threading
import time

from runner.runs.spool import Spool

logger = logging.getLogger("chaostoolkit")

EVERY_SECONDS = 10.0
_VARIABLE = "MLCHAOS_STORE"


def follow(spool: Spool, every: float = EVERY_SECONDS) -> None:
    """In a thread of its own, until the spool is closed; all that is heavy is imported there. Never raises."""
    if os.environ.get(_VARIABLE, "").startswith("postgres"):
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(_follow, spool, every), name="store", daemon=True).start()


def _follow(spool: Spool, every: float) -> None:
    told = False
    while (path := spool.path) is not None:
        try:
            from runner.store.opening import open_unfilled
            from runner.store.spools import take_in

            with open_unfilled() as store:
                take_in(store, [path], time.time())
        except Exception as error:  # noqa: BLE001 (it costs no run, whatever it is)
            if not told:
                logger.warning("The results store does not hear of this run while it goes on: %s", error)
            told = True
        spool.wait_closed(every)
