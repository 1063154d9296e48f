"""Certificates of the lab: a small authority and the server certificates that it signs (ECDSA P-256)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLOCK_SKEW = timedelta(minutes=5)
LIFETIME = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """An authority that can sign: its certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return _key_pem(self.key)


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """What a TLS server needs, in PEM."""

    certificate_pem: bytes
    key_pem: bytes


def issue_ca(name: str) -> CertificateAuthority:
    """A new self-signed authority called `name`, valid for a year from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(name)
    now = datetime.now(UTC)
    builder = (
        _builder(subject, subject, key.public_key(), now - CLOCK_SKEW, now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return CertificateAuthority(builder.sign(key, hashes.SHA256()), key)


def issue_server(
    ca: CertificateAuthority,
    names: list[str],
    not_before: datetime | None = None,
    not_after: datetime | None = None,
) -> ServerCertificate:
    """A certificate for a TLS server reached under `names` (host names or IP addresses; the first is its subject).

    `not_before` and `not_after` are aware datetimes; left out, it is valid from five minutes ago for a year. ValueError
    when `names` is empty or the end does not come after the beginning.
    """
    if not names:
        raise ValueError("a server certificate needs at least one name")
    now = datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(
            _named(names[0]),
            ca.certificate.subject,
            key.public_key(),
            not_before or now - CLOCK_SKEW,
            not_after or now + LIFETIME,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), critical=False)
    )
    certificate = builder.sign(ca.key, hashes.SHA256())
    return ServerCertificate(
        certificate.public_bytes(serialization.Encoding.PEM),
        _key_pem(key),
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
