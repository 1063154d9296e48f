"""The store, in each database that it may be in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.store.opening import open_unfilled
from runner.store.sql_store import SqlStore
from tests.runner.store.postgres import BRING, Postgres, find_postgres, running_postgres

ON_POSTGRES = (pytest.mark.lab, pytest.mark.xdist_group("postgres"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; tests that need it are skipped where there is none."""
    programs = find_postgres()
    if programs is None:
        pytest.skip(f"postgres is not on this machine; bring it with: {BRING}")
    with running_postgres(programs) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=ON_POSTGRES)])
def url(request: pytest.FixtureRequest, memory_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{memory_path / 'results.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    with open_unfilled(url) as opened:
        yield opened
