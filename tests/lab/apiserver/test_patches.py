import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.apiserver.errors import Refused
from lab.apiserver.patches import PatchConflictError, json_patch, merge, strategic_merge

KEYS = st.sampled_from(["", "a", "b", "ü", "/~"])  # few, so that target and patch share some
JSON: st.SearchStrategy[Any] = st.sampled_from([None, True, 0, "", "x"])
for _ in range(2):
    JSON = JSON | st.lists(JSON, max_size=2) | st.dictionaries(KEYS, JSON, max_size=2)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=4)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_follows_the_examples_of_rfc_7386(target: Any, patch: Any, result: Any) -> None:
    assert merge(target, patch) == result


@given(OBJECTS, OBJECTS)
def test_merging_twice_is_merging_once(target: dict[str, Any], patch: dict[str, Any]) -> None:
    once = merge(copy.deepcopy(target), copy.deepcopy(patch))
    assert merge(copy.deepcopy(once), copy.deepcopy(patch)) == once


@given(OBJECTS, OBJECTS)
def test_a_strategic_merge_of_plain_fields_leaves_the_others_alone(
    target: dict[str, Any], patch: dict[str, Any]
) -> None:
    patch = {f"p{name}": value for name, value in patch.items() if not isinstance(value, list | dict)}
    result = strategic_merge(copy.deepcopy(target), patch)
    assert {name: value for name, value in result.items() if name not in patch} == {
        name: value for name, value in target.items() if name not in patch
    }


def containers(*items: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"containers": list(items)}}


def test_containers_are_merged_by_name_and_their_variables_too() -> None:
    target = containers({"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b"})
    patch = containers({"name": "a", "env": [{"name": "Y", "value": "2"}]}, {"name": "c"})
    assert strategic_merge(target, patch) == containers(
        {"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]},
        {"name": "b"},
        {"name": "c"},
    )


def test_ports_of_containers_and_of_services_have_keys_of_their_own() -> None:
    target = containers({"name": "a", "ports": [{"containerPort": 80, "name": "http"}]})
    result = strategic_merge(target, containers({"name": "a", "ports": [{"containerPort": 80, "name": "web"}]}))
    assert result["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "name": "web"}]
    service = {"spec": {"ports": [{"port": 80}, {"port": 81}]}}
    assert strategic_merge(service, {"spec": {"ports": [{"port": 81, "name": "x"}]}})["spec"]["ports"] == [
        {"port": 80},
        {"port": 81, "name": "x"},
    ]


@pytest.mark.parametrize("name", ["taints", "tolerations", "args"])
def test_lists_without_a_key_are_replaced(name: str) -> None:
    assert strategic_merge({name: [{"key": "a"}]}, {name: [{"key": "b"}]}) == {name: [{"key": "b"}]}


def test_conditions_are_merged_by_type() -> None:
    target = {"conditions": [{"type": "Ready", "status": "False"}, {"type": "Other", "status": "True"}]}
    result = strategic_merge(target, {"conditions": [{"type": "Ready", "status": "True"}]})
    assert result["conditions"] == [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "True"}]


def test_finalizers_are_a_set() -> None:
    target = {"metadata": {"finalizers": ["a"]}}
    result = strategic_merge(target, {"metadata": {"finalizers": ["a", "b"]}})
    assert result == {"metadata": {"finalizers": ["a", "b"]}}


def test_directives_delete_replace_order_and_retain() -> None:
    target = containers({"name": "a"}, {"name": "b"})
    assert strategic_merge(target, containers({"name": "a", "$patch": "delete"})) == containers({"name": "b"})
    target = containers({"name": "a"}, {"name": "b"})
    assert strategic_merge(target, containers({"name": "c"}, {"$patch": "replace"})) == containers({"name": "c"})
    target = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}
    patch = {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}
    assert strategic_merge(target, patch) == {"strategy": {"type": "Recreate"}}
    assert strategic_merge({"a": {"x": 1}, "b": 1}, {"a": {"$patch": "delete"}}) == {"b": 1}
    assert strategic_merge({"a": {"x": 1}}, {"a": {"$patch": "replace", "y": 2}}) == {"a": {"y": 2}}
    target = {"metadata": {"finalizers": ["a", "b"]}}
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}
    assert strategic_merge(target, patch) == {"metadata": {"finalizers": ["b"]}}
    target = containers({"name": "a"}, {"name": "b"})
    order = {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}}
    assert strategic_merge(target, order) == containers({"name": "b"}, {"name": "a"})


def test_an_item_without_its_merge_key_is_refused() -> None:
    with pytest.raises(Refused, match="merge key 'name'"):
        strategic_merge(containers({"name": "a"}), containers({"image": "x"}))


def test_a_failed_json_patch_leaves_the_target_alone() -> None:
    target = {"a": 1}
    operations = [{"op": "replace", "path": "/a", "value": 2}, {"op": "test", "path": "/a", "value": 3}]
    with pytest.raises(PatchConflictError, match="testing value /a failed"):
        json_patch(target, operations)
    assert target == {"a": 1}
