"""Whatever dies, is late or interferes: after an undo that got through, the Secret is what it would be without us."""

import base64
import copy
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actions.certificates.backup import backup_document, backup_name, new_backup
from actions.certificates.chain import Chain
from actions.certificates.secret import SECRETS, marks
from actions.certificates.swap import find_secret, is_out, keep, put_in, take_out
from actions.fault import RefusedError
from clients.kube import ConflictError, Document, Kube, NotFoundError, Resource
from tests.actions.certificates.authorities import authority, server

ROOT = authority("Root")
PRESENT, DAMAGED = (Chain(server(ROOT).certificate) for _ in range(2))
NAMESPACE, NAME, TAG = "ns", "tls", "mlchaos-r-1"
WRITES = ("create", "patch", "delete")


class DiedError(Exception):
    """Where the process that asks is killed."""


class Secrets:
    """What an API server does with Secrets: versions, preconditions, and nothing else.

    It kills who asks at his n-th request (`dies_at`), after having done it if `done` is set. A write that was not done
    then is still under way, and lands when `land` is called.
    """

    place = "a test"

    def __init__(self) -> None:
        self.objects: dict[str, Document] = {}
        self.version = 0
        self.dies_at, self.done = 0, False
        self.under_way: list[Callable[[], object]] = []

    def get(self, _resource: Resource, name: str, _namespace: str) -> Document:
        return self._answered("get", lambda: copy.deepcopy(self._there(name)))

    def create(self, _resource: Resource, document: Mapping[str, Any], _namespace: str) -> Document:
        def create() -> Document:
            name = document["metadata"]["name"]
            if name in self.objects:
                raise ConflictError(name)
            return self._stored({**copy.deepcopy(dict(document)), "metadata": {**document["metadata"], "uid": name}})

        return self._answered("create", create)

    def patch(self, _resource: Resource, name: str, patch: Mapping[str, Any], _namespace: str) -> Document:
        def change() -> Document:
            present = self._there(name)
            wanted = patch["metadata"].get("resourceVersion", present["metadata"]["resourceVersion"])
            if wanted != present["metadata"]["resourceVersion"]:
                raise ConflictError(name)
            return self._stored(merged(present, patch))

        return self._answered("patch", change)

    def delete(self, _resource: Resource, name: str, _namespace: str, *, uid: str) -> None:
        def delete() -> None:
            assert self._there(name)["metadata"]["uid"] == uid
            del self.objects[name]

        self._asked("delete", delete)

    def land(self) -> None:
        """What is under way arrives, and nobody reads the answer."""
        for write in self.under_way:
            try:
                write()
            except (ConflictError, NotFoundError):
                continue
        self.under_way.clear()

    def _answered(self, verb: str, answer: Callable[[], Document]) -> Document:
        return cast("Document", self._asked(verb, answer))

    def _asked(self, verb: str, answer: Callable[[], object]) -> object:
        self.dies_at -= 1
        if self.dies_at != 0:
            return answer()
        if self.done:
            answer()
        elif verb in WRITES:
            self.under_way.append(answer)
        raise DiedError

    def _there(self, name: str) -> Document:
        if name not in self.objects:
            raise NotFoundError(name)
        return self.objects[name]

    def _stored(self, document: Document) -> Document:
        self.version += 1
        document["metadata"]["resourceVersion"] = str(self.version)
        self.objects[document["metadata"]["name"]] = document
        return copy.deepcopy(document)


def merged(present: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(present) if isinstance(present, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


INJECT_DIES_AT = st.integers(min_value=0, max_value=3)
"""An injection makes three requests: it reads, keeps, replaces. 0: it lives."""
UNDO_DIES_AT = st.one_of(st.just(0), st.integers(min_value=1, max_value=5))


class Swapping(RuleBasedStateMachine):
    """One fault of a run that may die, undone by others that may die, while others work on the same Secret."""

    def __init__(self) -> None:
        super().__init__()
        self.api = Secrets()
        self.kube = cast("Kube", self.api)
        data = {"tls.crt": base64.b64encode(PRESENT.pem).decode(), "tls.key": "c2VjcmV0"}
        document = {"type": "kubernetes.io/tls", "metadata": {"name": NAME, "namespace": NAMESPACE}, "data": data}
        self.api.create(SECRETS, document, NAMESPACE)
        self.expected: Document | None = copy.deepcopy(self.api.objects[NAME])
        self.injected = self.clean = False
        self.changes = 0

    @precondition(lambda self: not self.injected)
    @rule(dies_at=INJECT_DIES_AT, done=st.booleans())
    def inject(self, dies_at: int, done: bool) -> None:
        self.injected, self.clean = True, False
        self.api.dies_at, self.api.done = dies_at, done
        try:
            secret = find_secret(self.kube, NAMESPACE, NAME)
            if secret is not None:
                made = new_backup(secret, "tls.crt", DAMAGED)
                put_in(self.kube, keep(self.kube, backup_document(made, TAG, "R", 0.0)), TAG, {"run": "R"})
        except (DiedError, RefusedError):
            pass
        self.api.dies_at = 0

    @rule(dies_at=UNDO_DIES_AT, done=st.booleans())
    def undo(self, dies_at: int, done: bool) -> None:
        self.api.dies_at, self.api.done = dies_at, done
        try:
            take_out(self.kube, NAMESPACE, NAME, TAG)
            self.clean = True
        except (DiedError, ConflictError):
            pass
        self.api.dies_at = 0

    @rule()
    def what_is_under_way_lands(self) -> None:
        creates_backup = backup_name(TAG) not in self.api.objects
        self.api.land()
        if creates_backup and backup_name(TAG) in self.api.objects:
            self.clean = False  # found when the undone record is looked at once more

    @precondition(lambda self: self.expected is not None)
    @rule(what=st.sampled_from(["renews", "labels", "deletes"]))
    def somebody(self, what: str) -> None:
        """Somebody else works on the Secret."""
        if what == "deletes":
            del self.api.objects[NAME]
            self.expected = None
            return
        self.changes += 1
        text = f"change {self.changes}"
        patch: dict[str, Any] = {"metadata": {"annotations": {"note": text}}}
        if what == "renews":
            patch["data"] = {"tls.crt": base64.b64encode(text.encode()).decode()}
        self.api.patch(SECRETS, NAME, patch, NAMESPACE)
        self.expected = merged(self.expected, patch)

    @invariant()
    def after_an_undo_it_is_what_it_would_be_without_us(self) -> None:
        if not self.clean:
            return
        assert is_out(self.kube, NAMESPACE, NAME, TAG)
        assert backup_name(TAG) not in self.api.objects
        assert without_version(self.api.objects.get(NAME)) == without_version(self.expected)

    @invariant()
    def the_original_is_never_lost(self) -> None:
        present = self.api.objects.get(NAME)
        if present is not None and TAG in marks(present):
            assert backup_name(TAG) in self.api.objects

    def teardown(self) -> None:
        self.api.land()
        take_out(self.kube, NAMESPACE, NAME, TAG)
        self.clean = True
        self.after_an_undo_it_is_what_it_would_be_without_us()


def without_version(secret: Document | None) -> Document | None:
    if secret is None:
        return None
    metadata = {key: value for key, value in secret["metadata"].items() if key != "resourceVersion"}
    return {**secret, "metadata": metadata}


Swapping.TestCase.settings = settings(max_examples=80, stateful_step_count=12, deadline=None)
TestSwapping = Swapping.TestCase


@pytest.mark.parametrize("sent", [False, True], ids=["before it is done", "after it is done"])
@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_wherever_both_die_the_next_undo_leaves_nothing_and_a_late_write_changes_nothing(
    dies_at: int, sent: bool
) -> None:
    for undo_dies_at in range(6):
        for lands_before in (False, True):
            swapping = Swapping()
            swapping.inject(dies_at, sent)
            swapping.undo(undo_dies_at, sent)
            if lands_before:
                swapping.what_is_under_way_lands()
            swapping.undo(0, False)
            swapping.after_an_undo_it_is_what_it_would_be_without_us()
            swapping.what_is_under_way_lands()
            swapping.after_an_undo_it_is_what_it_would_be_without_us()
            swapping.teardown()
