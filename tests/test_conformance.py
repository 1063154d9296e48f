"""The embedded Kubernetes API, its controllers and kubelets against the checks that a real control plane passes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.labs import a_lab

SUITE = Path(__file__).parent / "conformance"


@pytest.mark.lab
def test_the_lab_passes_every_conformance_check_of_a_real_control_plane() -> None:
    with a_lab() as lab:
        lab.up("--bare")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", str(SUITE)],
            env={**os.environ, **lab.environment()},
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-8000:] + lab.logs()
        assert "50 passed" in done.stdout.splitlines()[-1], done.stdout[-500:]
