"""A TLS server's certificate: loaded from files that somebody else renews, and loaded again when they change."""

import asyncio
import ssl
from pathlib import Path

from cryptography import x509
from prometheus_client import CollectorRegistry, Counter, Gauge

from lab.workloads.serving import Logger
from lab.workloads.settings import SettingError

POLL_SECONDS = 0.5


class CertificateMetrics:
    """What a server measures of its certificate, in series that begin with `program`."""

    def __init__(self, program: str, registry: CollectorRegistry) -> None:
        self._not_after = Gauge(
            f"{program}_certificate_not_after_timestamp_seconds",
            "When the certificate in use expires, as a Unix time.",
            registry=registry,
        )
        self._reloads = Counter(
            f"{program}_certificate_reloads_total",
            "Times that changed certificate files were read, by outcome.",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("ok", "error"):
            self._reloads.labels(outcome)

    def loaded(self, not_after: float) -> None:
        self._not_after.set(not_after)
        self._reloads.labels("ok").inc()

    def rejected(self) -> None:
        self._reloads.labels("error").inc()


class ServerCertificate:
    """A TLS context whose certificate follows `directory`/tls.crt and tls.key.

    New handshakes use the new certificate; connections that are open go on undisturbed. Files that do not make a pair
    are refused and the certificate in use stays.
    """

    def __init__(self, directory: Path, metrics: CertificateMetrics, logger: Logger) -> None:
        self._directory = directory
        self._metrics = metrics
        self._logger = logger
        self._loaded: tuple[bytes, bytes] | None = None
        self.context = _server_context()

    def load_first(self) -> None:
        """Load the files for the first time. Raises SettingError, since a server cannot do without."""
        try:
            self.load()
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise SettingError(f"no usable certificate in {self._directory}: {error}") from error

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
        self._metrics.loaded(certificate.not_valid_after_utc.timestamp())
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
            except (OSError, ValueError) as error:
                if str(error) != refused:
                    refused = str(error)
                    self._metrics.rejected()
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
