"""Who may do what: roles and their bindings (RBAC), read from the store at every request."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from lab.apiserver.errors import Document, Refused, qualified
from lab.apiserver.identity import User
from lab.apiserver.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, NAMESPACE, ROLE, ROLE_BINDING
from lab.apiserver.routing import Target
from lab.apiserver.store import Store

RBAC = "rbac.authorization.k8s.io"
_COLLECTION_VERBS = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
_OBJECT_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is asked, in the words of a role. `resource` has its subresource behind a slash."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""

    def refusal(self, user: User) -> Refused:
        """The answer of Kubernetes."""
        plural = self.resource.partition("/")[0]
        what = qualified(plural, self.group) + (f' "{self.name}"' if self.name else "")
        where = f'in the namespace "{self.namespace}"' if self.namespace else "at the cluster scope"
        cannot = f'cannot {self.verb} resource "{self.resource}" in API group "{self.group}" {where}'
        message = f'{what} is forbidden: User "{user.name}" {cannot}'
        return Refused(403, "Forbidden", message, {"name": self.name, "group": self.group, "kind": plural})


def asked(target: Target, method: str, *, watch: bool, websocket: bool) -> list[Attributes]:
    """What a request needs; all of it. An exec that begins as a GET is asked for as `get` and as `create`."""
    if watch:
        verbs = ["watch"]
    elif websocket:
        verbs = ["get", "create"]
    else:
        verb = (_OBJECT_VERBS if target.name else _COLLECTION_VERBS).get(method, method.lower())
        verbs = [verb]
    kind = target.resource.kind
    resource = f"{kind.plural}/{target.subresource}" if target.subresource else kind.plural
    # A namespace itself is asked for as something in it, so that a Role there can allow it.
    namespace = target.name if kind is NAMESPACE else target.namespace or ""
    return [Attributes(verb, kind.group, resource, namespace, target.name) for verb in verbs]


def allowed(store: Store, user: User, attributes: Attributes) -> bool:
    """Does a binding give `user` a role with a rule for this?"""
    if user.is_master:
        return True
    return any(_covers(rule, attributes) for rule in rules(store, user, attributes.namespace))


def rules(store: Store, user: User, namespace: str) -> Iterator[Document]:
    """Every rule that holds for `user` in `namespace` (empty: in the whole cluster)."""
    bindings = [(binding.document(), "") for binding in store.all(CLUSTER_ROLE_BINDING)]
    if namespace:
        bindings += [(binding.document(), namespace) for binding in store.all(ROLE_BINDING, namespace)]
    for binding, where in bindings:
        if any(_is_subject(subject, user, where) for subject in binding.get("subjects") or ()):
            reference = binding["roleRef"]
            kind = ROLE if reference["kind"] == "Role" else CLUSTER_ROLE
            role = store.get(kind, where if kind is ROLE else "", reference["name"])
            if role is not None:
                yield from role.document().get("rules") or ()


def _is_subject(subject: Document, user: User, namespace: str) -> bool:
    match subject.get("kind"):
        case "ServiceAccount":
            return user.name == f"system:serviceaccount:{subject.get('namespace') or namespace}:{subject['name']}"
        case "User":
            return bool(user.name == subject["name"])
        case "Group":
            return subject["name"] in user.groups
    return False


def _covers(rule: Document, asked_for: Attributes) -> bool:
    names: Collection[str] = rule.get("resourceNames") or ()
    subresource = asked_for.resource.partition("/")[2]
    resources = {asked_for.resource, "*"} | ({f"*/{subresource}"} if subresource else set())
    return (
        _meet(rule.get("verbs"), {asked_for.verb, "*"})
        and _meet(rule.get("apiGroups"), {asked_for.group, "*"})
        and _meet(rule.get("resources"), resources)
        and (asked_for.name in names or not names)
    )


def _meet(listed: Iterable[str] | None, wanted: set[str]) -> bool:
    return not wanted.isdisjoint(listed or ())
