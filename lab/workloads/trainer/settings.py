"""What a rank is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from lab.workloads.trainer.assembly import Address


class SettingsError(ValueError):
    """An environment variable is missing or wrong; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One rank's settings; seconds and steps unless said otherwise."""

    job: str
    rank: int
    world_size: int
    pod_ip: str
    rendezvous: Address
    rendezvous_port: int
    metrics_port: int
    store_url: str
    store_timeout: float
    checkpoint_every: int
    checkpoints_kept: int
    step_seconds: float
    allreduce_timeout: float
    samples: int
    batch_size: int
    seed: int
    max_steps: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings; SettingsError names the first variable that is missing or wrong."""
        reader = _Reader(environ)
        port = reader.whole("RENDEZVOUS_PORT", 29500, least=1)
        pod_ip = reader.text("POD_IP")
        settings = cls(
            job=reader.text("JOB_NAME", "trainer"),
            rank=reader.whole("JOB_COMPLETION_INDEX"),
            world_size=reader.whole("WORLD_SIZE", 2, least=1),
            pod_ip=pod_ip,
            rendezvous=(
                reader.text("TRAINER_SERVICE_HOST", pod_ip),
                reader.whole("TRAINER_SERVICE_PORT", port, least=1),
            ),
            rendezvous_port=port,
            metrics_port=reader.whole("METRICS_PORT", 9464, least=1),
            store_url=reader.text("CHECKPOINT_URL"),
            store_timeout=reader.seconds("CHECKPOINT_TIMEOUT_SECONDS", 5.0),
            checkpoint_every=reader.whole("CHECKPOINT_EVERY_STEPS", 20, least=1),
            checkpoints_kept=reader.whole("CHECKPOINTS_KEPT", 3, least=1),
            step_seconds=reader.seconds("STEP_SECONDS", 0.1),
            allreduce_timeout=reader.seconds("ALLREDUCE_TIMEOUT_SECONDS", 5.0),
            samples=reader.whole("SAMPLES", 16384, least=1),
            batch_size=reader.whole("BATCH_SIZE", 64, least=1),
            seed=reader.whole("SEED", 7),
            max_steps=reader.whole("MAX_STEPS", 0),
        )
        if settings.rank >= settings.world_size:
            raise SettingsError(f"JOB_COMPLETION_INDEX={settings.rank} is not below WORLD_SIZE={settings.world_size}")
        if settings.rank > 0 and "TRAINER_SERVICE_HOST" not in environ:
            raise SettingsError("TRAINER_SERVICE_HOST is not set: is there a Service named trainer?")
        if settings.samples < settings.world_size:
            raise SettingsError(f"SAMPLES={settings.samples} leaves ranks without data")
        return settings

    @property
    def checkpoint_interval(self) -> float:
        """Planned seconds between checkpoints."""
        return self.checkpoint_every * self.step_seconds


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str | None = None) -> str:
        value = self._environ.get(name) or default
        if value is None:
            raise SettingsError(f"{name} is not set")
        return value

    def whole(self, name: str, default: int | None = None, least: int = 0) -> int:
        value = self.text(name, None if default is None else str(default))
        if not value.isdecimal() or int(value) < least:
            raise SettingsError(f"{name}={value!r} is not a whole number of at least {least}")
        return int(value)

    def seconds(self, name: str, default: float) -> float:
        value = self.text(name, str(default))
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds < float("inf"):
            raise SettingsError(f"{name}={value!r} is not a number of seconds")
        return seconds
