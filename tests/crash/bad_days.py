"""A kubeconfig whose API server spoils a third of the requests."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.processes import die_with_parent
from tests.crash.ground import Ground

SHARE = 1 / 3
HANG_SECONDS = 3.0
"""Longer than the time limit of the clients that are sent here."""


@contextmanager
def bad_day(ground: Ground, octet: int, seed: int) -> Iterator[Path]:
    """Serve on 127.<octet>.0.1 until the block ends; gives the path of the kubeconfig."""
    config = json.loads(Path(ground.environment["KUBECONFIG"]).read_text())
    cluster = config["clusters"][0]["cluster"]
    authority = ground.directory / "api-ca.crt"
    authority.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    listen = f"127.{octet}.0.1:6444"
    command = [
        *(sys.executable, "-m", "tests.crash.flaky_api"),
        *("--listen", listen, "--upstream", cluster["server"].partition("://")[2], "--ca", str(authority)),
        *("--share", str(SHARE), "--seed", str(seed), "--hang-seconds", str(HANG_SECONDS)),
    ]
    process = subprocess.Popen(die_with_parent(command), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        config["clusters"][0]["cluster"] = {"server": f"http://{listen}"}
        path = ground.directory / f"bad-day-{seed}.kubeconfig"
        path.write_text(json.dumps(config))
        yield path
    finally:
        process.kill()
        process.wait()
