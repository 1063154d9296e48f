"""What a rank is told by its environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from lab.workloads.settings import SettingError, Settings
from lab.workloads.trainer.assembly import Address


@dataclass(frozen=True, slots=True)
class RankSettings:
    """One rank's settings; seconds and steps unless said otherwise."""

    job: str
    rank: int
    world_size: int
    pod_ip: str
    rendezvous: Address
    rendezvous_port: int
    metrics_port: int
    store_url: str
    store_authority: Path | None
    """File with the authority that must have signed the store's certificate; None where it is reached without TLS."""
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
    def read(cls, reader: Settings) -> Self:
        """Read the settings; SettingError names the first variable that is missing or wrong."""
        reader.text("JOB_COMPLETION_INDEX")  # no default: two ranks 0 would be worse than none
        port = reader.count("RENDEZVOUS_PORT", 29500, minimum=1)
        pod_ip = reader.text("POD_IP")
        store_url = _store_url(reader.text("CHECKPOINT_URL"))
        settings = cls(
            job=reader.text("JOB_NAME", "trainer"),
            rank=reader.count("JOB_COMPLETION_INDEX", 0),
            world_size=reader.count("WORLD_SIZE", 2, minimum=1),
            pod_ip=pod_ip,
            rendezvous=(
                reader.text("TRAINER_SERVICE_HOST", pod_ip),
                reader.count("TRAINER_SERVICE_PORT", port, minimum=1),
            ),
            rendezvous_port=port,
            metrics_port=reader.count("METRICS_PORT", 9464, minimum=1),
            store_url=store_url,
            store_authority=reader.mount("/etc/store-ca") / "ca.crt" if store_url.startswith("https:") else None,
            store_timeout=reader.number("CHECKPOINT_TIMEOUT_SECONDS", 5.0),
            checkpoint_every=reader.count("CHECKPOINT_EVERY_STEPS", 20, minimum=1),
            checkpoints_kept=reader.count("CHECKPOINTS_KEPT", 3, minimum=1),
            step_seconds=reader.number("STEP_SECONDS", 0.1),
            allreduce_timeout=reader.number("ALLREDUCE_TIMEOUT_SECONDS", 5.0),
            samples=reader.count("SAMPLES", 16384, minimum=1),
            batch_size=reader.count("BATCH_SIZE", 64, minimum=1),
            seed=reader.count("SEED", 7),
            max_steps=reader.count("MAX_STEPS", 0),
        )
        if settings.rank >= settings.world_size:
            raise SettingError(f"JOB_COMPLETION_INDEX={settings.rank} is not below WORLD_SIZE={settings.world_size}")
        if settings.rank > 0 and reader.optional("TRAINER_SERVICE_HOST") is None:
            raise SettingError("TRAINER_SERVICE_HOST is not set: is there a Service named trainer?")
        if settings.samples < settings.world_size:
            raise SettingError(f"SAMPLES={settings.samples} leaves ranks without data")
        return settings

    @property
    def checkpoint_interval(self) -> float:
        """Planned seconds between checkpoints."""
        return self.checkpoint_every * self.step_seconds


def _store_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingError(f"CHECKPOINT_URL must be https://HOST[:PORT] or http://HOST[:PORT], not {url!r}")
    return parts.geturl()
