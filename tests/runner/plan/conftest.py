from collections.abc import Iterator
from pathlib import Path

import pytest

from actions import fault
from tests.runner.plan.drafts import Take


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The fault `made_up.take`, a ledger that needs no cluster, and no runs before."""
    monkeypatch.setenv("MLCHAOS_LEDGER", "local")
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(tmp_path))
    fault.register("made_up.take", Take())
    yield
    del fault._faults["made_up.take"]
