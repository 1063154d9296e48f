from typing import Any

import pytest

from lab.apiserver.json_pointer import PointerError, apply_operations


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        ({"op": "add", "path": "/a/b", "value": 1}, {"a": {"l": [1, 2], "b": 1}, "x/y": 0}),
        ({"op": "add", "path": "/a/l/-", "value": 3}, {"a": {"l": [1, 2, 3]}, "x/y": 0}),
        ({"op": "add", "path": "/a/l/0", "value": 3}, {"a": {"l": [3, 1, 2]}, "x/y": 0}),
        ({"op": "remove", "path": "/x~1y"}, {"a": {"l": [1, 2]}}),
        ({"op": "replace", "path": "/a/l/1", "value": 9}, {"a": {"l": [1, 9]}, "x/y": 0}),
        ({"op": "move", "from": "/x~1y", "path": "/z"}, {"a": {"l": [1, 2]}, "z": 0}),
        ({"op": "copy", "from": "/a/l", "path": "/m"}, {"a": {"l": [1, 2]}, "x/y": 0, "m": [1, 2]}),
        ({"op": "test", "path": "/a/l/0", "value": 1}, {"a": {"l": [1, 2]}, "x/y": 0}),
        ({"op": "replace", "path": "", "value": {}}, {}),
    ],
)
def test_every_operation_does_what_the_rfc_says(operation: dict[str, Any], result: dict[str, Any]) -> None:
    assert apply_operations({"a": {"l": [1, 2]}, "x/y": 0}, [operation]) == result


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/absent"},
        {"op": "replace", "path": "/absent", "value": 1},
        {"op": "add", "path": "/absent/below", "value": 1},
        {"op": "add", "path": "/l/2", "value": 1},
        {"op": "test", "path": "/l/0", "value": 2},
        {"op": "test", "path": "/l/-", "value": 2},
        {"op": "add", "path": "no-slash", "value": 1},
        {"op": "shuffle", "path": "/l"},
        {"path": "/l"},
        {"op": "add", "path": "/l"},
        "nonsense",
    ],
)
def test_what_cannot_be_done_is_an_error(operation: Any) -> None:
    with pytest.raises(PointerError):
        apply_operations({"l": [1]}, [operation])
