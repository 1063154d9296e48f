"""Access reviews: whoever holds the lab's token may do everything, and is told so."""

from lab.apiserver.errors import Document

USER = {"username": "mlchaos-lab", "groups": ["system:masters", "system:authenticated"]}


def review(kind: str, api_version: str, body: Document, token: str) -> Document:
    """The answer to a review of `kind`; `token` is the one that this server accepts."""
    document = {**body, "kind": kind, "apiVersion": api_version, "metadata": {"creationTimestamp": None}}
    return {**document, "status": _status(kind, body, token)}


def _status(kind: str, body: Document, token: str) -> Document:
    match kind:
        case "SelfSubjectRulesReview":
            everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
            paths = {"verbs": ["*"], "nonResourceURLs": ["*"]}
            return {"resourceRules": [everything], "nonResourceRules": [paths], "incomplete": False}
        case "SelfSubjectReview":
            return {"userInfo": USER}
        case "TokenReview":
            known = (body.get("spec") or {}).get("token") == token
            return {"authenticated": True, "user": USER} if known else {"authenticated": False}
    return {"allowed": True, "reason": "the lab's token may do everything"}
