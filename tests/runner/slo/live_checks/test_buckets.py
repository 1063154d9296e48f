"""Latency thresholds in another unit than the histogram's."""

import pytest

from runner.slo.live_checks.buckets import bucket_problems
from slos.model import LatencyThreshold
from tests.runner.slo.live_checks.fake_metadata import FakeMetadata, series
from tests.slos.rules.declared import slo

SERIES = [series("ttft_seconds_bucket", le=edge) for edge in ("0.5", "1.0", "2.5", "+Inf")]


@pytest.mark.parametrize(
    ("threshold", "remedy"),
    [
        (700, "write 0.5 or 1, if 700 are milliseconds and the histogram is in seconds"),
        (1000, "write 1, if 1000 are milliseconds and the histogram is in seconds"),
        (60, "write 2.5"),
        (9000, "write 2.5"),
    ],
)
def test_a_threshold_that_fits_in_milliseconds_names_the_edges_in_seconds(threshold: float, remedy: str) -> None:
    indicator = LatencyThreshold("ttft_seconds", threshold)
    (problem,) = bucket_problems([slo(indicator=indicator)], FakeMetadata(SERIES))
    assert problem.remedy == remedy
