"""The worked example of docs/writing-a-fault.md: its very code, against a cluster, through the ledger."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import actions
from actions.choice import Choice
from actions.fault import Fault, RefusedError, fault_named
from actions.injecting import inject_planned
from actions.ledger.open import open_ledger
from actions.ledger.record import Record, Undo
from actions.ledger.store import Ledger
from actions.planned import PlannedFault
from actions.run_context import Run, close_run, open_run
from actions.systems import Systems
from actions.undoing import undo_record
from clients.kube import Resource
from tests.cluster.workloads import Cluster

pytestmark = [pytest.mark.cluster]

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-fault.md"
CONFIG_MAPS = Resource("configmaps")
BEFORE = {"timeout": "30s", "other": "x"}


@pytest.fixture
def fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fault[Any]:
    """The page's module, put where a family belongs."""
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert code
    (tmp_path / "settings.py").write_text(code[1])
    monkeypatch.setattr(actions, "__path__", [*actions.__path__, str(tmp_path)])
    return fault_named("settings.wrong")


@dataclass
class Setting:
    """A ConfigMap of the test's own, and what it takes to break it."""

    systems: Systems
    ledger: Ledger
    namespace: str

    @property
    def arguments(self) -> dict[str, str]:
        return {"namespace": self.namespace, "config_map": "settings", "key": "timeout", "value": "1ms"}

    def data(self) -> dict[str, str]:
        data: dict[str, str] = self.systems.kube.get(CONFIG_MAPS, "settings", self.namespace)["data"]
        return data

    def set(self, value: str) -> None:
        self.systems.kube.patch(CONFIG_MAPS, "settings", {"data": {"timeout": value}}, self.namespace)

    def record(self, fault: Fault[Any]) -> Record:
        """What the ledger holds when a run died right before the injection, or right after."""
        arguments = fault.arguments.model_validate(self.arguments)
        target = fault.plan(arguments, self.systems, Choice(1)).targets[0]
        undo = Undo("settings.wrong", fault.undo_arguments(target, arguments, self.systems))
        now = time.time()
        self.ledger.beat("dead", now)
        return self.ledger.add(Record("mlchaos-dead-1", "dead", "settings.wrong", target, undo, now, now + 60))


@pytest.fixture
def setting(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setting]:
    monkeypatch.setenv("MLCHAOS_LEDGER", "kubernetes")
    monkeypatch.setenv("MLCHAOS_NAMESPACE", cluster.namespace)
    with Systems() as systems:
        systems.kube.create(CONFIG_MAPS, {"metadata": {"name": "settings"}, "data": BEFORE}, cluster.namespace)
        yield Setting(systems, open_ledger(systems), cluster.namespace)


def test_it_goes_in_and_comes_out_and_leaves_no_trace(fault: Fault[Any], setting: Setting) -> None:
    arguments = fault.arguments.model_validate(setting.arguments)
    draft = fault.plan(arguments, setting.systems, Choice(1))
    planned = PlannedFault("break it", "settings.wrong", arguments.model_dump(mode="json"), draft)
    run = Run("run-1", [planned], setting.ledger, setting.systems, time.time() + 60)
    setting.ledger.beat(run.id, time.time())
    open_run(run)
    try:
        inject_planned("settings.wrong", setting.arguments)
    finally:
        close_run()
    assert setting.data() == {**BEFORE, "timeout": "1ms"}
    (record,) = setting.ledger.records(run.id)
    assert record.state == "active"
    undone = undo_record(setting.ledger, record, setting.systems)
    assert undone.state == "undone"
    assert setting.data() == BEFORE


@pytest.mark.parametrize("injected", [False, True])
def test_its_undo_works_twice_wherever_the_run_died(fault: Fault[Any], setting: Setting, injected: bool) -> None:
    record = setting.record(fault)
    if injected:
        setting.set("1ms")
    for _ in range(2):
        record = undo_record(setting.ledger, record, setting.systems)
        assert record.state == "undone"
        assert setting.data() == BEFORE


def test_what_somebody_else_has_set_meanwhile_stays(fault: Fault[Any], setting: Setting) -> None:
    record = setting.record(fault)
    setting.set("60s")
    assert undo_record(setting.ledger, record, setting.systems).state == "undone"
    assert setting.data()["timeout"] == "60s"


def test_a_target_that_is_gone_is_undone(fault: Fault[Any], setting: Setting) -> None:
    record = setting.record(fault)
    setting.systems.kube.delete(CONFIG_MAPS, "settings", setting.namespace)
    assert undo_record(setting.ledger, record, setting.systems).state == "undone"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"config_map": "nothing"}, "there is no ConfigMap"),
        ({"key": "nothing"}, "has no key 'nothing'"),
        ({"value": "30s"}, "has that value already"),
    ],
)
def test_a_target_that_is_not_there_is_refused(
    fault: Fault[Any], setting: Setting, change: dict[str, str], said: str
) -> None:
    arguments = fault.arguments.model_validate({**setting.arguments, **change})
    with pytest.raises(RefusedError, match=said):
        fault.plan(arguments, setting.systems, Choice(1))
