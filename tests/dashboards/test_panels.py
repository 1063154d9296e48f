"""Every panel says what it shows, in a unit, at a place of its own; every link leads somewhere."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import committed, identity
from dashboards.committed import CommittedDashboard
from dashboards.document import panels

DASHBOARDS = committed.read()
COLUMNS = 24
LONGEST_UID = 40
UNITS = {
    "short", "none", "percent", "percentunit", "s", "reqps", "ops", "celsius", "watt", "hertz", "dateTimeFromNow",
}  # fmt: skip
"""Of Grafana's units, those that are used here: a misspelt one would be shown as text behind each value."""
each_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)


def shown(dashboard: CommittedDashboard) -> list[dict[str, Any]]:
    """The panels that show something: all but the headings."""
    return [panel for panel in panels(dashboard.model) if panel["type"] != "row"]


def links(model: Mapping[str, Any]) -> Iterator[str]:
    """Every address of another dashboard, wherever in the model."""
    for value in model.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                yield from links(one)
            elif isinstance(one, str) and one.startswith("/d/"):
                yield one


@each_dashboard
def test_grafanas_own_model_takes_it_as_it_is(dashboard: CommittedDashboard) -> None:
    register_default_plugins()
    again = JSONEncoder().encode(Dashboard.from_json(dict(dashboard.model)))
    assert without_placement(json.loads(again)) == dashboard.model


def without_placement(value: Any) -> Any:
    """A model without what the SDK adds to each link and annotation that it reads."""
    if isinstance(value, dict):
        return {key: without_placement(inner) for key, inner in value.items() if inner != "inControlsMenu"}
    return [without_placement(one) for one in value] if isinstance(value, list) else value


@each_dashboard
def test_it_is_ours_and_cannot_be_taken_for_another(dashboard: CommittedDashboard) -> None:
    assert identity.is_ours(dashboard.uid, tuple(dashboard.model["tags"]))
    assert len(dashboard.uid) <= LONGEST_UID
    assert "id" not in dashboard.model
    assert [one.uid for one in DASHBOARDS].count(dashboard.uid) == 1
    assert [one.title for one in DASHBOARDS].count(dashboard.title) == 1


@each_dashboard
def test_every_panel_says_what_it_shows_and_what_an_empty_one_means(dashboard: CommittedDashboard) -> None:
    for panel in shown(dashboard):
        assert panel["title"], panel
        assert len(panel["description"]) > 15, panel["title"]
        assert panel["description"][-1] in ".?", panel["title"]
        assert panel["fieldConfig"]["defaults"]["noValue"], panel["title"]
        assert panel["targets"], panel["title"]


@each_dashboard
def test_every_value_has_a_unit_that_grafana_knows(dashboard: CommittedDashboard) -> None:
    for panel in shown(dashboard):
        defaults, overrides = panel["fieldConfig"]["defaults"], panel["fieldConfig"].get("overrides") or []
        units = [one["value"] for override in overrides for one in override["properties"] if one["id"] == "unit"]
        if panel["type"] in ("timeseries", "stat", "bargauge"):
            units.append(defaults["unit"])
        assert units or panel["type"] == "state-timeline", panel["title"]
        assert set(units) <= UNITS, panel["title"]


@each_dashboard
def test_every_series_over_time_has_a_name(dashboard: CommittedDashboard) -> None:
    for panel in shown(dashboard):
        if panel["type"] in ("timeseries", "bargauge", "state-timeline"):
            assert all(target.get("legendFormat") for target in panel["targets"]), panel["title"]


@each_dashboard
def test_panels_neither_overlap_nor_leave_the_page(dashboard: CommittedDashboard) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in panels(dashboard.model):
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= COLUMNS, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} is over {taken.get((x, y))}"
                taken[x, y] = panel["title"]


@each_dashboard
def test_rows_of_panels_are_full(dashboard: CommittedDashboard) -> None:
    wide: dict[int, int] = {}
    for panel in panels(dashboard.model):
        wide[panel["gridPos"]["y"]] = wide.get(panel["gridPos"]["y"], 0) + panel["gridPos"]["w"]
    assert {y: width for y, width in wide.items() if width != COLUMNS} == {}


@each_dashboard
def test_ids_of_panels_are_unique(dashboard: CommittedDashboard) -> None:
    ids = [panel["id"] for panel in panels(dashboard.model)]
    assert len(ids) == len(set(ids))


@each_dashboard
def test_every_panel_asks_the_prometheus_that_was_chosen(dashboard: CommittedDashboard) -> None:
    for panel in shown(dashboard):
        for source in (panel["datasource"], *(target["datasource"] for target in panel["targets"])):
            assert source == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
    first = dashboard.model["templating"]["list"][0]
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")


@each_dashboard
def test_links_lead_to_dashboards_that_there_are_and_set_variables_that_they_have(
    dashboard: CommittedDashboard,
) -> None:
    by_uid = {one.uid: one for one in DASHBOARDS}
    found = list(links(dashboard.model))
    assert found
    for link in found:
        uid = link.removeprefix("/d/").partition("?")[0]
        assert uid in by_uid, link
        declared = {variable["name"] for variable in by_uid[uid].model["templating"]["list"]}
        assert set(re.findall(r"var-(\w+)=", link)) <= declared, link


@each_dashboard
def test_runs_are_drawn_over_it(dashboard: CommittedDashboard) -> None:
    overlays = {overlay["name"]: overlay for overlay in dashboard.model["annotations"]["list"]}
    assert overlays["Chaos runs"]["target"]["tags"] == [identity.TAG]
    assert overlays["Chaos runs"]["enable"] is True
    assert "mlchaos_runs_in_progress" in overlays["Chaos in progress"]["expr"]


@each_dashboard
def test_links_and_overlays_are_not_hidden_in_a_menu(dashboard: CommittedDashboard) -> None:
    shown_above = [*dashboard.model["links"], *dashboard.model["annotations"]["list"]]
    assert [one for one in shown_above if "placement" in one] == []


@each_dashboard
def test_columns_of_a_table_come_from_its_queries(dashboard: CommittedDashboard) -> None:
    for panel in shown(dashboard):
        if panel["type"] != "table":
            continue
        organized = next(one["options"] for one in panel["transformations"] if one["id"] == "organize")
        letters = [target["refId"] for target in panel["targets"]]
        values = {"Value"} if len(letters) == 1 else {f"Value #{letter}" for letter in letters}
        by_labels = {
            label.strip()
            for target in panel["targets"]
            for labels in re.findall(r"by \(([^)]*)\)", target["expr"])
            for label in labels.split(",")
        }
        fields = set(organized["renameByName"])
        assert {field for field in fields if field.startswith("Value")} == values, panel["title"]
        assert fields - values <= by_labels, panel["title"]
        titles = set(organized["renameByName"].values())
        assert len(titles) == len(fields), panel["title"]
        assert {one["matcher"]["options"] for one in panel["fieldConfig"]["overrides"]} <= titles, panel["title"]
        assert panel["options"]["sortBy"][0]["displayName"] in titles, panel["title"]
        told = {
            one["matcher"]["options"]
            for one in panel["fieldConfig"]["overrides"]
            if {"id": "noValue", "value": "-"} in one["properties"]
        }
        assert told == {organized["renameByName"][field] for field in values}, panel["title"]


@each_dashboard
def test_its_uid_is_the_name_of_its_file(dashboard: CommittedDashboard) -> None:
    assert dashboard.uid == identity.UID_PREFIX + dashboard.name
