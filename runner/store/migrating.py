"""Bringing the tables of a store up to date, by alembic, which is imported only where there is something to do."""

import logging
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from runner.store.database import Database
from runner.store.schema import HEAD
from runner.store.store import StoreError

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x6D6C6368
"""Of PostgreSQL's advisory locks: two commands that find an empty database do not both fill it."""


def migrate(database: Database) -> None:
    """Make the tables, or change them to the present schema. Raises StoreError, for a newer one as well."""
    with database.reading() as connection:
        if _version(connection) == HEAD:
            return
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if _version(connection) != HEAD:
            _upgrade(connection, database.place)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection, place: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"the results store {place} has tables that this mlchaos does not know ({error}): use the newer one that "
            "made them, or another store (MLCHAOS_STORE)"
        ) from error
