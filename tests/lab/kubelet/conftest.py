from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.kubelet.cluster import Cluster, a_cluster
from tests.octets import reserved_octet


@pytest.fixture
def cluster(lab_octet: int, tmp_path: Path) -> Iterator[Cluster]:
    """An API server and one kubelet, node-0, to be broken by one test."""
    with a_cluster(lab_octet, tmp_path) as cluster:
        cluster.start_kubelet()
        yield cluster


@pytest.fixture(scope="package")
def _shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with reserved_octet() as octet, a_cluster(octet, tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.start_kubelet()
        yield cluster


@pytest.fixture
def shared_cluster(_shared_cluster: Cluster) -> Iterator[Cluster]:
    """An API server and one kubelet that the tests of a worker share; every pod of a test is gone after it."""
    yield _shared_cluster
    _shared_cluster.clear()
