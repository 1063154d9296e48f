"""Values of metrics as texts that a test can name: `metric{label="value"}`."""

from collections.abc import Iterable

from runner.exporter.values import Value


def series(values: Iterable[Value]) -> dict[str, float]:
    """Each value under its series."""
    return {_name(one): float(one.value) for one in values}


def _name(one: Value) -> str:
    labels = ",".join(f'{name}="{text}"' for name, text in zip(one.metric.labels, one.labels, strict=True))
    return f"{one.metric.name}{{{labels}}}" if labels else one.metric.name
