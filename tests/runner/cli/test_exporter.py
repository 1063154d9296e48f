"""`chaos exporter` as it is typed."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from lab.processes import die_with_parent
from runner.cli.exporter import exporter
from tests.waiting import wait_for


@pytest.mark.parametrize("address", ["9667", "here:port", "127.0.0.1:70000", ":"])
def test_an_address_that_is_none_is_bad_input(address: str) -> None:
    ended = CliRunner().invoke(exporter, ["--listen", address])
    assert ended.exit_code == 2
    assert "write HOST:PORT or :PORT, such as 127.0.0.1:9667" in ended.stderr


def test_an_address_in_use_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = CliRunner().invoke(exporter, ["--listen", address])
    assert ended.exit_code == 2
    assert f"cannot listen at {address}: Address already in use; give another address with --listen" in ended.stderr


@pytest.mark.lab
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    environment = {**os.environ, "MLCHAOS_STATE_DIR": str(tmp_path), "MLCHAOS_LEDGER": "local"}
    command = [sys.executable, "-m", "chaostoolkit", "--no-version-check", "--no-log-file"]
    log = tmp_path / "log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            die_with_parent([*command, "exporter", "--listen", "127.0.0.1:0", "--every", "0.1"]),
            env=environment,
            stderr=output,
        )
    try:
        url = wait_for(lambda: re.search(r"Serving (http://\S+)\"", log.read_text()), 30).group(1)  # type: ignore[union-attr]

        def served() -> bool:
            with urllib.request.urlopen(url, timeout=40) as answer:
                text = answer.read().decode()
            return all(f'mlchaos_source_up{{source="{name}"}} 1.0' in text for name in ("ledger", "store"))

        wait_for(served, 30)
        running.send_signal(signal.SIGTERM)
        assert running.wait(120) == 0
    finally:
        running.kill()
        running.wait()
