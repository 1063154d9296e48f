"""The damaged chains, judged by OpenSSL in a handshake."""

from datetime import timedelta

import pytest
from cryptography import x509

from actions.certificates import damage
from actions.certificates.chain import Chain
from actions.certificates.damage import NoDamageError
from actions.certificates.issuing import Issuer
from clients.tls import Handshake
from probes.certs import judge
from tests.actions.certificates.authorities import AFTER, BEFORE, NAMES, NOW, Made, authority, server, verdict

KINDS = ("ecdsa", "ecdsa-p384", "ed25519", "rsa")
ROOT = authority("Platform Root")
BETWEEN = authority("Platform Issuing 1", signed_by=ROOT)
SERVER = server(BETWEEN)
PRESENT = Chain(SERVER.certificate, (BETWEEN.certificate,))
ISSUER = Issuer(BETWEEN.certificate, BETWEEN.key)


def seen(chain: Chain, name: str = NAMES[0], made: Made = SERVER, root: Made = ROOT) -> str:
    return judge(Handshake(b"", verdict(chain, made.key, root.certificate, name)))


def test_the_present_chain_is_what_a_client_accepts() -> None:
    assert seen(PRESENT) == "valid"


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_the_keys_the_copy_is_signed_by_the_issuer_for_the_servers_own_key(kind: str) -> None:
    root = authority("Root", kind)
    made = server(root, root.key)  # one key for both: making RSA keys takes time
    present = Chain(made.certificate)
    issuer = Issuer(root.certificate, root.key)
    assert seen(damage.expired(present, issuer, NOW, 1), made=made, root=root) == "expired"
    assert seen(damage.expiring(present, issuer, NOW, 2), made=made, root=root) == "valid"
    unknown = damage.unknown_ca(present)
    assert seen(unknown, made=made, root=root) == "unknown_ca"
    assert type(unknown.rest[0].public_key()) is type(root.certificate.public_key())


def test_an_expired_certificate_has_its_whole_lifetime_behind_it() -> None:
    made = damage.expired(PRESENT, ISSUER, NOW, 3)
    assert seen(made) == "expired"
    assert made.leaf.not_valid_after_utc == NOW - timedelta(hours=3)
    assert made.leaf.not_valid_after_utc - made.leaf.not_valid_before_utc == AFTER - BEFORE
    assert made.rest == PRESENT.rest


def test_a_certificate_that_is_not_valid_yet_has_it_before_it() -> None:
    made = damage.not_yet_valid(PRESENT, ISSUER, NOW, 24)
    assert seen(made) == "not_yet_valid"
    assert made.leaf.not_valid_before_utc == NOW + timedelta(hours=24)


def test_one_that_expires_soon_is_still_good() -> None:
    made = damage.expiring(PRESENT, ISSUER, NOW, 2)
    assert seen(made) == "valid"
    assert (made.leaf.not_valid_before_utc, made.leaf.not_valid_after_utc) == (BEFORE, NOW + timedelta(hours=2))


def test_one_that_expires_before_that_anyway_is_left_alone() -> None:
    with pytest.raises(NoDamageError, match="anyway, which is before that"):
        damage.expiring(PRESENT, ISSUER, NOW, 24 * 365)


@pytest.mark.parametrize("name", NAMES)
def test_under_another_name_none_of_its_own_is_left(name: str) -> None:
    asked = name.replace("*", "some")
    assert seen(PRESENT, asked) == "valid"
    made = damage.wrong_name(PRESENT, ISSUER, "wrong-name.mlchaos.invalid")
    assert seen(made, asked) == "wrong_name"
    assert seen(made, "wrong-name.mlchaos.invalid") == "valid"


@pytest.mark.parametrize("name", ["Gateway.ml-serving.svc", "some.models.example", "127.0.0.1"])
def test_a_name_that_it_is_for_is_no_wrong_name(name: str) -> None:
    with pytest.raises(NoDamageError, match="take a name that it is not for"):
        damage.wrong_name(PRESENT, ISSUER, name)


def test_an_unknown_authority_is_sent_along_under_a_name_that_says_so() -> None:
    made = damage.unknown_ca(PRESENT)
    assert seen(made) == "unknown_ca"
    assert made.leaf.issuer.rfc4514_string() == "CN=Platform Issuing 1 (untrusted\\, by mlchaos),O=ML Platform"
    assert made.leaf.not_valid_after_utc == AFTER


def test_a_chain_is_broken_by_leaving_its_intermediates_out() -> None:
    made = damage.broken_chain(PRESENT)
    assert made == Chain(PRESENT.leaf)
    assert seen(made) == "broken_chain"


def test_a_chain_without_intermediates_is_broken_by_one_that_is_never_sent() -> None:
    direct = server(ROOT)
    for rest in ((), (ROOT.certificate,)):
        made = damage.broken_chain(Chain(direct.certificate, rest))
        assert made.rest == ()
        assert seen(made, made=direct) == "broken_chain"


@pytest.mark.parametrize("fault", ["expired", "not_yet_valid"])
def test_without_the_issuers_key_a_stand_in_signs_whom_nobody_trusts(fault: str) -> None:
    made = getattr(damage, fault)(PRESENT, None, NOW, 1)
    assert made.rest == ()
    assert seen(made) == "broken_chain"
    assert "(untrusted" in made.leaf.issuer.rfc4514_string()


def test_all_else_of_the_present_certificate_stays() -> None:
    made = damage.expired(PRESENT, ISSUER, NOW, 1).leaf
    assert made.subject == SERVER.certificate.subject
    assert made.public_key() == SERVER.certificate.public_key()
    assert made.serial_number != SERVER.certificate.serial_number
    for kind in (x509.SubjectAlternativeName, x509.ExtendedKeyUsage, x509.BasicConstraints, x509.SubjectKeyIdentifier):
        before = SERVER.certificate.extensions.get_extension_for_class(kind)
        after = made.extensions.get_extension_for_class(kind)
        assert (after.value, after.critical) == (before.value, before.critical)
