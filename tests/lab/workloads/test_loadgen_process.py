"""The load generator as a process, against a real gateway and model server."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lab.certificates import issue_ca
from tests.lab.workloads import programs
from tests.waiting import wait_for

pytestmark = pytest.mark.lab


def test_users_see_answers_errors_and_a_bad_certificate(lab_octet: int, tmp_path: Path) -> None:
    authority = issue_ca("test")
    tls, trusted = tmp_path / "tls", tmp_path / "ca"
    tls.mkdir()
    trusted.mkdir()
    programs.write_certificate(tls, authority)
    (trusted / "ca.crt").write_bytes(authority.certificate_pem)
    server, front, users = (programs.pod_ip(lab_octet, number) for number in (1, 2, 3))
    environment = {
        "GATEWAY_SERVICE_HOST": front,
        "GATEWAY_SERVICE_PORT": "8443",
        "MOUNT_ETC_CA": str(trusted),
        "LOADGEN_CONNECTION_SECONDS": "0.5",
    }
    with (
        programs.llm(server, tls),
        programs.program("loadgen", users, tls, f"http://{users}:9464/healthz", **environment) as loadgen,
        programs.gateway(front, tls, f"http://{server}:8000") as gateway,
    ):

        def requests(target: str, outcome: str) -> float:
            return loadgen.metrics(9464).get("loadgen_requests_total", target=target, outcome=outcome)

        wait_for(lambda: requests("llm", "ok") >= 5, 20)
        wait_for(lambda: requests("ranker", "error") >= 3, 20)  # there is no ranker behind this gateway
        metrics = loadgen.metrics(9464)
        assert metrics.get("loadgen_time_to_first_token_seconds_count") >= 5
        assert metrics.get("loadgen_inter_token_seconds_count") >= 5 * 11
        # It was there before the gateway, and waited.
        assert (requests("llm", "error"), requests("llm", "refused"), requests("ranker", "refused")) == (0, 0, 0)

        past = datetime.now(UTC) - timedelta(minutes=1)
        programs.write_certificate(tls, authority, past - timedelta(days=1), past)
        wait_for(lambda: loadgen.metrics(9464).get("loadgen_tls_handshake_failures_total", target="llm") >= 3, 20)
        assert requests("llm", "error") >= 3

        programs.write_certificate(tls, authority)
        healed = requests("llm", "ok")
        wait_for(lambda: requests("llm", "ok") >= healed + 3, 20)
        gateway.end()
        wait_for(lambda: requests("llm", "refused") >= 3, 20)
        loadgen.end()
        assert loadgen.process.returncode == 0, loadgen.logs()
        assert "Traceback" not in loadgen.logs()
