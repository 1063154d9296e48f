"""The main experiment end to end with the real `chaos` program: only what held exits with 0.

The cluster is real (its pods are without processes), Prometheus follows a script, so that every way to fail can be had.
"""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.workloads import Cluster
from tests.experiments.chaos import Program, load
from tests.experiments.scripted_prometheus import FAILING_PER_SECOND, Script, scripted_prometheus
from tests.waiting import wait_for

pytestmark = pytest.mark.cluster

WINDOW_SECONDS = 1.0
SETTLE_SECONDS = 0.6
FAILING_SECONDS = 0.5


class Stage:
    """The experiment, pointed at the test's namespace and Prometheus; its document may be changed before it runs."""

    def __init__(self, directory: Path, where: Cluster, script: Script, prometheus_url: str) -> None:
        self.cluster = where
        self.script = script
        self.experiment: dict[str, Any] = load()
        self.guard["blast_radius"]["namespaces"] = [where.namespace]
        self.environment = {
            "PROMETHEUS_URL": prometheus_url,
            "LLM_NAMESPACE": where.namespace,
            "SLI_WINDOW_SECONDS": str(WINDOW_SECONDS),
            "SETTLE_SECONDS": str(SETTLE_SECONDS),
            "HEAL_WITHIN_SECONDS": "15",
            "ADMIT_BUDGET_LEFT": "0%",
            "MLCHAOS_NAMESPACE": where.namespace,
        }
        self._directory = directory

    @property
    def guard(self) -> dict[str, Any]:
        block: dict[str, Any] = self.experiment["extensions"][0]
        return block

    def program(self) -> Program:
        return Program(self._directory, self.experiment, self.environment)

    @property
    def killed(self) -> bool:
        return self.cluster.uids() != self.before

    def remember(self) -> None:
        self.before = self.cluster.uids()


@pytest.fixture
def stage(tmp_path: Path, cluster: Cluster) -> Iterator[Stage]:
    cluster.deploy(replicas=3)
    script = Script()
    with scripted_prometheus(script) as url:
        made = Stage(tmp_path, cluster, script, url)
        made.remember()
        yield made


def test_a_run_that_holds_exits_with_0_and_says_what_it_cost(stage: Stage) -> None:
    ended = stage.program().run()

    assert ended.status == 0, ended.said
    assert ended.printed.strip().startswith("HELD  One llm replica is killed under load")
    assert ended.journal is not None
    assert ended.journal["status"] == "completed"
    summary = ended.summary
    assert summary["verdict"] == "held"
    (killed,) = summary["faults"]
    assert killed["uid"] in stage.before
    assert stage.cluster.uids() & stage.before == stage.before - {killed["uid"]}
    assert killed["name"] in ended.printed
    assert summary["place"] in " ".join(ended.printed.split())
    assert f"deployment/llm is whole: 3 of 3 ready, in {stage.cluster.namespace} at {summary['place']}" in ended.said
    (replacement,) = summary["replacements"]
    assert replacement["name"] in ended.printed
    assert 0 < summary["time_to_ready_seconds"] < 15
    assert summary["requests_lost"]["failed"] == 0
    assert summary["slis"][0]["phases"]["after"]["share"] == 1.0
    assert summary["slis"][0]["phases"]["before"]["per_second"] == pytest.approx(50, rel=0.02)
    assert max(len(line) for line in ended.printed.splitlines()) <= 80


@pytest.mark.parametrize(("clients", "counted_by"), [(True, "the clients"), (False, "the server")])
def test_requests_lost_while_a_replica_was_missing_are_counted_exactly(
    stage: Stage, clients: bool, counted_by: str
) -> None:
    stage.script.clients = clients
    stage.cluster.readying.clear()
    program = stage.program()
    process = program.start()
    wait_for(lambda: stage.killed or process.poll() is not None, 60)
    stage.script.failing_until = time.time() + FAILING_SECONDS
    stage.script.failing_from = stage.script.failing_until - FAILING_SECONDS
    stage.cluster.readying.set()

    ended = program.finish(process)

    assert ended.status == 0, ended.said
    lost = ended.summary["requests_lost"]
    assert lost["failed"] == pytest.approx(FAILING_PER_SECOND * FAILING_SECONDS)
    assert lost["counted_by"] == counted_by
    assert 0 < ended.summary["time_to_recover_seconds"] < 5
    assert ended.summary["slis"][0]["phases"]["during"]["share"] < 0.99


def test_a_steady_state_that_is_not_met_before_refuses_and_touches_nothing(stage: Stage) -> None:
    stage.script.failing_from = time.time() - 100

    ended = stage.program().run()

    assert ended.status == 1
    assert ended.summary["verdict"] == "refused"
    assert "availability at the gateway is 0.5, and must be 0.99 to 1.0" in " ".join(ended.printed.split())
    assert not stage.killed


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"idle_from": 1.7e9}, "no traffic"), ({"absent": True}, "no series match"), ({"down": True}, "answered 503")],
)
def test_without_data_nothing_is_touched(stage: Stage, changes: dict[str, Any], said: str) -> None:
    for name, value in changes.items():
        setattr(stage.script, name, value)
    stage.experiment["steady-state-hypothesis"]["probes"][2]["provider"]["arguments"]["fill_within_seconds"] = 1

    ended = stage.program().run()

    assert ended.status == 1
    assert ended.summary["verdict"] == "refused"
    assert said in ended.summary["reason"]
    assert not stage.killed


def test_a_steady_state_that_does_not_come_back_is_breached(stage: Stage) -> None:
    program = stage.program()
    process = program.start()
    wait_for(lambda: stage.killed or process.poll() is not None, 60)
    stage.script.slow_from = time.time()

    ended = program.finish(process)

    assert ended.status == 1
    assert ended.summary["verdict"] == "breached"
    assert "the steady state did not come back: first token within half a second" in ended.summary["reason"]
    assert "unknown" in ended.summary["time_to_recover_seconds"]
    assert ended.journal is not None
    assert ended.journal["deviated"] is True


def test_data_that_stop_after_the_fault_are_inconclusive(stage: Stage) -> None:
    program = stage.program()
    process = program.start()
    wait_for(lambda: stage.killed or process.poll() is not None, 60)
    stage.script.idle_from = time.time()

    ended = program.finish(process)

    assert ended.status == 1
    assert ended.summary["verdict"] == "inconclusive"
    assert "no traffic" in ended.summary["reason"]


def test_a_pod_that_is_never_replaced_is_breached(stage: Stage) -> None:
    stage.cluster.readying.clear()
    stage.environment["HEAL_WITHIN_SECONDS"] = "2"

    ended = stage.program().run()

    assert ended.status == 1
    assert ended.summary["verdict"] == "breached"
    assert "deployment/llm is not whole after 2 s: 2 of 3 ready" in ended.summary["reason"]
    assert ended.summary["time_to_ready_seconds"] == {"unknown": "the workload was not seen whole again"}
    assert "Replaced by unknown" in " ".join(ended.printed.split())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"label_selector": "app=nothing"}, "nothing"),
        ({"count": 2}, "raise blast_radius.pods.max to 2"),
    ],
)
def test_what_the_plan_refuses_is_told_and_touches_nothing(stage: Stage, changes: dict[str, Any], said: str) -> None:
    stage.experiment["method"][0]["provider"]["arguments"].update(changes)

    ended = stage.program().run()

    assert ended.status == 1
    assert ended.summary["verdict"] == "refused"
    assert said in ended.summary["reason"]
    assert ended.journal is not None
    assert ended.journal["run"] == []
    assert not stage.killed


def test_a_namespace_outside_the_blast_radius_is_refused(stage: Stage) -> None:
    stage.guard["blast_radius"]["namespaces"] = ["another"]

    ended = stage.program().run()

    assert ended.summary["verdict"] == "refused"
    assert "another" in ended.summary["reason"]
    assert not stage.killed


def test_a_run_is_held_to_the_plan_that_its_token_names(stage: Stage) -> None:
    stage.environment["MLCHAOS_PLAN"] = "1-0123456789abcdef"

    ended = stage.program().run()

    assert ended.summary["verdict"] == "refused"
    assert "the world has changed" in ended.summary["reason"]
    assert not stage.killed


def test_a_workload_that_lacks_a_replica_before_refuses_and_touches_nothing(stage: Stage) -> None:
    stage.cluster.readying.clear()
    stage.cluster.core.delete_namespaced_pod(stage.cluster.some_pod(), stage.cluster.namespace, grace_period_seconds=0)
    wait_for(lambda: len(stage.cluster.uids()) == 3 and stage.killed, 20)
    stage.remember()
    # Or the plan would refuse before the gate: one of two is half of what is left.
    stage.guard["blast_radius"]["pods"]["percent"] = 50

    ended = stage.program().run()

    assert ended.status == 1
    assert ended.summary["verdict"] == "refused"
    assert "every llm replica is there: deployment/llm has 2 of 3 ready" in ended.summary["reason"]
    assert not stage.killed


def test_a_workload_that_the_selector_does_not_mean_is_refused(stage: Stage) -> None:
    stage.environment["LLM_WORKLOAD"] = "deployment/nobody"

    ended = stage.program().run()

    assert ended.status == 1
    assert ended.summary["verdict"] == "refused"
    assert "deployment/nobody" in ended.summary["reason"]
    assert not stage.killed


def test_an_unreachable_cluster_is_found_before_anything_is_touched(stage: Stage, tmp_path: Path) -> None:
    stage.environment["KUBECONFIG"] = str(tmp_path / "nowhere")

    ended = stage.program().run()

    assert ended.status == 1
    assert ended.summary["verdict"] == "refused"
    assert "set KUBECONFIG to a kubeconfig" in ended.summary["reason"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_aborts_the_run(stage: Stage, number: int) -> None:
    stage.cluster.readying.clear()
    program = stage.program()
    process = program.start()
    wait_for(lambda: stage.killed or process.poll() is not None, 60)
    process.send_signal(number)

    ended = program.finish(process)

    assert ended.status == 1
    assert ended.summary["verdict"] == "aborted"
    assert len(ended.summary["faults"]) == 1


@pytest.mark.parametrize(
    "control", [None, {"name": "guard", "provider": {"type": "python", "module": "runner.missing"}}]
)
def test_without_its_control_a_run_does_not_pass_the_gate(stage: Stage, control: dict[str, Any] | None) -> None:
    stage.experiment["controls"] = [control] if control else []

    ended = stage.program().run()

    assert ended.status == 1
    assert "no guard watches this run" in ended.said
    assert not stage.killed


def test_without_control_and_gate_the_action_itself_refuses_and_ends_the_run(stage: Stage) -> None:
    """Chaos Toolkit alone would exit with 0 here."""
    stage.experiment["controls"] = []
    del stage.experiment["steady-state-hypothesis"]["probes"][0]

    ended = stage.program().run()

    assert ended.status == 1
    assert "actions.pods.kill refuses: no guard watches this run" in ended.said
    assert ended.journal is not None
    assert ended.journal["status"] == "interrupted"
    assert not stage.killed


def test_a_guard_that_would_watch_only_a_part_is_refused_and_not_even_judged(stage: Stage) -> None:
    """Its last hook is cut off: the closing event still fails what nobody judged."""
    stage.experiment["controls"][0]["scope"] = "before"

    ended = stage.program().run()

    assert ended.status == 1
    assert "nothing was touched: " in ended.said
    assert "scope" in ended.said
    assert "The run was not judged, so it counts as failed" in ended.said
    assert not stage.killed


def test_a_summary_that_could_not_be_made_is_told_before_anything_is_touched(stage: Stage) -> None:
    del stage.experiment["extensions"][1]["clients"]["bad"]

    ended = stage.program().run()

    assert ended.status == 1
    assert "extensions: summary: clients: bad must be given too" in ended.said
    assert not stage.killed


def test_a_dry_run_proves_nothing(stage: Stage) -> None:
    ended = stage.program().run("--dry", "actions")

    assert ended.status == 1
    assert ended.summary["verdict"] == "inconclusive"
    assert not stage.killed


@pytest.mark.parametrize("mode", ["probes", "pause"])
def test_a_dry_run_that_would_still_kill_is_refused(stage: Stage, mode: str) -> None:
    ended = stage.program().run("--dry", mode)

    assert ended.status == 1
    assert ended.summary["verdict"] == "refused"
    assert "use --dry actions" in " ".join(ended.printed.split())
    assert not stage.killed


@pytest.mark.parametrize("strategy", ["before-method-only", "after-method-only"])
def test_a_run_that_leaves_a_check_out_is_inconclusive(stage: Stage, strategy: str) -> None:
    ended = stage.program().run("--hypothesis-strategy", strategy)

    assert ended.status == 1
    assert ended.summary["verdict"] == "inconclusive"


def test_a_failed_rollback_is_an_error(stage: Stage) -> None:
    provider = {"type": "python", "module": "json", "func": "loads", "arguments": {"s": "not JSON"}}
    stage.experiment["rollbacks"] = [{"type": "probe", "name": "undo", "provider": provider}]

    ended = stage.program().run()

    assert ended.status == 1
    assert ended.summary["verdict"] == "error"
    assert "a rollback failed" in ended.summary["reason"]
