"""A database by its URL, and its tables."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from runner.store.database import Database
from runner.store.migrating import migrate
from runner.store.opening import is_there, open_store, open_unfilled, store_url
from runner.store.schema import HEAD, metadata
from runner.store.store import StoreError
from tests.runner.store.postgres import Postgres


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("results.db", "is no URL of a database"),
        ("mysql://me:hunter2@db/x", "names a mysql; a store is in sqlite or postgresql"),
        ("postgresql://mlchaos:pa@hunter2@127.0.0.1:1/results", "more than one @ in it: write %40"),
        ("postgresql://u:p@55:44hunter2@host/db", "more than one @ in it: write %40"),
        ("postgresql://u:55hunter2/db", "is no URL of a database"),
        ("postgresql://127.0.0.1:1/db?user=me&password=hunter2&sslpassword=hunter2", "cannot be used"),
        ("sqlite://", "a store in memory would be gone"),
        ("sqlite:////proc/nowhere/results.db", "cannot be used"),
    ],
)
def test_what_is_no_store_is_refused_with_what_to_write(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as raised:
        open_unfilled(url)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("option", ["password", "sslpassword"])
def test_a_password_among_the_options_is_masked_in_what_a_driver_says(option: str) -> None:
    database = Database(f"postgresql://me:a%40b@db/x?{option}=hunter2%40")
    with pytest.raises(StoreError) as raised, database._told_errors():
        raise OSError("no such thing: password=hunter2@ hunter2%40 a@b a%40b")
    assert "no such thing: password=*** *** *** ***" in str(raised.value)


def test_an_at_sign_that_is_written_as_such_is_part_of_a_password() -> None:
    assert Database("postgresql://me:pa%40hunter2@db/x").place == "postgresql://me@db/x"


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "results.db").write_text("no database, but long enough to be looked at" * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        open_unfilled(f"sqlite:///{tmp_path / 'results.db'}")


def test_without_a_url_the_store_is_a_file_in_the_state_directory(
    memory_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(memory_path / "state"))
    monkeypatch.delenv("MLCHAOS_STORE", raising=False)
    assert store_url() == f"sqlite:///{memory_path}/state/results.db"
    assert not is_there()
    with open_store() as store:
        assert store.place == f"{memory_path}/state/results.db"
    assert is_there()
    monkeypatch.setenv("MLCHAOS_STORE", "postgresql://db/results")
    assert store_url() == "postgresql://db/results"


def test_the_migrations_make_the_very_tables_that_are_declared(url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    database = Database(url)
    migrate(database)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD


def test_migrating_what_is_up_to_date_changes_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(Database(url))

    def writing(_: Database) -> Any:
        raise AssertionError("nothing is to be written")

    monkeypatch.setattr(Database, "writing", writing)
    migrate(Database(url))


def test_tables_of_a_newer_mlchaos_are_left_alone(url: str) -> None:
    database = Database(url)
    migrate(database)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="tables that this mlchaos does not know"):
        migrate(database)


def test_a_migration_that_breaks_off_leaves_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        from alembic.util import CommandError

        raise CommandError("no disk")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.runtime.migration.MigrationContext.stamp", fail)
        patch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", fail)
        with pytest.raises(StoreError, match="no disk"):
            migrate(Database(url))
    migrate(Database(url))


@pytest.mark.lab
@pytest.mark.xdist_group("postgres")
def test_a_wrong_password_is_not_repeated(postgres: Postgres) -> None:
    with pytest.raises(StoreError, match="password authentication failed") as raised:
        open_unfilled(postgres.url("postgres", password="hunter2"))
    assert "hunter2" not in str(raised.value)
