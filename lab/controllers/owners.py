"""Owner references: who made an object, and taking over objects that nobody controls."""

import hashlib
import json

from lab.kubeclient import Document


def owner_reference(owner: Document) -> Document:
    """The reference that makes `owner` the controller of what it creates."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def references(document: Document) -> list[Document]:
    """All owner references."""
    return document["metadata"].get("ownerReferences") or []


def controller_of(document: Document) -> Document | None:
    """The reference to the object that controls `document`, if one does."""
    return next((r for r in references(document) if r.get("controller")), None)


def from_template(template: Document, owner: Document, labels: Document | None = None) -> Document:
    """A pod (without a name) as `template` describes it, controlled by `owner`."""
    described = template.get("metadata") or {}
    metadata: Document = {
        "namespace": owner["metadata"]["namespace"],
        "labels": {**(described.get("labels") or {}), **(labels or {})},
        "annotations": dict(described.get("annotations") or {}),
        "ownerReferences": [owner_reference(owner)],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


# No vowels, so that no hash spells a word.
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def template_hash(template: Document) -> str:
    """A name-safe hash of a pod template: equal templates have equal hashes."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
    letters = []
    for _ in range(10):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)
