"""Who may sign in whose place."""

import pytest

from actions.certificates.chain import Chain, ChainError, read_chain
from actions.certificates.issuing import LONGEST_COMMON_NAME, STAND_IN_SUFFIX, read_issuer, stand_in
from tests.actions.certificates.authorities import authority, server

ROOT = authority("Root")
SERVER = server(ROOT)
PRESENT = Chain(SERVER.certificate)


def test_the_authority_that_issued_the_certificate_signs() -> None:
    issuer = read_issuer(ROOT.certificate_pem, ROOT.key_pem, PRESENT)
    assert issuer.certificate == ROOT.certificate
    assert repr(issuer) == "Issuer(CN=Root,O=ML Platform)"


def test_another_authority_does_not_even_of_the_same_name() -> None:
    other = authority("Root")
    with pytest.raises(
        ChainError, match="it holds CN=Root,O=ML Platform, which has not issued the present certificate"
    ):
        read_issuer(other.certificate_pem, other.key_pem, PRESENT)


def test_a_key_of_somebody_else_does_not() -> None:
    with pytest.raises(ChainError, match=r"its tls\.key does not belong to its tls\.crt"):
        read_issuer(ROOT.certificate_pem, SERVER.key_pem, PRESENT)


@pytest.mark.parametrize(
    "key", [b"", b"planted-secret", b"-----BEGIN PRIVATE KEY-----\nplanted\n-----END PRIVATE KEY-----"]
)
def test_what_cannot_be_read_is_not_quoted(key: bytes) -> None:
    with pytest.raises(ChainError, match="cannot be read") as caught:
        read_issuer(ROOT.certificate_pem, key, PRESENT)
    assert "planted" not in str(caught.value)


def test_a_stand_in_for_an_issuer_with_a_long_name_keeps_its_mark() -> None:
    long = server(authority("R" * LONGEST_COMMON_NAME))
    name = stand_in(long.certificate).certificate.subject.rfc4514_string()
    assert name.startswith("CN=RRRR")
    assert STAND_IN_SUFFIX.strip().removesuffix(", by mlchaos)") in name


def test_a_chain_is_read_in_its_order() -> None:
    chain = read_chain(SERVER.certificate_pem + ROOT.certificate_pem)
    assert chain == Chain(SERVER.certificate, (ROOT.certificate,))
    assert read_chain(chain.pem) == chain


def test_a_bundle_with_a_private_key_is_no_chain() -> None:
    with pytest.raises(ChainError, match="it holds PRIVATE KEY beside certificates"):
        read_chain(SERVER.certificate_pem + SERVER.key_pem)


@pytest.mark.parametrize(
    "pem", [b"", b"planted-secret", b"-----BEGIN CERTIFICATE-----\nplanted\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_told_without_its_text(pem: bytes) -> None:
    with pytest.raises(ChainError, match="no certificate that can be read as PEM") as caught:
        read_chain(pem)
    assert "planted" not in str(caught.value)
