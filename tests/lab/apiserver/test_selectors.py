import pytest

from lab.apiserver.errors import Document, Refused
from lab.apiserver.kinds import EVENT, NODE, POD
from lab.apiserver.selectors import label_selector, parse_fields, parse_labels, parse_selection
from tests.lab.apiserver.in_process import stored

LABELS = {"app": "llm", "tier": "gpu", "n": "5"}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("", True),
        ("app=llm", True),
        ("app==llm", True),
        ("app = llm", True),
        ("app!=llm", False),
        ("absent!=x", True),
        ("app", True),
        ("!app", False),
        ("! absent", True),
        ("app in (llm, ranker),tier", True),
        ("app notin (llm)", False),
        ("absent notin (x)", True),
        ("app=", False),
        ("n>4", True),
        ("n<5", False),
        ("app>4", False),
        ("app in (llm),!absent,tier=gpu", True),
    ],
)
def test_label_selectors_mean_what_kubernetes_says(selector: str, expected: bool) -> None:
    assert all(test(LABELS) for test in parse_labels(selector)) is expected


@pytest.mark.parametrize("selector", ["a b", "app=(x)", "app in x", "=x", "app in (a", ",,"])
def test_what_is_no_label_selector_is_refused(selector: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_labels(selector)
    assert refused.value.code == 400


def test_fields_select_pods_by_node_and_phase() -> None:
    pod = stored(POD, spec={"nodeName": "n1"}, status={"phase": "Running"})
    for selector, expected in {
        "spec.nodeName=n1": True,
        "spec.nodeName!=n1": False,
        "status.phase==Running,metadata.name=x": True,
        "metadata.namespace=other": False,
    }.items():
        assert parse_selection(POD, None, "", selector).matches(pod) is expected


def test_a_selection_is_confined_to_its_namespace() -> None:
    assert not parse_selection(POD, "other", "", "").matches(stored(POD, spec={}))


def test_booleans_and_absent_fields_have_text() -> None:
    assert stored(NODE, spec={"unschedulable": True}).fields["spec.unschedulable"] == "true"
    assert stored(NODE, spec={}).fields["spec.unschedulable"] == "false"
    assert stored(POD, spec={}).fields["status.podIP"] == ""


@pytest.mark.parametrize("selector", ["spec.nothing=x", "spec.nodeName", "spec.nodeName in (x)"])
def test_what_is_no_field_selector_is_refused(selector: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_fields(POD, selector)
    assert refused.value.code == 400


def test_the_new_event_groups_words_select_the_same_events() -> None:
    assert parse_fields(EVENT, "regarding.name=x") == (("involvedObject.name", True, "x"),)


def test_the_selector_of_an_object_combines_labels_and_expressions() -> None:
    selector: Document = {
        "matchLabels": {"app": "llm"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["gpu"]},
            {"key": "absent", "operator": "DoesNotExist"},
            {"key": "n", "operator": "Exists"},
            {"key": "app", "operator": "NotIn", "values": ["x"]},
        ],
    }
    test = label_selector(selector)
    assert test
    assert test(LABELS)
    assert not test({**LABELS, "absent": ""})
    assert label_selector(None) is None
    everything = label_selector({})
    assert everything
    assert everything({})
