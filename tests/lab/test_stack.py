"""What goes into the lab's cluster, and when it counts as ready."""

import base64
import ssl

import pytest

from lab.kubeclient import Document
from lab.servers import SERVERS
from lab.stack import ORDER, gateway_secrets, manifests, progress

EVERYTHING = [server.name for server in SERVERS]


def names(documents: list[Document]) -> set[str]:
    return {document["metadata"]["name"] for document in documents if document["kind"] == "Deployment"}


def test_without_redis_the_lab_does_without_the_ranker_alone() -> None:
    assert names(manifests(EVERYTHING)) - names(manifests(["prometheus"])) == {"ranker"}


def test_what_others_need_is_created_before_them() -> None:
    kinds = [document["kind"] for document in manifests(EVERYTHING)]
    assert kinds == sorted(kinds, key=ORDER.index)
    assert kinds[0] == "Namespace"


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("Deployment", {}, (0, 3)),
        ("Deployment", {"availableReplicas": 3, "observedGeneration": 1}, (0, 3)),
        ("Deployment", {"availableReplicas": 2, "observedGeneration": 2}, (2, 3)),
        ("DaemonSet", {}, (0, 0)),
        ("DaemonSet", {"numberReady": 1, "desiredNumberScheduled": 2}, (1, 2)),
        ("Job", {"ready": 1, "succeeded": 1}, (2, 2)),
        ("Job", {}, (0, 2)),
    ],
)
def test_readiness_is_what_the_present_generation_has(kind: str, status: Document, expected: tuple[int, int]) -> None:
    spec = {"replicas": 3, "parallelism": 2}
    assert progress(kind, {"metadata": {"generation": 2}, "spec": spec, "status": status}) == expected


def test_the_gateways_certificate_serves_its_names_and_fits_its_key() -> None:
    secret, authority = gateway_secrets("127.9.8.1")
    assert secret["type"] == "kubernetes.io/tls"
    text = base64.b64decode(secret["data"]["tls.crt"])
    assert text.startswith(b"-----BEGIN CERTIFICATE-----")
    assert set(secret["data"]) == {"tls.crt", "tls.key", "ca.crt"}
    ssl.create_default_context(cadata=base64.b64decode(secret["data"]["ca.crt"]).decode())
    assert authority["data"]["tls.crt"] == secret["data"]["ca.crt"]
    assert base64.b64decode(authority["data"]["tls.key"]).startswith(b"-----BEGIN PRIVATE KEY-----")
