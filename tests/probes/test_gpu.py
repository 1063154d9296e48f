"""Whether DCGM's exporter shows an error, as a detector that reads it would see it."""

import time
from collections.abc import Iterator

import pytest

from probes.gpu import NotShownError, xid_shown
from probes.reading import NoReadingError
from tests.recorded_slos import Series
from tests.recording_prometheus import Recording, recording_prometheus


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture
def url(recording: Recording) -> Iterator[str]:
    with recording_prometheus(recording) as address:
        yield address


def gpu(value: float, node: str = "gpu-a") -> Series:
    return Series("DCGM_FI_DEV_XID_ERRORS", {"gpu": "0", "Hostname": node}, value, time.time())


def test_the_gpu_that_shows_it_is_named(recording: Recording, url: str) -> None:
    recording.more = [gpu(0.0, "gpu-b"), gpu(79.0)]
    shown = xid_shown(url, 79, within_seconds=0)
    assert shown["Hostname"] == "gpu-a"
    assert float(shown["waited_seconds"]) >= 0


def test_only_gpus_of_the_selector_count(recording: Recording, url: str) -> None:
    recording.more = [gpu(79.0), gpu(0.0, "gpu-b")]
    with pytest.raises(NotShownError, match=r"no GPU of .*gpu-b.* shows XID 79 within 0 s; shown are: 0"):
        xid_shown(url, 79, 'Hostname="gpu-b"', within_seconds=0)


def test_another_error_is_not_this_one(recording: Recording, url: str) -> None:
    recording.more = [gpu(48.0)]
    with pytest.raises(NotShownError, match="shown are: 48"):
        xid_shown(url, 79, within_seconds=0)


def test_without_series_nothing_is_known(url: str) -> None:
    with pytest.raises(NoReadingError, match="has no data: there are none"):
        xid_shown(url, 79, within_seconds=0)


def test_without_prometheus_nothing_is_known() -> None:
    with pytest.raises(NoReadingError, match=r"has no data: .*refused"):
        xid_shown("http://127.0.0.1:1", 79, within_seconds=0)
