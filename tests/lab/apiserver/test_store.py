import json

import pytest

from lab.apiserver.errors import Document
from lab.apiserver.kinds import NODE, POD
from lab.apiserver.store import RING_LENGTH, Change, Store, TooOldError


def document(name: str, namespace: str = "default", **more: object) -> Document:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {}, **more}


def test_every_change_has_a_version_of_its_own_and_rising() -> None:
    store = Store(first_version=10)
    first = store.put(POD, document("a"))
    second = store.put(NODE, {"metadata": {"name": "n"}})
    third = store.remove(first)
    assert [first.version, second.version, third.version] == [11, 12, 13]
    assert store.version == 13


def test_what_is_stored_is_what_is_sent() -> None:
    stored = Store().put(POD, document("a", status={"phase": "Pending"}))
    sent = json.loads(stored.encoded)
    assert sent == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "default", "resourceVersion": "2"},
        "spec": {},
        "status": {"phase": "Pending"},
    }
    assert json.loads(stored.metadata) == sent["metadata"]


def test_an_object_with_nothing_but_metadata_is_valid_json() -> None:
    assert json.loads(Store().put(NODE, {"metadata": {"name": "n"}}).encoded)["kind"] == "Node"


def test_objects_come_in_order_of_namespace_and_name_whatever_the_order_of_their_making() -> None:
    store = Store()
    for namespace, name in (("b", "1"), ("a", "2"), ("a", "10"), ("a", "1"), ("aa", "1")):
        store.put(POD, document(name, namespace))
    places = [("a", "1"), ("a", "10"), ("a", "2"), ("aa", "1"), ("b", "1")]
    assert [stored.place for stored in store.all(POD)] == places
    assert [stored.place for stored in store.all(POD, "a")] == places[:3]
    assert [stored.place for stored in store.all(POD, None, ("a", "10"))] == places[2:]
    assert [stored.place for stored in store.all(POD, "b", ("a", "10"))] == places[4:]


def test_the_population_of_a_namespace_counts_every_kind_and_forgets_what_is_gone() -> None:
    store = Store()
    store.put(POD, document("a"))
    store.put(POD, document("a"))
    assert (store.population("default"), store.count(POD)) == (1, 1)
    stored = store.get(POD, "default", "a")
    assert stored
    store.remove(stored)
    assert (store.population("default"), store.count(POD), list(store.all(POD))) == (0, 0, [])


def test_changes_keep_the_object_before_and_say_when_it_is_gone() -> None:
    store = Store()
    seen: list[Change] = []
    store.listen(seen.append)
    first = store.put(POD, document("a"))
    second = store.put(POD, document("a", status={"phase": "Running"}))
    last = store.remove(second)
    assert [(change.previous, change.stored, change.gone) for change in seen] == [
        (None, first, False),
        (first, second, False),
        (second, last, True),
    ]
    assert store.changes_since(POD, first.version) == seen[1:]
    assert store.changes_since(POD, last.version) == []


def test_changes_before_the_store_was_made_are_too_old() -> None:
    store = Store(first_version=100)
    assert store.changes_since(POD, 100) == []
    with pytest.raises(TooOldError):
        store.changes_since(POD, 99)


def test_changes_are_forgotten_kind_by_kind() -> None:
    store = Store()
    quiet = store.put(NODE, {"metadata": {"name": "n"}})
    for _ in range(RING_LENGTH + 1):
        store.put(POD, document("a"))
    assert store.changes_since(NODE, quiet.version - 1) == store.changes_since(NODE, 1)
    with pytest.raises(TooOldError):
        store.changes_since(POD, quiet.version)
    assert len(store.changes_since(POD, quiet.version + 1)) == RING_LENGTH
