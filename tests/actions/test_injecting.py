"""What an action says that is called with what it does not take."""

from collections.abc import Iterator
from typing import cast

import pytest

from actions.fault import RefusedError
from actions.injecting import inject_planned
from actions.ledger.store import Ledger
from actions.run_context import Run, close_run, open_run
from actions.systems import Systems

SECRET = "planted-8c1f"


@pytest.fixture(autouse=True)
def _run() -> Iterator[None]:
    open_run(Run("run", (), cast("Ledger", None), Systems()))
    yield
    close_run()


def test_arguments_that_do_not_fit_are_named_and_their_values_not_shown() -> None:
    with pytest.raises(RefusedError, match=r"pods\.kill: .*count: Input should be a valid integer") as caught:
        inject_planned("pods.kill", {"namespace": "n", "label_selector": "app=x", "count": SECRET, "more": SECRET})
    assert "more: Extra inputs are not permitted" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_is_not_in_the_plan_is_refused() -> None:
    with pytest.raises(RefusedError, match="not in the plan of this run"):
        inject_planned("pods.kill", {"namespace": "n", "label_selector": "app=x"})
