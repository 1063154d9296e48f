"""What `chaos plan` shows is what `chaos run` hits, or the run refuses because the world has changed."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from runner.cli.plan import plan
from tests.cluster.test_llm_pod_kill import Stage
from tests.cluster.workloads import Cluster
from tests.experiments.scripted_prometheus import Script, scripted_prometheus

pytestmark = pytest.mark.cluster


def test_a_run_with_the_plans_token_kills_the_planned_pod_and_a_second_one_is_refused(
    tmp_path: Path, cluster: Cluster
) -> None:
    cluster.deploy(replicas=3)
    before = cluster.uids()
    script = Script()
    with scripted_prometheus(script) as url:
        stage = Stage(tmp_path, cluster, script, url)
        file = tmp_path / "planned.yaml"
        file.write_text(yaml.safe_dump(stage.experiment))
        shown = CliRunner().invoke(plan, ["--json", str(file)], env=stage.environment)
        planned = json.loads(shown.stdout)
        assert planned["allowed"], planned["violations"]
        stage.environment["MLCHAOS_PLAN"] = planned["token"]

        first = stage.program().run()
        second = stage.program().run()

    (target,) = planned["faults"][0]["targets"]
    assert first.summary["verdict"] == "held", first.said
    assert before - cluster.uids() == {target["uid"]}
    assert second.summary["verdict"] == "refused"
    assert "the world has changed" in second.summary["reason"]
