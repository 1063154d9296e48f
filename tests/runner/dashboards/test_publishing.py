"""Against a double of Grafana's documented API: there is no Grafana where the tests run."""

import copy
from collections.abc import Iterator

import pytest

from clients.grafana import Grafana, GrafanaConflictError, GrafanaRefusedError
from dashboards.committed import CommittedDashboard, read
from dashboards.identity import FOLDER_UID
from runner.dashboards.publishing import ForeignDashboardError, compare, push
from tests.grafana_double import TOKEN, GrafanaDouble, grafana_double

OURS = read()[:3]
FIRST = OURS[0]


@pytest.fixture
def double() -> Iterator[GrafanaDouble]:
    with grafana_double() as made:
        yield made


@pytest.fixture
def grafana(double: GrafanaDouble) -> Iterator[Grafana]:
    made = Grafana(double.url, TOKEN)
    yield made
    made.close()


def push_all(
    grafana: Grafana, dashboards: tuple[CommittedDashboard, ...] = OURS, folder: str = FOLDER_UID
) -> list[str]:
    """What became of each."""
    return [step.change for step in push(grafana, compare(grafana, dashboards, folder), folder, "test")]


def written(double: GrafanaDouble) -> list[str]:
    return [request for request in double.requests if not request.startswith("GET ")]


def test_all_of_them_are_made_in_a_folder_of_their_own(grafana: Grafana, double: GrafanaDouble) -> None:
    assert push_all(grafana) == ["new"] * len(OURS)
    assert double.folders[FOLDER_UID]["title"] == "mlchaos"
    assert {one["folderUid"] for one in double.dashboards.values()} == {FOLDER_UID}
    assert sorted(double.dashboards) == sorted(one.uid for one in OURS)


def test_a_second_push_writes_nothing(grafana: Grafana, double: GrafanaDouble) -> None:
    push_all(grafana)
    double.requests.clear()
    assert push_all(grafana) == ["same"] * len(OURS)
    assert written(double) == []


def test_only_what_somebody_changed_is_put_right(grafana: Grafana, double: GrafanaDouble) -> None:
    push_all(grafana)
    changed = copy.deepcopy(double.dashboards[FIRST.uid])
    changed["dashboard"]["refresh"] = "1h"
    double.dashboards[FIRST.uid] = changed
    double.requests.clear()
    steps = compare(grafana, OURS, FOLDER_UID)
    assert [(one.path, one.theirs) for one in steps[0].differences] == [("refresh", "1h")]
    assert push_all(grafana) == ["changed"] + ["same"] * (len(OURS) - 1)
    assert written(double) == ["POST /api/dashboards/db"]
    assert double.dashboards[FIRST.uid]["dashboard"]["refresh"] == FIRST.model["refresh"]


def test_one_that_was_moved_comes_back(grafana: Grafana, double: GrafanaDouble) -> None:
    push_all(grafana)
    double.dashboards[FIRST.uid]["folderUid"] = ""
    assert push_all(grafana)[0] == "moved"
    assert double.dashboards[FIRST.uid]["folderUid"] == FOLDER_UID


def test_somebody_elses_dashboards_are_not_touched(grafana: Grafana, double: GrafanaDouble) -> None:
    theirs = {"dashboard": {"uid": "theirs", "title": "T", "tags": ["mlchaos"], "id": 1, "version": 4}, "folderUid": ""}
    double.dashboards["theirs"] = copy.deepcopy(theirs)
    push_all(grafana)
    assert double.dashboards["theirs"] == theirs


def test_one_with_our_uid_that_is_not_ours_stops_all_of_it_before_anything_is_written(
    grafana: Grafana, double: GrafanaDouble
) -> None:
    last = OURS[-1]
    foreign = {"uid": last.uid, "title": "Mine", "tags": ["private"], "id": 1, "version": 1}
    double.dashboards[last.uid] = {"dashboard": foreign, "folderUid": ""}
    with pytest.raises(ForeignDashboardError, match=last.uid):
        push_all(grafana)
    assert written(double) == []


def test_one_that_changes_between_the_look_and_the_push_is_not_written_over(
    grafana: Grafana, double: GrafanaDouble
) -> None:
    push_all(grafana)
    double.dashboards[FIRST.uid]["dashboard"]["refresh"] = "1h"
    steps = compare(grafana, OURS, FOLDER_UID)
    double.dashboards[FIRST.uid]["dashboard"] |= {"version": 9, "refresh": "5m"}
    with pytest.raises(GrafanaConflictError):
        list(push(grafana, steps, FOLDER_UID, "test"))
    assert double.dashboards[FIRST.uid]["dashboard"]["refresh"] == "5m"


def test_a_folder_that_is_there_is_used(grafana: Grafana, double: GrafanaDouble) -> None:
    double.folders["team"] = {"uid": "team", "title": "Our team", "id": 3}
    assert push_all(grafana, (FIRST,), "team") == ["new"]
    assert list(double.folders) == ["team"]


def test_a_token_that_may_not_write_is_said_and_nothing_is_saved(double: GrafanaDouble) -> None:
    grafana = Grafana(double.url, "wrong")
    with pytest.raises(GrafanaRefusedError, match="GRAFANA_TOKEN"):
        push_all(grafana)
    grafana.close()
    assert double.dashboards == {}
