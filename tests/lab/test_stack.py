"""What goes into the lab's cluster, and when it counts as ready."""

import base64
import ssl

import pytest
from cryptography import x509

from lab.kubeclient import Document
from lab.servers import SERVERS
from lab.stack import ORDER, manifests, progress, server_secrets

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


def test_a_servers_certificate_is_for_all_its_names_and_addresses_and_comes_with_its_authority() -> None:
    secret, authority = server_secrets("ml-training", "store", "127.9.8.1", "127.9.0.1")
    assert [document["metadata"]["name"] for document in (secret, authority)] == ["store-tls", "store-ca"]
    assert {document["metadata"]["namespace"] for document in (secret, authority)} == {"ml-training"}
    assert secret["type"] == "kubernetes.io/tls"
    certificate = x509.load_pem_x509_certificate(base64.b64decode(secret["data"]["tls.crt"]))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["store.ml-training.svc", "store", "localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.9.8.1", "127.9.0.1"]
    assert set(secret["data"]) == {"tls.crt", "tls.key", "ca.crt"}
    ssl.create_default_context(cadata=base64.b64decode(secret["data"]["ca.crt"]).decode())
    assert authority["data"]["tls.crt"] == secret["data"]["ca.crt"]
    assert base64.b64decode(authority["data"]["tls.key"]).startswith(b"-----BEGIN PRIVATE KEY-----")
