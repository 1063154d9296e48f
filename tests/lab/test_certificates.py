from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lab.certificates import CertificateAuthority, issue_ca, issue_server


@pytest.fixture(scope="module")
def ca() -> CertificateAuthority:
    return issue_ca("test")


def test_a_server_certificate_is_signed_by_its_authority_for_all_its_names(ca: CertificateAuthority) -> None:
    issued = issue_server(ca, ["127.9.0.1", "localhost"])
    certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
    certificate.verify_directly_issued_by(ca.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.9.0.1"]
    key = load_pem_private_key(issued.key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == certificate.public_key()


def test_a_certificate_is_valid_now_and_for_long_unless_told_otherwise(ca: CertificateAuthority) -> None:
    certificate = x509.load_pem_x509_certificate(issue_server(ca, ["a"]).certificate_pem)
    now = datetime.now(UTC)
    assert certificate.not_valid_before_utc < now < certificate.not_valid_after_utc - timedelta(days=300)


def test_a_certificate_can_be_expired_from_the_start(ca: CertificateAuthority) -> None:
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    issued = issue_server(ca, ["a"], not_before=end - timedelta(days=1), not_after=end)
    assert x509.load_pem_x509_certificate(issued.certificate_pem).not_valid_after_utc == end


def test_a_certificate_needs_a_name_and_an_end_after_its_beginning(ca: CertificateAuthority) -> None:
    with pytest.raises(ValueError, match="at least one name"):
        issue_server(ca, [])
    now = datetime.now(UTC)
    with pytest.raises(ValueError, match="after"):
        issue_server(ca, ["a"], not_before=now, not_after=now - timedelta(days=1))
