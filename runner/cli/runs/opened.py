"""The results store, opened by a command: what goes wrong is a line on stderr and an exit status."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.cli.slo.ending import fail
from runner.cli.slo.progress import FIRST_SECONDS
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit
from runner.store.store import StoreError, UnknownRunError

if TYPE_CHECKING:
    from runner.store.store import Store


@contextmanager
def opened(command: str) -> "Iterator[Store]":
    """The store. Ends the program with 2 for a run that is not in it, with 4 when it cannot be asked."""
    waiting = threading.Timer(FIRST_SECONDS, tell, ("waiting for the results store ...",))
    waiting.daemon = True
    waiting.start()
    try:
        from runner.store.opening import open_store

        with open_store() as store:
            for warning in store.warnings:
                tell(f"{command}: warning: {warning}")
            yield store
    except UnknownRunError as error:
        fail(command, str(error), Exit.REFUSED)
    except StoreError as error:
        fail(command, str(error), Exit.INCONCLUSIVE)
    finally:
        waiting.cancel()
