from typing import Any

import pytest

from lab.controllers.selectors import map_matches, matches, node_selected
from lab.kubeclient import Document
from tests.lab.controllers.objects import node

LABELS = {"app": "llm", "tier": "5"}


def expression(key: str, operator: str, *values: str) -> Document:
    return {"key": key, "operator": operator, "values": list(values)}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"app": "llm"}}, True),
        ({"matchLabels": {"app": "llm", "x": "y"}}, False),
        ({"matchExpressions": [expression("app", "In", "a", "llm")]}, True),
        ({"matchExpressions": [expression("app", "NotIn", "llm")]}, False),
        ({"matchExpressions": [expression("absent", "NotIn", "llm")]}, True),
        ({"matchExpressions": [expression("app", "Exists")]}, True),
        ({"matchExpressions": [expression("app", "DoesNotExist")]}, False),
        ({"matchExpressions": [expression("tier", "Gt", "4")]}, True),
        ({"matchExpressions": [expression("tier", "Lt", "5")]}, False),
        ({"matchExpressions": [expression("app", "Gt", "4")]}, False),
        ({"matchExpressions": [expression("app", "Unheard")]}, False),
        ({"matchLabels": {"app": "llm"}, "matchExpressions": [expression("tier", "In", "6")]}, False),
    ],
)
def test_label_selectors(selector: Document | None, expected: bool) -> None:
    assert matches(selector, LABELS) is expected


def test_objects_without_labels_can_be_selected_by_what_they_lack() -> None:
    assert matches({"matchExpressions": [expression("app", "DoesNotExist")]}, None)


def test_a_service_without_a_selector_selects_nothing() -> None:
    assert not map_matches(None, LABELS)
    assert not map_matches({}, LABELS)
    assert map_matches({"app": "llm"}, LABELS)


def required(*terms: Document) -> Document:
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, True),
        ({"nodeSelector": {"zone": "a"}}, True),
        ({"nodeSelector": {"zone": "b"}}, False),
        ({"affinity": required({"matchExpressions": [expression("zone", "In", "a")]})}, True),
        ({"affinity": required({"matchFields": [expression("metadata.name", "In", "other")]})}, False),
        ({"affinity": required({"matchFields": [expression("metadata.name", "In", "n1")]})}, True),
        (
            {
                "affinity": required(
                    {"matchExpressions": [expression("zone", "In", "b")]},
                    {"matchFields": [expression("metadata.name", "In", "n1")]},
                )
            },
            True,
        ),
        ({"affinity": required({})}, False),
        ({"affinity": required()}, False),
        (
            {"nodeSelector": {"zone": "b"}, "affinity": required({"matchExpressions": [expression("zone", "Exists")]})},
            False,
        ),
    ],
)
def test_node_selection(spec: dict[str, Any], expected: bool) -> None:
    assert node_selected(spec, node("n1", labels={"zone": "a"})) is expected
