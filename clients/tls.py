"""What a TLS server shows to a client: its certificate, and why a client that verifies would refuse it."""

import socket
import ssl
from dataclasses import dataclass

DEFAULT_TIMEOUT_SECONDS = 5.0


class TlsError(Exception):
    """No handshake: nobody listens, nobody answers, or what answers is no TLS. Nothing is known of a certificate."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a TLS server listens, and under which name (or address) clients know it."""

    host: str
    port: int
    server_name: str

    def __str__(self) -> str:
        place = f"{self.host}:{self.port}"
        return place if self.server_name == self.host else f"{place} (as {self.server_name})"


@dataclass(frozen=True, slots=True)
class Handshake:
    """The server's own certificate (DER), and OpenSSL's verdict on it: code 0 and no reason when it is accepted."""

    certificate: bytes
    code: int = 0
    reason: str = ""


def parse_address(address: str) -> tuple[str, int]:
    """`HOST:PORT`, `[IPV6]:PORT` or a host alone (port 443). Raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or (address.startswith("[") and address.endswith("]")):
        host, port = address, "443"
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"address {address!r} is not readable: write it like gateway.example:443")
    return host, int(port)


def shake_hands(endpoint: Endpoint, authorities_pem: str = "", timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Handshake:
    """Connect as a client that trusts `authorities_pem` (empty: what this machine trusts), and as one that trusts all.

    The second connection is made only where the first is refused: what it shows is what was refused, unless the server
    has just taken another certificate. Raises TlsError, and ValueError for authorities that cannot be read.
    """
    context = ssl.create_default_context()
    if authorities_pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(cadata=authorities_pem)
        except ssl.SSLError as error:
            raise ValueError("the authorities to trust are not certificates in PEM") from error
    try:
        return Handshake(_certificate(endpoint, context, timeout))
    except ssl.SSLCertVerificationError as refusal:
        return Handshake(shown_certificate(endpoint, timeout), refusal.verify_code, refusal.verify_message)
    except OSError as error:
        raise _no_handshake(endpoint, timeout, error) from error


def shown_certificate(endpoint: Endpoint, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> bytes:
    """The server's own certificate (DER), whatever it is worth. Raises TlsError."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    try:
        return _certificate(endpoint, trusting, timeout)
    except OSError as error:
        raise _no_handshake(endpoint, timeout, error) from error


def _no_handshake(endpoint: Endpoint, timeout: float, error: OSError) -> TlsError:
    return TlsError(f"{endpoint}: no TLS handshake within {timeout:g} s: {error}; does it listen there?")


def _certificate(endpoint: Endpoint, context: ssl.SSLContext, timeout: float) -> bytes:
    with (
        socket.create_connection((endpoint.host, endpoint.port), timeout) as connection,
        context.wrap_socket(connection, server_hostname=endpoint.server_name) as wrapped,
    ):
        certificate = wrapped.getpeercert(binary_form=True)
    if certificate is None:
        raise OSError("the server showed no certificate")
    return certificate
