"""What a client sees at a real TLS server, whose certificate changes as a Secret's would."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.certificates import damage
from actions.certificates.chain import Chain
from actions.certificates.issuing import Issuer
from clients.tls import Handshake, parse_address
from probes.certs import NotSeenError, client_sees, judge
from probes.reading import NoReadingError
from tests.actions.certificates.authorities import AFTER, NAMES, NOW, authority, server

ROOT = authority("Root")
SERVER = server(ROOT)
PRESENT = Chain(SERVER.certificate)
EXPIRED = damage.expired(PRESENT, Issuer(ROOT.certificate, ROOT.key), NOW, 1)


class TlsServer:
    """Shakes hands with whoever comes, one after the other, with the chain that was set last."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "both.pem"
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self.set(PRESENT)
        self.from_third_handshake: Chain | None = None
        threading.Thread(target=self._serve, daemon=True).start()

    def set(self, chain: Chain) -> None:
        self._file.write_bytes(SERVER.key_pem + chain.pem)

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        handshakes = 0
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            handshakes += 1
            if handshakes == 3 and self.from_third_handshake is not None:
                self.set(self.from_third_handshake)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._file)
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[TlsServer]:
    serving = TlsServer(tmp_path)
    yield serving
    serving.close()


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "ca.crt"
    path.write_bytes(ROOT.certificate_pem)
    return str(path)


def test_a_good_certificate_is_valid_and_told_whole(tls: TlsServer, ca_file: str) -> None:
    reading = client_sees(tls.address, server_name=NAMES[0], ca_file=ca_file)
    assert reading == "valid"
    assert reading["names"] == list(NAMES)
    assert reading["not_after"] == AFTER.isoformat()
    assert reading["fingerprint"] == PRESENT.fingerprint
    assert 79.9 < reading["days_left"] < 80
    assert reading["reason"] == ""


def test_an_address_is_a_name_too(tls: TlsServer, ca_file: str) -> None:
    assert client_sees(tls.address, ca_file=ca_file) == "valid"


def test_what_is_refused_is_told_with_what_was_shown(tls: TlsServer, ca_file: str) -> None:
    tls.set(EXPIRED)
    reading = client_sees(tls.address, server_name=NAMES[0], ca_file=ca_file)
    assert reading == "expired"
    assert reading["reason"] == "certificate has expired"
    assert reading["fingerprint"] == EXPIRED.fingerprint
    assert reading["days_left"] < 0


def test_without_authorities_the_machines_own_are_trusted(tls: TlsServer) -> None:
    assert client_sees(tls.address, server_name=NAMES[0]) == "broken_chain"


def test_it_looks_again_until_what_is_expected_is_seen(tls: TlsServer, ca_file: str) -> None:
    tls.from_third_handshake = EXPIRED
    reading = client_sees(tls.address, server_name=NAMES[0], ca_file=ca_file, expect="expired", within_seconds=10)
    assert reading["fingerprint"] == EXPIRED.fingerprint


def test_what_is_seen_instead_is_told_in_the_end(tls: TlsServer, ca_file: str) -> None:
    with pytest.raises(
        NotSeenError, match=r"a client sees valid after 0 s, not expired; the certificate is CN=gateway"
    ):
        client_sees(tls.address, server_name=NAMES[0], ca_file=ca_file, expect="expired")


def test_no_handshake_is_unknown_and_never_valid(ca_file: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NoReadingError, match=r"what a client sees is unknown: .*refused; does it listen there\?"):
        client_sees(f"127.0.0.1:{port}", ca_file=ca_file)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "name the server by its address"),
        ({"address": "a:b"}, "write it like gateway.example:443"),
        ({"service": "gateway:8443"}, "write it like ml-serving/gateway"),
        ({"address": "a:1", "ca_file": "x", "ca_secret": "n/s"}, "by either ca_file or ca_secret"),
        ({"address": "a:1", "ca_file": "/nowhere"}, "ca_file /nowhere cannot be read"),
    ],
)
def test_arguments_that_make_no_sense_are_told(arguments: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        client_sees(**arguments)  # type: ignore[arg-type]  # the numbers are not among them


def test_authorities_that_are_none_are_told(tls: TlsServer, tmp_path: Path) -> None:
    path = tmp_path / "ca"
    path.write_text("planted")
    with pytest.raises(ValueError, match="not certificates in PEM") as caught:
        client_sees(tls.address, ca_file=str(path))
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("a:1", ("a", 1)), ("a", ("a", 443)), ("[::1]:8443", ("::1", 8443)), ("[::1]", ("::1", 443))],
)
def test_addresses_are_read(address: str, expected: tuple[str, int]) -> None:
    assert parse_address(address) == expected


def test_any_other_refusal_is_refused() -> None:
    assert judge(Handshake(b"", 23, "certificate revoked")) == "refused"
