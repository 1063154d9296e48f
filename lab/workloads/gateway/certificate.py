"""The gateway's certificate: loaded from files that somebody else renews, and loaded again when they change."""

import asyncio
import ssl
from pathlib import Path

from cryptography import x509

from lab.workloads.gateway.metrics import GatewayMetrics
from lab.workloads.serving import Logger

POLL_SECONDS = 0.5


class ServerCertificate:
    """A TLS context whose certificate follows `directory`/tls.crt and tls.key.

    New handshakes use the new certificate; connections that are open go on undisturbed. Files that do not make a pair
    are refused and the certificate in use stays.
    """

    def __init__(self, directory: Path, metrics: GatewayMetrics, logger: Logger) -> None:
        self._directory = directory
        self._metrics = metrics
        self._logger = logger
        self._loaded: tuple[bytes, bytes] | None = None
        self.context = _server_context()

    def load(self) -> bool:
        """Load the files if they have changed; True when they were loaded. Raises OSError, ValueError."""
        files = self._files()
        content = (files[0].read_bytes(), files[1].read_bytes())
        if content == self._loaded:
            return False
        certificate = x509.load_pem_x509_certificate(content[0])
        # A context that fails half-way would serve a certificate without its key: try the pair on a spare one first.
        _server_context().load_cert_chain(*files)
        self.context.load_cert_chain(*files)
        self._loaded = content
        self._metrics.certificate_loaded(certificate.not_valid_after_utc.timestamp())
        self._logger.info(
            "certificate loaded",
            serial=f"{certificate.serial_number:x}",
            not_after=certificate.not_valid_after_utc.isoformat(),
        )
        return True

    async def follow(self) -> None:
        """Look for changed files for ever."""
        refused = ""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                self.load()
                refused = ""
            except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
                if str(error) != refused:
                    refused = str(error)
                    self._metrics.certificate_rejected()
                    self._logger.warning("certificate refused, keeping the one in use", reason=refused)

    def _files(self) -> tuple[Path, Path]:
        # A Secret volume is replaced by turning a symlink: resolving it once takes both files from one version.
        directory = (self._directory / "tls.crt").resolve().parent
        return directory / "tls.crt", directory / "tls.key"


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
