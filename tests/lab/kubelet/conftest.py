from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.kubelet.cluster import Cluster, a_cluster


@pytest.fixture
def cluster(lab_octet: int, tmp_path: Path) -> Iterator[Cluster]:
    """An API server and one kubelet, node-0."""
    with a_cluster(lab_octet, tmp_path) as cluster:
        cluster.start_kubelet()
        yield cluster
