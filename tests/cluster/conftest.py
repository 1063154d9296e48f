"""The cluster of tests that need only a Kubernetes API.

`make test-cluster KUBECONFIG=...` gives one (and says so with MLCHAOS_TEST_CLUSTER, so that no other command ever works
on the cluster that a shell happens to point to); otherwise the lab's API server and controllers are started.
"""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.processes import die_with_parent
from tests.cluster.workloads import Cluster
from tests.lab.apiserver_process import running_apiserver
from tests.octets import reserved_octet


@pytest.fixture(scope="session")
def cluster_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a cluster with controllers."""
    given = os.environ.get("KUBECONFIG")
    if os.environ.get("MLCHAOS_TEST_CLUSTER") and given:
        yield Path(given)
        return
    directory = tmp_path_factory.mktemp("cluster")
    with reserved_octet() as octet, running_apiserver(octet, directory) as kubeconfig:
        with (directory / "controllers.log").open("wb") as log:
            controllers = subprocess.Popen(
                die_with_parent([sys.executable, "-m", "lab.controllers"]),
                stderr=log,
                env={**os.environ, "KUBECONFIG": str(kubeconfig), "MLCHAOS_LAB": f"test-{octet}"},
            )
        try:
            yield kubeconfig
        finally:
            controllers.kill()
            controllers.wait()


@pytest.fixture
def cluster(cluster_kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A namespace of the test's own; KUBECONFIG points to its cluster."""
    monkeypatch.setenv("KUBECONFIG", str(cluster_kubeconfig))
    with Cluster(cluster_kubeconfig, f"mlchaos-test-{uuid.uuid4().hex[:8]}") as made:
        yield made
