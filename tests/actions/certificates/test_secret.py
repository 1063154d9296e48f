"""Which Secrets may be touched, and what is said of those that may not."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from actions.certificates.arguments import SecretArguments
from actions.certificates.backup import BackupError, backup_document, differences, new_backup, read_backup
from actions.certificates.chain import Chain
from actions.certificates.owners import copiers, keepers
from actions.certificates.secret import replaceable_chain
from actions.fault import RefusedError
from clients.kube import Document
from tests.actions.certificates.authorities import AFTER, NOW, authority, server

ROOT = authority("Root")
SERVER = server(ROOT)
ARGUMENTS = SecretArguments(namespace="ml-serving", secret="gateway-tls")


def secret(**metadata: Any) -> Document:
    data = {"tls.crt": SERVER.certificate_pem, "tls.key": SERVER.key_pem}
    return {
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": "gateway-tls", "namespace": "ml-serving", "uid": "u", "resourceVersion": "7", **metadata},
        "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
    }


def test_a_secret_that_nobody_else_keeps_may_be_replaced() -> None:
    assert replaceable_chain(secret(), ARGUMENTS, NOW) == Chain(SERVER.certificate)


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"deletionTimestamp": "2026-11-22T00:00:00Z"}, "is being deleted"),
        ({"annotations": {"undo.mlchaos.io/mlchaos-r-1": "{}"}}, r"has a fault in it already \(mlchaos-r-1\)"),
        (
            {"annotations": {"reflector.v1.k8s.emberstack.com/reflection-allowed": "true"}},
            "copied into other namespaces by Reflector",
        ),
        (
            {"annotations": {"cert-manager.io/certificate-name": "gateway"}},
            "cert-manager issues it anew at once.*managed: allow",
        ),
        ({"labels": {"argocd.argoproj.io/instance": "x"}}, "Argo CD may put its own content back"),
        (
            {"ownerReferences": [{"kind": "SealedSecret", "name": "gateway", "controller": True}]},
            "SealedSecret gateway, its controller, may put",
        ),
    ],
)
def test_what_others_keep_copy_or_have_broken_is_refused_by_name(metadata: dict[str, Any], reason: str) -> None:
    with pytest.raises(RefusedError, match=f"Secret ml-serving/gateway-tls.*{reason}"):
        replaceable_chain(secret(**metadata), ARGUMENTS, NOW)


def test_an_immutable_secret_is_refused_by_name() -> None:
    with pytest.raises(RefusedError, match="Secret ml-serving/gateway-tls is immutable"):
        replaceable_chain(secret() | {"immutable": True}, ARGUMENTS, NOW)


def test_a_kept_secret_may_be_taken_on_purpose_and_a_copied_one_never() -> None:
    arguments = ARGUMENTS.model_copy(update={"managed": "allow"})
    kept = secret(annotations={"cert-manager.io/certificate-name": "gateway"})
    assert replaceable_chain(kept, arguments, NOW).leaf == SERVER.certificate
    with pytest.raises(RefusedError, match="copied into other namespaces"):
        replaceable_chain(secret(annotations={"replicator.v1.mittwald.de/replicate-to": "a"}), arguments, NOW)


def test_marks_that_say_no_and_owners_that_control_nothing_do_not_count() -> None:
    assert not copiers(secret(annotations={"reflector.v1.k8s.emberstack.com/reflection-allowed": "false"}))
    assert not keepers(secret(ownerReferences=[{"kind": "Pod", "name": "p"}]))


def test_a_certificate_that_is_bad_already_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"is not valid now .*mend that first"):
        replaceable_chain(secret(), ARGUMENTS, AFTER + timedelta(days=1))


def test_an_entry_that_is_not_there_is_refused() -> None:
    with pytest.raises(
        RefusedError, match=r"entry cert\.pem of Secret ml-serving/gateway-tls .*: it has no entry cert\.pem"
    ):
        replaceable_chain(secret(), ARGUMENTS.model_copy(update={"entry": "cert.pem"}), NOW)


def test_the_private_key_is_no_chain_and_is_not_quoted() -> None:
    with pytest.raises(RefusedError, match="it holds PRIVATE KEY beside certificates") as caught:
        replaceable_chain(secret(), ARGUMENTS.model_copy(update={"entry": "tls.key"}), NOW)
    assert SERVER.key_pem.decode().splitlines()[1] not in str(caught.value)


def test_a_backup_holds_the_original_bit_for_bit_under_metadata_of_its_own() -> None:
    original = secret(labels={"app": "gateway"}, annotations={"cert-manager.io/certificate-name": "gateway"})
    backup = new_backup(original, "tls.crt", Chain(ROOT.certificate))
    document = backup_document(backup, "mlchaos-r-1", "R", NOW.timestamp())
    document["metadata"]["uid"] = "b"
    read = read_backup(document)
    assert (read.original, read.entry, read.injected, read.uid) == (original, "tls.crt", backup.injected, "b")
    assert document["metadata"]["name"] == "mlchaos-r-1-backup"
    assert document["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "mlchaos", "mlchaos.io/run": "R"}
    assert "gateway-tls" in repr(backup)
    assert original["data"]["tls.key"] not in repr(backup)


def test_an_original_that_leaves_no_room_for_its_backup_is_refused() -> None:
    original = secret()
    original["data"]["large"] = "A" * (1 << 20)
    with pytest.raises(RefusedError, match="too large to keep a backup beside it"):
        backup_document(new_backup(original, "tls.crt", Chain(ROOT.certificate)), "t", "R", 0.0)


@pytest.mark.parametrize("data", [None, {}, {"original.json": "cGxhbnRlZA==", "entry": "", "injected.crt": ""}])
def test_a_backup_that_somebody_has_changed_is_told_without_what_is_in_it(data: Any) -> None:
    document = {"metadata": {"name": "t-backup", "namespace": "ml-serving", "uid": "b"}, "data": data}
    with pytest.raises(BackupError, match="ml-serving/t-backup is not as mlchaos has written it") as caught:
        read_backup(document)
    assert "planted" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_differences_are_told_by_name_and_never_by_value() -> None:
    before, after = secret(labels={"a": "1"}), secret(labels={"a": "2", "b": "3"}) | {"immutable": True}
    after["data"] = {"tls.crt": "planted"}
    assert list(differences(before, after)) == ["immutable", "data tls.crt", "data tls.key", "labels a", "labels b"]
    assert not list(differences(secret(), secret(annotations={}) | {"immutable": False}))
