"""Certificates made after the image of another: its subject, names, key and uses, with one thing changed. Pure.

The new certificate is for the present one's public key, so that the server's private key is neither read nor replaced.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtensionOID, NameOID, SignatureAlgorithmOID

from actions.certificates.chain import Chain, ChainError

LONGEST_COMMON_NAME = 64
STAND_IN_SUFFIX = " (untrusted, by mlchaos)"
STAND_IN_LIFETIME = timedelta(days=3650)
_RSA_BITS = 2048

_NOT_COPIED = frozenset(
    {
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,  # made anew for whoever signs
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS,  # logs have signed the original, and nothing else
        ExtensionOID.PRECERT_POISON,
        ExtensionOID.TLS_FEATURE,  # must-staple: the issuer's OCSP knows nothing of this one
    }
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: his certificate and private key."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes

    def __repr__(self) -> str:
        return f"Issuer({self.certificate.subject.rfc4514_string()})"


@dataclass(frozen=True, slots=True)
class Request:
    """What the new certificate says: from when until when, for whom; `names` is None for those of the present one."""

    not_before: datetime
    not_after: datetime
    subject: x509.Name
    names: Sequence[str] | None = None


def same_as(present: x509.Certificate) -> Request:
    """A request for what the present certificate says."""
    return Request(present.not_valid_before_utc, present.not_valid_after_utc, present.subject)


def for_name(request: Request, name: str) -> Request:
    """The request for one other name, as subject and as the only alternative name."""
    kept = [attribute for attribute in request.subject if attribute.oid != NameOID.COMMON_NAME]
    subject = x509.Name([*kept, x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return replace(request, subject=subject, names=(name,))


def reissue(present: x509.Certificate, issuer: Issuer, request: Request) -> x509.Certificate:
    """The present certificate as `request` wants it. Raises ChainError where it cannot be copied."""
    try:
        public_key = present.public_key()
        copied = [one for one in present.extensions if one.oid not in _NOT_COPIED]
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise ChainError(f"the present certificate cannot be copied: {error}") from error
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(request.not_before)
        .not_valid_after(request.not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(_authority_key(issuer), critical=False)
    )
    for extension in copied:
        if extension.oid != ExtensionOID.SUBJECT_ALTERNATIVE_NAME or request.names is None:
            builder = builder.add_extension(extension.value, extension.critical)
    if request.names is not None:
        names = x509.SubjectAlternativeName([_alternative(name) for name in request.names])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer.key, _digest_for(issuer.key))


def stand_in(present: x509.Certificate, *, suffix: str = STAND_IN_SUFFIX) -> Issuer:
    """An authority that nobody trusts, named after the present certificate's issuer, with a key of its kind."""
    key = _key_like_issuer_of(present)
    name = _suffixed(present.issuer, suffix)
    now = datetime.now(UTC).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - STAND_IN_LIFETIME)
        .not_valid_after(now + STAND_IN_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_CERTIFICATE_SIGNING, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, _digest_for(key))
    )
    return Issuer(certificate, key)


def read_issuer(certificates_pem: bytes, key_pem: bytes, present: Chain) -> Issuer:
    """The authority that has issued the present certificate. Raises ChainError where it is another one, or no pair."""
    try:
        key = serialization.load_pem_private_key(key_pem, None)
        certificate = x509.load_pem_x509_certificates(certificates_pem)[0]
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ChainError("its tls.crt and tls.key cannot be read as a PEM certificate and a bare PEM key") from error
    if not isinstance(
        key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
    ):
        raise ChainError("its key is of a kind that signs no certificates here: it takes RSA, ECDSA, Ed25519 or Ed448")
    if key.public_key() != certificate.public_key():
        raise ChainError("its tls.key does not belong to its tls.crt")
    try:
        present.leaf.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise ChainError(
            f"it holds {certificate.subject.rfc4514_string()}, which has not issued the present certificate (by "
            f"{present.leaf.issuer.rfc4514_string()})"
        ) from error
    return Issuer(certificate, key)


def _authority_key(issuer: Issuer) -> x509.AuthorityKeyIdentifier:
    try:
        known = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known.value)


def _digest_for(key: CertificateIssuerPrivateKeyTypes) -> hashes.SHA256 | hashes.SHA384 | None:
    """Edwards curves have their own; a digest as wide as the curve for the others."""
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return None
    wide = isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size > hashes.SHA256.digest_size * 8
    return hashes.SHA384() if wide else hashes.SHA256()


def _key_like_issuer_of(present: x509.Certificate) -> CertificateIssuerPrivateKeyTypes:
    """What the present certificate was signed with tells its issuer's kind of key."""
    oid = present.signature_algorithm_oid
    if oid == SignatureAlgorithmOID.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    if oid == SignatureAlgorithmOID.ED448:
        return ed448.Ed448PrivateKey.generate()
    if oid in _SIGNED_WITH_ECDSA:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)


_SIGNED_WITH_ECDSA = frozenset(
    {
        SignatureAlgorithmOID.ECDSA_WITH_SHA1,
        SignatureAlgorithmOID.ECDSA_WITH_SHA224,
        SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        SignatureAlgorithmOID.ECDSA_WITH_SHA384,
        SignatureAlgorithmOID.ECDSA_WITH_SHA512,
    }
)

_CERTIFICATE_SIGNING = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


def _suffixed(name: x509.Name, suffix: str) -> x509.Name:
    kept = [attribute for attribute in name if attribute.oid != NameOID.COMMON_NAME]
    common = [str(one.value) for one in name.get_attributes_for_oid(NameOID.COMMON_NAME)]
    common_name = (common[0] if common else "issuer")[: LONGEST_COMMON_NAME - len(suffix)] + suffix
    return x509.Name([*kept, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
