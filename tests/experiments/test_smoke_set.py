"""`chaos smoke` in the whole lab, as CI calls it: judged, written down, and ended in good order when CI gives up."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests

from tests.experiments.chaos import CHAOS, REPOSITORY
from tests.experiments.test_in_the_lab import wait_until_calm
from tests.lab.labs import Lab
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.lab,
    pytest.mark.xdist_group("full-lab"),
    pytest.mark.timeout(300),
    pytest.mark.needs("prometheus", "toxiproxy"),
]

EXPERIMENT = REPOSITORY / "experiments" / "serving" / "llm-path-latency.yaml"
SET = f"""
title: The path to the models is slow three times
max_spend: 50%
experiments:
  - {{file: {EXPERIMENT}, defaults: {{FAULT_SECONDS: "3", SLI_WINDOW_SECONDS: "5"}}}}
  - {{file: {EXPERIMENT}, defaults: {{FAULT_SECONDS: "120", SLI_WINDOW_SECONDS: "5"}}}}
  - {{file: {EXPERIMENT}}}
"""


def test_ci_that_gives_up_ends_the_run_takes_its_fault_out_and_has_what_ran_until_then(
    full_lab: Lab, tmp_path: Path
) -> None:
    wait_until_calm(full_lab)
    environment = {**os.environ, **full_lab.environment()}
    (tmp_path / "suite.yaml").write_text(SET)
    junit, printed, said = tmp_path / "smoke.xml", tmp_path / "printed", tmp_path / "said"
    command = [
        str(CHAOS),
        "--no-version-check",
        "--no-log-file",
        "smoke",
        str(tmp_path),
        "--json",
        "--junit",
        str(junit),
    ]
    with printed.open("w") as out, said.open("w") as err:
        smoke = subprocess.Popen(command, env=environment, stdout=out, stderr=err, cwd=REPOSITORY)
    try:
        wait_for(lambda: "[2/3]" in said.read_text() or smoke.poll() is not None, 60, every=0.2)
        wait_for(lambda: toxics(environment["TOXIPROXY_URL"]) or smoke.poll() is not None, 60, every=0.2)
        smoke.send_signal(signal.SIGTERM)
        smoke.wait(120)
    finally:
        smoke.kill()
    assert toxics(environment["TOXIPROXY_URL"]) == []
    document = json.loads(printed.read_text())
    first, *others = [run["verdict"] for run in document["runs"]]
    assert others == ["aborted", "not run"], said.read_text()
    assert document["stopped"] == "the set was interrupted"
    assert document["runs"][0]["run_id"]
    # On a machine that is busy with other tests the first may really have missed an objective; all says the same then.
    assert smoke.returncode == document["exit_status"] == (3 if first == "held" else document["exit_status"])
    assert smoke.returncode != 0
    counts = ET.fromstring(junit.read_bytes())  # noqa: S314 (our own text)
    assert (counts.get("tests"), counts.get("skipped")) == ("3", "1")
    assert int(counts.get("errors", 0)) + int(counts.get("failures", 0)) == 1 + (first != "held")


def toxics(toxiproxy_url: str) -> list[Any]:
    """Those on the path to the models; an undo makes the path anew, so it may not be there for a moment."""
    proxies: dict[str, Any] = requests.get(f"{toxiproxy_url}/proxies", timeout=30).json()
    found: list[Any] = proxies.get("llm", {}).get("toxics", [])
    return found
