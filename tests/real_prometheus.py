"""A real Prometheus for lab tests: with the configuration, the rules and the blocks of data that a test gives it."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab.processes import die_with_parent
from lab.servers import PROMETHEUS, find
from tests.waiting import wait_for

START_SECONDS = 60
PORT = 9090


def address_in(octet: int) -> str:
    """Where a Prometheus may listen in the range of the fixture `lab_octet`."""
    return f"127.{octet}.0.1:{PORT}"


def scraping(targets: Mapping[str, str], interval: str = "200ms") -> str:
    """A configuration that scrapes each job's `host:port` and loads every rule file of the directory."""
    return json.dumps(  # which is YAML, too
        {
            "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
            "rule_files": ["rules/*.yml"],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in targets.items()
            ],
        }
    )


@contextmanager
def real_prometheus(
    directory: Path,
    address: str,
    configuration: str = scraping({}),
    rules: Mapping[str, str] | None = None,
    flags: Sequence[str] = (),
) -> Iterator[str]:
    """Run Prometheus until the block ends; gives its URL once it answers queries.

    `directory` gets prometheus.yml, `rules` (file name without suffix -> text) in rules/, the log, and data/, where
    blocks may lie already: `promtool tsdb create-blocks-from openmetrics FILE directory/data`. Nothing is too old to be
    kept unless `flags` say so. An AssertionError with the log when it does not start.
    """
    (directory / "prometheus.yml").write_text(configuration)
    (directory / "rules").mkdir(exist_ok=True)
    for name, text in (rules or {}).items():
        (directory / "rules" / f"{name}.yml").write_text(text)
    kept = [] if any("retention" in flag for flag in flags) else ["--storage.tsdb.retention.time=100y"]
    command = [
        str(find(PROMETHEUS)),
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={address}",
        *kept,
        *flags,
    ]
    log = directory / "prometheus.log"
    with log.open("wb") as output:
        process = subprocess.Popen(die_with_parent(command), stdout=output, stderr=output)
    url = f"http://{address}"

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        return _answers(f"{url}/-/ready")

    try:
        wait_for(ready, START_SECONDS)
        yield url
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(directory / "data", ignore_errors=True)


def _answers(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
