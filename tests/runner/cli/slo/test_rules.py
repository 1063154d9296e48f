"""`chaos slo rules`: what it prints, what it writes, and what it refuses."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from runner.cli.slo.rules import command

SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: chat}
spec:
  service: gateway
  indicator:
    metadata: {name: chat}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: prometheus, spec: {query: 'requests_total{code=~"5.."}'}}}
        total: {metricSource: {type: prometheus, spec: {query: requests_total}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "slo.yaml"
    path.write_text(SLO)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_prints_a_rule_file(file: Path) -> None:
    done = run(file)

    assert done.exit_code == 0
    assert [group["name"] for group in yaml.safe_load(done.stdout)["groups"]] == ["slo:chat", "slo:chat:long"]
    assert run(file).stdout == done.stdout


def test_without_files_it_is_the_catalogue() -> None:
    assert "slo:info" in run().stdout


def test_prints_objects_for_the_operator(file: Path) -> None:
    labels = ["--label", "release=prometheus", "--label", "example.org/team=ml"]
    done = run(file, "--format", "kubernetes", "--name", "chat-slos", "--namespace", "monitoring", *labels)
    document = yaml.safe_load(done.stdout)

    assert (document["apiVersion"], document["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert document["metadata"] == {
        "name": "chat-slos",
        "namespace": "monitoring",
        "labels": {"release": "prometheus", "example.org/team": "ml"},
    }
    assert len(document["spec"]["groups"]) == 2


def test_objects_are_small_enough_to_apply(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.yaml").write_text(SLO.replace("name: chat", f"name: chat-{number}"))
    objects = run(tmp_path, "--format", "kubernetes").stdout.split("---\n")

    assert len(objects) > 1
    assert max(map(len, objects)) < 262_144
    names = [yaml.load(text, yaml.CSafeLoader)["metadata"]["name"] for text in objects]
    assert names == ["slo-rules", *(f"slo-rules-{number}" for number in range(2, len(names) + 1))]


def test_writes_a_file_and_says_nothing(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "rules.yml"
    target.write_text("old")
    target.chmod(0o640)
    done = run(file, "--out", target)

    assert (done.exit_code, done.output) == (0, "")
    assert target.read_text() == run(file).stdout
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rules.yml", "slo.yaml"]


def test_a_time_scale_divides_the_windows(file: Path) -> None:
    assert "[5s]" in run(file, "--time-scale", 60).stdout


def test_a_file_with_problems_changes_nothing_and_all_are_told(tmp_path: Path) -> None:
    wrong, target = tmp_path / "wrong.yaml", tmp_path / "rules.yml"
    wrong.write_text(SLO.replace("0.999", "1.5").replace("query: requests_total}", "query: sum(}"))
    target.write_text("old")
    done = run(wrong, "--out", target)

    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.count("wrong.yaml:") >= 2
    assert target.read_text() == "old"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--time-scale", 400], "a time scale is 1 to 300, not 400"),
        (["--name", "x"], "add --format kubernetes"),
        (["--format", "kubernetes", "--name", "No_Name"], "'No_Name' is no name of a PrometheusRule"),
        (["--format", "kubernetes", "--namespace", "a.b"], "'a.b' is no namespace"),
        (["--format", "kubernetes", "--label", "team"], "'team' is no label: write it like release=prometheus"),
        (["--out", "/nowhere/rules.yml"], "cannot write /nowhere/rules.yml: no such file or directory"),
    ],
)
def test_what_it_refuses_it_explains(file: Path, arguments: list[object], said: str) -> None:
    done = run(file, *arguments)

    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_files_without_an_slo_are_refused(tmp_path: Path) -> None:
    (tmp_path / "service.yaml").write_text("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\nspec: {}\n")
    done = run(tmp_path)

    assert done.exit_code == 2
    assert "no SLO in these files" in done.stderr


def test_an_output_whose_links_lead_in_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    ended = run("--out", str(tmp_path / "a"))
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "cannot write" in ended.stderr
