from pathlib import Path

import pytest

from lab.workloads.settings import SettingError, Settings
from lab.workloads.trainer.settings import RankSettings

ENVIRONMENT = {"POD_IP": "127.9.17.1", "JOB_COMPLETION_INDEX": "0", "CHECKPOINT_URL": "http://127.9.8.1:8333"}
SERVICE = {"TRAINER_SERVICE_HOST": "127.9.8.2", "TRAINER_SERVICE_PORT": "29501"}


def read(**changes: str) -> RankSettings:
    return RankSettings.read(Settings({**ENVIRONMENT, **changes}))


def test_defaults_are_those_of_the_manifest() -> None:
    settings = read()
    assert (settings.world_size, settings.step_seconds, settings.checkpoint_every) == (2, 0.1, 20)
    assert settings.checkpoint_interval == pytest.approx(2.0)


def test_a_follower_meets_rank_0_at_the_service() -> None:
    assert read(JOB_COMPLETION_INDEX="1", **SERVICE).rendezvous == ("127.9.8.2", 29501)


def test_a_store_behind_tls_is_known_by_the_authority_in_the_mounted_volume() -> None:
    settings = read(CHECKPOINT_URL="https://127.9.8.1:8333", MOUNT_ETC_STORE_CA="/volumes/ca")
    assert settings.store_authority == Path("/volumes/ca/ca.crt")
    assert read().store_authority is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"JOB_COMPLETION_INDEX": ""}, "JOB_COMPLETION_INDEX is not set"),
        ({"POD_IP": ""}, "POD_IP is not set"),
        ({"JOB_COMPLETION_INDEX": "2"}, "is not below WORLD_SIZE=2"),
        ({"JOB_COMPLETION_INDEX": "1"}, "TRAINER_SERVICE_HOST is not set"),
        ({"CHECKPOINT_URL": "s3://bucket"}, "must be https://HOST"),
        ({"CHECKPOINT_URL": "https://127.9.8.1:8333"}, "mount a volume at /etc/store-ca"),
        ({"CHECKPOINT_EVERY_STEPS": "0"}, "CHECKPOINT_EVERY_STEPS must be at least 1"),
        ({"STEP_SECONDS": "fast"}, "STEP_SECONDS must be a number"),
        ({"SAMPLES": "1"}, "leaves ranks without data"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        read(**changes)
