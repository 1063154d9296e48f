"""Which ledger a process uses."""

from pathlib import Path

import pytest

from actions.ledger.open import FILE, chosen_place, no_cluster_is_asked, open_ledger, reachable_ledgers
from actions.ledger.store import LedgerError
from actions.systems import Systems
from runner.cli.expired_notice import LEDGER_FILE


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a cluster; its state directory."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "MLCHAOS_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({}, "local"),
        ({"KUBECONFIG": "/etc/kubeconfig"}, "kubernetes"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "kubernetes"),
        ({"KUBECONFIG": "/etc/kubeconfig", "MLCHAOS_LEDGER": "local"}, "local"),
        ({"MLCHAOS_LEDGER": "kubernetes"}, "kubernetes"),
    ],
)
def test_the_ledger_is_in_the_cluster_where_one_is_named(
    tmp_path: Path, environment: dict[str, str], place: str
) -> None:
    assert chosen_place(environment, tmp_path) == place


def test_a_kubeconfig_at_home_names_a_cluster(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").touch()
    assert chosen_place({}, tmp_path) == "kubernetes"


def test_a_ledger_that_does_not_exist_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="MLCHAOS_LEDGER is 'etcd'; it may be kubernetes or local"):
        chosen_place({"MLCHAOS_LEDGER": "etcd"}, tmp_path)


def test_without_a_cluster_the_ledger_is_a_file_that_only_its_owner_reads(nowhere: Path) -> None:
    ledger = open_ledger(Systems())
    ledger.close()
    assert ledger.place == f"the local ledger {nowhere / FILE}"
    assert (nowhere / FILE).stat().st_mode & 0o077 == 0


def test_recovery_makes_no_ledger_where_there_is_none(nowhere: Path) -> None:
    assert reachable_ledgers() == ([], [])
    assert not nowhere.exists()


def test_recovery_finds_the_file_that_is_there(nowhere: Path) -> None:
    open_ledger(Systems()).close()
    (found,), problems = reachable_ledgers()
    found.close()
    assert (found.place, problems) == (f"the local ledger {nowhere / FILE}", [])


def test_a_cluster_is_left_out_only_where_nobody_said_so(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert no_cluster_is_asked()
    monkeypatch.setenv("MLCHAOS_LEDGER", "local")
    assert not no_cluster_is_asked()
    monkeypatch.setenv("MLCHAOS_LEDGER", "")
    monkeypatch.setenv("KUBECONFIG", "/etc/kubeconfig")
    assert not no_cluster_is_asked()


def test_the_notice_asks_for_the_same_file() -> None:
    assert LEDGER_FILE == FILE
