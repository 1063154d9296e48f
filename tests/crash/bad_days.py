"""A kubeconfig whose API server spoils a third of the requests, from a run's first record in the ledger on."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.processes import die_with_parent
from tests.crash.ground import LEDGER, Ground

SHARE = 1 / 3
HANG_SECONDS = 3.0
"""Longer than the time limit of the clients that are sent here."""


FIRST_PORT = 6500


@contextmanager
def bad_day(ground: Ground, octet: int, seed: int, number: int) -> Iterator[tuple[Path, Path]]:
    """Serve one run on 127.<octet>.0.1 until the block ends: the kubeconfig, and a file that is there once it is bad.

    `number` tells runs of one moment apart.
    """
    config = json.loads(Path(ground.environment["KUBECONFIG"]).read_text())
    cluster = config["clusters"][0]["cluster"]
    began = ground.directory / f"bad-day-{seed}-{number}"
    began.unlink(missing_ok=True)
    authority = ground.directory / f"api-ca-{seed}-{number}.crt"
    authority.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    listen = f"127.{octet}.0.1:{FIRST_PORT + number}"
    command = [
        *(sys.executable, "-m", "tests.crash.flaky_api"),
        *("--listen", listen, "--upstream", cluster["server"].partition("://")[2], "--ca", str(authority)),
        *("--share", str(SHARE), "--seed", str(100 * seed + number), "--hang-seconds", str(HANG_SECONDS)),
        *("--calm-until", f"POST /api/v1/namespaces/{LEDGER}/configmaps", "--tell", str(began)),
    ]
    process = subprocess.Popen(die_with_parent(command), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        config["clusters"][0]["cluster"] = {"server": f"http://{listen}"}
        path = ground.directory / f"bad-day-{seed}-{number}.kubeconfig"
        path.write_text(json.dumps(config))
        yield path, began
    finally:
        process.kill()
        process.wait()
