"""A Prometheus with recorded SLOs and a history that a function of time gives; it asks nobody."""

from collections.abc import Callable, Sequence
from typing import cast

from clients.prometheus import Answer, LabelledValue, Prometheus, Sample, Series, Vector
from tests.recording_prometheus import Recording, evaluated

Value = Callable[[float], float | None]


class FakeHistory:
    """`series` are by metric name ("" for none); every range query gives those whose name `asked` of it allows."""

    url = "http://prometheus.test"

    def __init__(
        self,
        series: Callable[[str], Sequence[tuple[str, Value]]],
        recording: Recording | None = None,
        warnings: tuple[str, ...] = (),
    ) -> None:
        self._series = series
        self._recording = recording or Recording()
        self._warnings = warnings
        self.ranges: list[tuple[str, float, float, float]] = []

    def vector(self, query: str, at: float) -> Vector:
        found = evaluated(self._recording, query, at)
        samples = tuple(LabelledValue(one["metric"], float(one["value"][1])) for one in found)
        return Vector(samples, at, tuple(self._recording.warnings))

    def matrix(self, query: str, start: float, end: float, step: float) -> Answer:
        self.ranges.append((query, start, end, step))
        times = [start + index * step for index in range(round((end - start) / step) + 1)]
        found = []
        for name, value in self._series(query):
            samples = [Sample(at, known) for at in times if (known := value(at)) is not None]
            if samples:
                found.append(Series({"__name__": name} if name else {}, samples))
        return Answer(tuple(found), self._warnings)

    def as_prometheus(self) -> Prometheus:
        return cast("Prometheus", self)
