from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from prometheus_client import CollectorRegistry

from lab import certificates
from lab.certificates import CertificateAuthority, issue_ca, issue_server
from lab.workloads.server_certificate import CertificateMetrics, ServerCertificate

NOT_AFTER = "gateway_certificate_not_after_timestamp_seconds"


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    return issue_ca("test")


def write(directory: Path, issued: certificates.ServerCertificate) -> None:
    (directory / "tls.crt").write_bytes(issued.certificate_pem)
    (directory / "tls.key").write_bytes(issued.key_pem)


def follow(directory: Path, registry: CollectorRegistry) -> ServerCertificate:
    return ServerCertificate(directory, CertificateMetrics("gateway", registry), structlog.stdlib.get_logger())


def test_the_expiry_is_measured_also_when_it_is_past(tmp_path: Path, authority: CertificateAuthority) -> None:
    expired = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    write(tmp_path, issue_server(authority, ["gateway"], expired - timedelta(days=1), expired))
    registry = CollectorRegistry()
    assert follow(tmp_path, registry).load()
    assert registry.get_sample_value(NOT_AFTER) == expired.timestamp()


def test_unchanged_files_are_not_loaded_again(tmp_path: Path, authority: CertificateAuthority) -> None:
    write(tmp_path, issue_server(authority, ["gateway"]))
    certificate = follow(tmp_path, CollectorRegistry())
    assert certificate.load()
    assert not certificate.load()


def test_a_pair_that_does_not_match_is_refused_and_the_old_one_stays(
    tmp_path: Path, authority: CertificateAuthority
) -> None:
    write(tmp_path, issue_server(authority, ["gateway"]))
    registry = CollectorRegistry()
    certificate = follow(tmp_path, registry)
    certificate.load()
    before = registry.get_sample_value(NOT_AFTER)
    later = datetime.now(UTC) + timedelta(days=9)
    (tmp_path / "tls.crt").write_bytes(issue_server(authority, ["gateway"], None, later).certificate_pem)
    with pytest.raises(OSError, match=r"(?i)mismatch"):
        certificate.load()
    assert registry.get_sample_value(NOT_AFTER) == before
    write(tmp_path, issue_server(authority, ["gateway"], None, later))
    assert certificate.load()
    assert registry.get_sample_value(NOT_AFTER) == int(later.timestamp())


def test_both_files_come_from_one_version_of_a_swapped_volume(tmp_path: Path, authority: CertificateAuthority) -> None:
    # As the kubelet lays out a Secret volume: names -> ..data -> a directory per version.
    volume = tmp_path / "volume"
    volume.mkdir()
    for version in ("1", "2"):
        (volume / f"..{version}").mkdir()
        write(volume / f"..{version}", issue_server(authority, [f"gateway-{version}"]))
    (volume / "..data").symlink_to("..1")
    for name in ("tls.crt", "tls.key"):
        (volume / name).symlink_to(f"..data/{name}")
    certificate = follow(volume, CollectorRegistry())
    assert certificate.load()
    (volume / "..new").symlink_to("..2")
    (volume / "..new").rename(volume / "..data")
    assert certificate.load()
