"""Which results store is used, and opening it."""

from runner.store.store import Store


def open_store(url: str | None = None) -> Store:
    """The store at `url`: MLCHAOS_STORE by default, else `results.db` in the state directory.

    Its tables are brought up to date, and what runs have spooled on this machine is taken in: what could not be is in
    the store's `warnings`. Raises StoreError, whose text has no password.
    """
    raise NotImplementedError(url)
