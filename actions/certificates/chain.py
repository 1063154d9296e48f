"""The certificates that a server presents, as read from PEM. Pure; errors never quote what they could not read."""

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")


class ChainError(ValueError):
    """What should be certificates in PEM is something else: what, and never its text."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The server's own certificate, and those that it sends along (intermediates, rarely the root)."""

    leaf: x509.Certificate
    rest: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> bytes:
        return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (self.leaf, *self.rest))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the server's own certificate, in hexadecimal digits."""
        return fingerprint(self.leaf)

    def is_valid_at(self, when: datetime) -> bool:
        return self.leaf.not_valid_before_utc <= when <= self.leaf.not_valid_after_utc


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, in hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def read_chain(pem: bytes) -> Chain:
    """The chain in `pem`. Raises ChainError, also for a bundle that has a private key in it."""
    others = {kind.decode() for kind in _BLOCK.findall(pem)} - {"CERTIFICATE"}
    if others:
        raise ChainError(f"it holds {', '.join(sorted(others))} beside certificates")
    try:
        leaf, *rest = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise ChainError("it holds no certificate that can be read as PEM") from error
    return Chain(leaf, tuple(rest))
