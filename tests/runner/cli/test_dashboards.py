"""`chaos dashboards` as its user sees it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboards import committed
from runner.cli.dashboards import dashboards
from tests.grafana_double import TOKEN, GrafanaDouble, grafana_double

NAMES = [dashboard.name for dashboard in committed.read()]


@pytest.fixture
def double() -> Iterator[GrafanaDouble]:
    with grafana_double() as made:
        yield made


def chaos_dashboards(*arguments: str, double: GrafanaDouble | None = None, token: str = TOKEN) -> Result:
    environment = {"GRAFANA_URL": double.url if double else "", "GRAFANA_TOKEN": token, "KUBECONFIG": "/nowhere"}
    return CliRunner().invoke(dashboards, list(arguments), env=environment)


def test_a_push_creates_all_and_a_second_one_leaves_them(double: GrafanaDouble) -> None:
    first, second = chaos_dashboards("push", double=double), chaos_dashboards("push", double=double)
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert first.stdout.count("created") == len(NAMES)
    assert second.stdout.count("as it was") == len(NAMES)
    assert "saved" not in second.stderr


def test_a_dry_run_says_it_and_saves_nothing(double: GrafanaDouble) -> None:
    done = chaos_dashboards("push", "--dry-run", double=double)
    assert done.exit_code == 0
    assert done.stdout.count("not in Grafana yet") == len(NAMES)
    assert double.dashboards == {}
    assert double.folders == {}


def test_diff_says_what_differs_with_both_values_and_exits_with_1(double: GrafanaDouble) -> None:
    chaos_dashboards("push", "alert-path", double=double)
    double.dashboards["mlchaos-alert-path"]["dashboard"]["refresh"] = "1h"
    done = chaos_dashboards("diff", "alert-path", double=double)
    assert done.exit_code == 1
    assert "alert-path: refresh" in done.stdout
    assert "- 1h" in done.stdout
    assert "+ 30s" in done.stdout


def test_diff_of_what_is_equal_exits_with_0(double: GrafanaDouble) -> None:
    chaos_dashboards("push", "training", double=double)
    assert chaos_dashboards("diff", "training", double=double).exit_code == 0


def test_only_the_dashboards_named_are_pushed(double: GrafanaDouble) -> None:
    done = chaos_dashboards("push", "training", "gpu-health", double=double)
    assert done.exit_code == 0
    assert sorted(double.dashboards) == ["mlchaos-gpu-health", "mlchaos-training"]


def test_a_name_that_there_is_not_is_refused_with_those_that_there_are(double: GrafanaDouble) -> None:
    done = chaos_dashboards("push", "trainig", double=double)
    assert done.exit_code == 2
    assert "no dashboard is called trainig; there are alert-path" in done.stderr
    assert double.requests == []


def test_without_an_address_it_says_what_to_set() -> None:
    done = chaos_dashboards("diff")
    assert done.exit_code == 2
    assert "set GRAFANA_URL" in done.stderr


def test_a_token_that_is_wrong_is_refused_and_never_shown(double: GrafanaDouble) -> None:
    done = chaos_dashboards("push", double=double, token="glsa_not_this_one")
    assert done.exit_code == 2
    assert "GRAFANA_TOKEN" in done.stderr
    assert "glsa_not_this_one" not in done.output
    assert "saved before that: nothing" in done.stderr


def test_a_grafana_that_is_away_is_no_difference_and_no_success() -> None:
    gone = GrafanaDouble(url="http://127.0.0.1:1")
    for command in ("diff", "push"):
        done = chaos_dashboards(command, double=gone)
        assert done.exit_code == 4
        assert "GRAFANA_URL" in done.stderr


def test_json_has_every_difference(double: GrafanaDouble) -> None:
    chaos_dashboards("push", "training", double=double)
    double.dashboards["mlchaos-training"]["dashboard"]["title"] = "Mine"
    told = json.loads(chaos_dashboards("diff", "--json", "training", double=double).stdout)
    (changed,) = told["dashboards"]
    assert (changed["name"], changed["change"]) == ("training", "changed")
    assert changed["differences"] == [{"path": "title", "grafana": "Mine", "here": "ML training"}]


def test_json_of_a_refusal_is_an_error_document(double: GrafanaDouble) -> None:
    done = chaos_dashboards("push", "--json", double=double, token="wrong")
    assert "GRAFANA_TOKEN" in json.loads(done.stdout)["error"]


def test_build_writes_what_is_committed(tmp_path: Path) -> None:
    done = chaos_dashboards("build", "--out", str(tmp_path / "new"))
    assert done.exit_code == 0, done.output
    for path in committed.DIRECTORY.iterdir():
        assert (tmp_path / "new" / path.name).read_text() == path.read_text()


def test_a_dry_build_writes_nothing_and_exits_with_1_where_a_file_differs(tmp_path: Path) -> None:
    done = chaos_dashboards("build", "--out", str(tmp_path), "--dry-run")
    assert done.exit_code == 1
    assert done.stdout.count("would be written") == len(NAMES)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = chaos_dashboards("build", "--out", str(tmp_path / "file" / "in-it"))
    assert done.exit_code == 2
    assert "cannot use" in done.stderr
