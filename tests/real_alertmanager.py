"""A real Alertmanager for lab tests, with the configuration that a test gives it."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.processes import die_with_parent
from lab.servers import ALERTMANAGER, find
from tests.waiting import wait_for

START_SECONDS = 60
PORT = 9093
TO_NOBODY = json.dumps({"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]})
"""A configuration that notifies nobody."""


def address_in(octet: int) -> str:
    """Where an Alertmanager may listen in the range of the fixture `lab_octet`."""
    return f"127.{octet}.0.1:{PORT}"


@contextmanager
def real_alertmanager(directory: Path, address: str, configuration: str = TO_NOBODY) -> Iterator[str]:
    """Run Alertmanager until the block ends; gives its URL once it is ready.

    `directory` gets alertmanager.yml, which a test may change (then POST /-/reload), the log, and alertmanager-data/.
    """
    (directory / "alertmanager.yml").write_text(configuration)
    command = [
        str(find(ALERTMANAGER)),
        f"--config.file={directory / 'alertmanager.yml'}",
        f"--storage.path={directory / 'alertmanager-data'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    log = directory / "alertmanager.log"
    with log.open("wb") as output:
        process = subprocess.Popen(die_with_parent(command), stdout=output, stderr=output)
    url = f"http://{address}"

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return bool(_open(f"{url}/-/ready").status == 200)
        except (urllib.error.URLError, OSError):
            return False

    try:
        wait_for(ready, START_SECONDS)
        yield url
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(directory / "alertmanager-data", ignore_errors=True)


def post_alerts(url: str, *labels: dict[str, str]) -> None:
    """Send active alerts to it, as Prometheus does."""
    _open(f"{url}/api/v2/alerts", [{"labels": one} for one in labels])


def _open(url: str, document: Any = None) -> Any:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    data = None if document is None else json.dumps(document).encode()
    return direct.open(urllib.request.Request(url, data, {"Content-Type": "application/json"}), timeout=10)
