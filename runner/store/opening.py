"""Which results store is used, and opening it."""

import os
import time

from clients.state_directory import state_directory
from runner.store.sql_store import SqlStore
from runner.store.store import Store, StoreError

VARIABLE = "MLCHAOS_STORE"
FILE = "results.db"


def open_store(url: str | None = None) -> Store:
    """The store at `url`: MLCHAOS_STORE by default, else `results.db` in the state directory.

    Its tables are brought up to date, and what runs have spooled on this machine is taken in: what could not be is in
    the store's `warnings`. Raises StoreError, whose text has no password.
    """
    from runner.runs.spool import spool_directory
    from runner.store.old_log import take_in_old_log
    from runner.store.spools import spools, take_in

    store = open_unfilled(url)
    try:
        now = time.time()
        store.warnings = (*take_in_old_log(store, state_directory()), *take_in(store, spools(spool_directory()), now))
    except (RuntimeError, OSError) as error:  # no home directory; nothing may be listed
        store.warnings = (f"what runs have spooled on this machine cannot be taken in: {error}",)
    except BaseException:
        store.close()
        raise
    return store


def open_unfilled(url: str | None = None) -> SqlStore:
    """The same store, without what is spooled and not in it yet. Raises StoreError."""
    from runner.store.database import Database
    from runner.store.migrating import migrate

    database = Database(url or store_url())
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database)


def is_there() -> bool:
    """Whether there may be a run in the store; where there is none, it need not be made to be asked."""
    if os.environ.get(VARIABLE):
        return True
    try:
        directory = state_directory()
    except RuntimeError:
        return False
    return any((directory / name).exists() for name in (FILE, "spool", "runs.jsonl"))


def store_url() -> str:
    """What MLCHAOS_STORE names, or the file in the state directory. Raises StoreError where there is no place."""
    if named := os.environ.get(VARIABLE):
        return named
    try:
        return f"sqlite:///{state_directory().absolute() / FILE}"
    except RuntimeError as error:
        raise StoreError(f"no place for the results store: {error}; name a database in {VARIABLE}") from error
