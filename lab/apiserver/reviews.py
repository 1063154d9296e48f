"""Access reviews: what somebody is, and may do."""

from lab.apiserver.authorization import Attributes, allowed, rules
from lab.apiserver.errors import Document
from lab.apiserver.identity import Identities, User
from lab.apiserver.store import Store


class Reviews:
    """Answers reviews."""

    def __init__(self, store: Store, identities: Identities) -> None:
        self._store = store
        self._identities = identities

    def answer(self, kind: str, api_version: str, body: Document, user: User) -> Document:
        """The answer to a review of `kind` that `user` sent."""
        document = {**body, "kind": kind, "apiVersion": api_version, "metadata": {"creationTimestamp": None}}
        return {**document, "status": self._status(kind, body.get("spec") or {}, user)}

    def _status(self, kind: str, spec: Document, user: User) -> Document:
        match kind:
            case "SelfSubjectRulesReview":
                return self._rules(spec.get("namespace") or "", user)
            case "SelfSubjectReview":
                return {"userInfo": user.document()}
            case "TokenReview":
                found = self._identities.of_token(str(spec.get("token") or "").encode())
                return {"authenticated": True, "user": found.document()} if found else {"authenticated": False}
            case "SubjectAccessReview":
                user = User(str(spec.get("user") or ""), tuple(spec.get("groups") or ()))
        return self._access(spec, user)

    def _rules(self, namespace: str, user: User) -> Document:
        everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
        found = [everything] if user.is_master else list(rules(self._store, user, namespace))
        paths = [{"verbs": ["*"], "nonResourceURLs": ["*"]}] if user.is_master else []
        return {"resourceRules": found, "nonResourceRules": paths, "incomplete": False}

    def _access(self, spec: Document, user: User) -> Document:
        asked = spec.get("resourceAttributes")
        if asked is None:
            return {"allowed": user.is_master}
        resource, subresource = asked.get("resource") or "", asked.get("subresource") or ""
        attributes = Attributes(
            verb=asked.get("verb") or "",
            group=asked.get("group") or "",
            resource=f"{resource}/{subresource}" if subresource else resource,
            namespace=asked.get("namespace") or "",
            name=asked.get("name") or "",
        )
        return {"allowed": allowed(self._store, user, attributes)}
