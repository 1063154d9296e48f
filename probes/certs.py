"""Probes of certificates: what a client sees at a TLS server, and whether the server serves what its Secret holds."""

import base64
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from clients.kube import Document, Kube, KubeError, NotFoundError, Resource, TransientError
from clients.tls import Endpoint, Handshake, TlsError, parse_address, shake_hands, shown_certificate
from probes.reading import NoReadingError, Reading

logger = logging.getLogger("chaostoolkit")

POLL_SECONDS = 0.25
SERVICES, SECRETS = Resource("services"), Resource("secrets")

Seen = Literal["valid", "expired", "not_yet_valid", "wrong_name", "unknown_ca", "broken_chain", "refused"]

_SEEN: Mapping[int, Seen] = {
    0: "valid",
    9: "not_yet_valid",
    10: "expired",
    18: "unknown_ca",
    19: "unknown_ca",
    2: "broken_chain",
    20: "broken_chain",
    21: "broken_chain",
    62: "wrong_name",
    64: "wrong_name",
}
"""By OpenSSL's X509_V_ERR codes. A self-signed authority that is sent along is an unknown one; one that is neither sent
nor trusted leaves a gap in the chain, and a client cannot tell whether an intermediate or the authority is missing."""


class NotSeenError(Exception):
    """A client does not see what the experiment expects, or the server does not serve what its Secret holds."""


@dataclass(frozen=True, slots=True)
class _Certificate:
    """What a certificate says of itself; all of it is public."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    fingerprint: str


def client_sees(
    address: str = "",
    service: str = "",
    server_name: str = "",
    ca_file: str = "",
    ca_secret: str = "",
    ca_entry: str = "ca.crt",
    expect: str = "",
    within_seconds: float = 0.0,
    timeout_seconds: float = 5.0,
) -> Reading:
    """Probe: what a client that verifies sees at a TLS server: `valid`, or why it turns away.

    That is one of valid, expired, not_yet_valid, wrong_name, unknown_ca, broken_chain, refused (any other reason). The
    reading compares with a tolerance by it, and also has reason, subject, issuer, names, not_before, not_after,
    days_left, fingerprint, address and at.

    The server is `address` (HOST:PORT), else `service` (NAMESPACE/NAME:PORT, at its cluster address), known to clients
    as `server_name` (the host where it is not given). The client trusts what is in `ca_file`, or in `ca_entry` of
    `ca_secret` (NAMESPACE/NAME), else what this machine trusts. With `expect` it looks again until that is seen, for
    `within_seconds`; NotSeenError tells what is seen instead. Raises NoReadingError where there is no handshake.
    """
    endpoint = _endpoint(address, service, server_name)
    trusted = _authorities(ca_file, ca_secret, ca_entry)
    started = time.monotonic()
    while True:
        reading, problem = _look(endpoint, trusted, timeout_seconds)
        if reading is not None and expect in ("", reading["value"]):
            logger.info("%s: a client sees %s", endpoint, reading["value"])
            return reading
        if time.monotonic() - started >= within_seconds:
            break
        time.sleep(POLL_SECONDS)
    if reading is None:
        raise NoReadingError(f"what a client sees is unknown: {problem}")
    reason = f" ({reading['reason']})" if reading["reason"] else ""
    raise NotSeenError(
        f"{endpoint}: a client sees {reading['value']}{reason} after {within_seconds:g} s, not {expect}; the "
        f"certificate is {reading['subject']}, valid from {reading['not_before']} to {reading['not_after']}"
    )


def reloaded(
    secret: str,
    entry: str = "tls.crt",
    address: str = "",
    service: str = "",
    server_name: str = "",
    within_seconds: float = 120.0,
    timeout_seconds: float = 5.0,
) -> dict[str, Any]:
    """Probe: wait until a TLS server serves the certificate that its Secret (NAMESPACE/NAME) holds now.

    Returns its fingerprint and not_after, the address, and `seconds`, how long that took. Raises NotSeenError where the
    server serves another one after `within_seconds`: it does not look at its files again, or has not got them yet.
    """
    endpoint = _endpoint(address, service, server_name)
    started = time.monotonic()
    problem = ""
    with Kube() as kube:
        while True:
            try:
                wanted = _read_certificate(_entry(kube, secret, entry))
                served = _described(shown_certificate(endpoint, timeout_seconds))
            except (TlsError, TransientError) as error:
                problem = str(error)
            else:
                if served.fingerprint == wanted.fingerprint:
                    break
                problem = (
                    f"it serves {served.subject}, valid to {served.not_after.isoformat()}, SHA-256 {served.fingerprint}"
                )
            if time.monotonic() - started >= within_seconds:
                raise NotSeenError(
                    f"{endpoint} does not serve what Secret {secret} holds after {within_seconds:g} s: {problem}; "
                    "restart what serves there, or give it more time"
                )
            time.sleep(POLL_SECONDS)
    seconds = time.monotonic() - started
    logger.info("%s serves the certificate of Secret %s (seen after %.1f s)", endpoint, secret, seconds)
    return {
        "fingerprint": served.fingerprint,
        "not_after": served.not_after.isoformat(),
        "address": str(endpoint),
        "seconds": seconds,
        "at": time.time(),
    }


def judge(handshake: Handshake) -> Seen:
    """OpenSSL's verdict in one word."""
    return _SEEN.get(handshake.code, "refused")


def _look(endpoint: Endpoint, trusted: str, timeout: float) -> tuple[Reading | None, str]:
    try:
        handshake = shake_hands(endpoint, trusted, timeout)
    except TlsError as error:
        return None, str(error)
    now = time.time()
    shown = _described(handshake.certificate)
    return Reading(
        value=judge(handshake),
        reason=handshake.reason,
        subject=shown.subject,
        issuer=shown.issuer,
        names=list(shown.names),
        not_before=shown.not_before.isoformat(),
        not_after=shown.not_after.isoformat(),
        days_left=(shown.not_after - datetime.fromtimestamp(now, UTC)).total_seconds() / 86400,
        fingerprint=shown.fingerprint,
        address=str(endpoint),
        at=now,
    ), ""


def _endpoint(address: str, service: str, server_name: str) -> Endpoint:
    if not address and not service:
        raise ValueError("name the server by its address (HOST:PORT) or its service (NAMESPACE/NAME:PORT)")
    host, port = parse_address(address or service)
    if not address:
        namespace, name = _parted(host, "service")
        with Kube() as kube:
            host = _cluster_address(kube.get(SERVICES, name, namespace), service)
        server_name = server_name or f"{name}.{namespace}.svc"
    return Endpoint(host, port, server_name or host)


def _cluster_address(document: Document, service: str) -> str:
    address = (document.get("spec") or {}).get("clusterIP") or "None"
    if address == "None":
        raise ValueError(f"service {service} has no cluster address (it is headless): name an address instead")
    return str(address)


def _authorities(file: str, secret: str, entry: str) -> str:
    if file and secret:
        raise ValueError("name the authorities to trust by either ca_file or ca_secret")
    if file:
        try:
            return Path(file).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"ca_file {file} cannot be read: {error}") from error
    if not secret:
        return ""
    with Kube() as kube:
        return _entry(kube, secret, entry).decode("ascii", "replace")


def _entry(kube: Kube, secret: str, entry: str) -> bytes:
    """An entry of a Secret that holds certificates, which are public: nothing else of it is kept."""
    namespace, name = _parted(secret, "secret")
    try:
        value = (kube.get(SECRETS, name, namespace).get("data") or {}).get(entry)
    except NotFoundError as error:
        raise KubeError(f"there is no Secret {secret} at {kube.place}") from error
    if value is None:
        raise KubeError(f"Secret {secret} has no entry {entry}")
    return base64.b64decode(value)


def _parted(text: str, what: str) -> tuple[str, str]:
    namespace, _, name = text.partition("/")
    if not namespace or not name:
        raise ValueError(f"{what} {text!r} is not readable: write it like ml-serving/gateway-tls")
    return namespace, name


def _read_certificate(pem: bytes) -> _Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise NoReadingError("the Secret's entry is no certificate in PEM") from error
    return _described(certificate.public_bytes(Encoding.DER))


def _described(der: bytes) -> _Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    certificate = x509.load_der_x509_certificate(der)
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        dns = extension.value.get_values_for_type(x509.DNSName)
        names = (*dns, *map(str, extension.value.get_values_for_type(x509.IPAddress)))
    except x509.ExtensionNotFound:
        names = ()
    return _Certificate(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        names=names,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        fingerprint=certificate.fingerprint(SHA256()).hex(),
    )
