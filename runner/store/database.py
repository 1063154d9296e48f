"""A database by its URL: SQLite or PostgreSQL, transactions, and errors that say what to do and no password."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from runner.store.store import StoreError

_WRITES = "mlchaos_writes"
BUSY_SECONDS = 15
"""How long another process may hold the database."""
CONNECT_SECONDS = 5
LOCK_SECONDS = 15
ANSWER_SECONDS = 60
"""For one statement of PostgreSQL."""
_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_SECRET_OPTIONS = ("password", "sslpassword")


class Database:
    """Opens transactions. One connection at a time is enough for a command, so none is kept."""

    def __init__(self, url: str) -> None:
        """Nothing is connected to yet. Raises StoreError for what is no URL of a database that is served."""
        parsed = _parsed(url)
        self.place = _place(parsed)
        self._secrets = _secrets(parsed)
        try:
            self._engine = _engine(parsed)
        except (SQLAlchemyError, ImportError, OSError) as error:
            raise self._unusable(error) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that changes nothing. Raises StoreError."""
        with self._told_errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at its end. Raises StoreError."""
        with self._told_errors(), self._engine.connect() as connection:
            writing = connection.execution_options(**{_WRITES: True})
            with writing.begin():
                yield writing

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _told_errors(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> StoreError:
        return StoreError(f"the results store {self.place} cannot be used: {self._told(error)}; check MLCHAOS_STORE")

    def _told(self, error: Exception) -> str:
        """The driver's words, on one line: SQLAlchemy's own show the statement and its values."""
        if isinstance(error, ModuleNotFoundError):
            return "the driver of PostgreSQL is not installed: pip install 'mlchaos[postgres]'"
        told = error.orig if isinstance(error, DBAPIError) else error
        text = " ".join(str(told).split())
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _parsed(url: str) -> URL:
    if url.count("@") > 1 and not url.startswith("sqlite"):  # a part of a password would be taken for the host
        raise StoreError("MLCHAOS_STORE has more than one @ in it: write %40 for one in a user's name or a password")
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # its text may have the password
        raise StoreError(
            "MLCHAOS_STORE is no URL of a database; write sqlite:////a/path/results.db or postgresql://user@host/name"
        ) from None
    if parsed.drivername in _DRIVERS:
        parsed = parsed.set(drivername=_DRIVERS[parsed.drivername])
    if parsed.drivername not in _DRIVERS.values():
        raise StoreError(f"MLCHAOS_STORE names a {parsed.get_backend_name()}; a store is in sqlite or postgresql")
    return parsed


def _secrets(url: URL) -> Sequence[str]:
    """What no text may have in it, as it is and as it is written in the URL; the longest first."""
    named = [url.password, *(value for name in _SECRET_OPTIONS for value in url.normalized_query.get(name, ()))]
    known = {form for secret in named if secret for form in (secret, quote(secret), quote_plus(secret))}
    return sorted(known, key=len, reverse=True)


def _place(url: URL) -> str:
    """Without a password, and without options, which may have one."""
    if url.get_backend_name() == "sqlite":
        return str(url.database or ":memory:")
    shown = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return shown.render_as_string()


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise StoreError("a store in memory would be gone with this command; name a file in MLCHAOS_STORE")
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    limits = {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": ANSWER_SECONDS * 1000}
    engine = create_engine(url, poolclass=NullPool, connect_args={**limits, **url.query})
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Transactions begin where we say so, not where the driver thinks so: changes of the schema are part of them."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes then would fail where two do so, instead of waiting.
    immediate = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{ANSWER_SECONDS}s'")
