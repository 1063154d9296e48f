"""Volumes: what files they hold, and how they change under their readers."""

from pathlib import Path
from typing import Any

import pytest

from lab.kubelet.sources import CONFIG_MAP, SECRET, MissingSourceError, Reference
from lab.kubelet.volumes import (
    UnknownVolumeError,
    mount_environment,
    payload,
    prepare,
    publish,
    references,
)

SOURCES = {
    Reference(SECRET, "tls"): {"tls.crt": b"crt", "tls.key": b"key"},
    Reference(CONFIG_MAP, "c"): {"a": b"1"},
}
TLS = {"name": "v", "secret": {"secretName": "tls"}}


def test_a_mount_is_found_by_the_path_it_would_have() -> None:
    mounts = [{"name": "t", "mountPath": "/etc/tls"}, {"name": "d", "mountPath": "/var/lib/my-data/", "subPath": "x"}]
    found = mount_environment({"volumeMounts": mounts}, {"t": Path("/v/t"), "d": Path("/v/d")})
    assert found == {"MOUNT_ETC_TLS": "/v/t", "MOUNT_VAR_LIB_MY_DATA": "/v/d/x"}


def test_a_mount_of_no_volume_is_named() -> None:
    with pytest.raises(UnknownVolumeError, match='"t"'):
        mount_environment({"volumeMounts": [{"name": "t", "mountPath": "/t"}]}, {})


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        (TLS, {"tls.crt": (b"crt", 0o644), "tls.key": (b"key", 0o644)}),
        (
            {
                "name": "v",
                "secret": {"secretName": "tls", "defaultMode": 0o400, "items": [{"key": "tls.key", "path": "d/k"}]},
            },
            {"d/k": (b"key", 0o400)},
        ),
        (
            {"name": "v", "projected": {"sources": [{"secret": {"name": "tls"}}, {"configMap": {"name": "c"}}]}},
            {"tls.crt": (b"crt", 0o644), "tls.key": (b"key", 0o644), "a": (b"1", 0o644)},
        ),
        ({"name": "v", "configMap": {"name": "no", "optional": True}}, {}),
        ({"name": "v", "emptyDir": {}}, None),
    ],
)
def test_the_files_of_a_volume(volume: dict[str, Any], expected: dict[str, Any] | None) -> None:
    assert payload(volume, SOURCES.get) == expected


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"name": "v", "configMap": {"name": "no"}}, 'configmap "no" not found'),
        ({"name": "v", "configMap": {"name": "c", "items": [{"key": "z", "path": "z"}]}}, "key z in ConfigMap c"),
    ],
)
def test_what_a_volume_misses_is_named(volume: dict[str, Any], message: str) -> None:
    with pytest.raises(MissingSourceError, match=message):
        payload(volume, SOURCES.get)


def test_the_objects_that_a_volume_shows() -> None:
    assert list(references(TLS)) == [Reference(SECRET, "tls")]
    assert list(references({"name": "v", "emptyDir": {}})) == []


def test_a_kind_that_the_lab_does_not_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownVolumeError, match="persistentVolumeClaim"):
        prepare({"name": "v", "persistentVolumeClaim": {"claimName": "x"}}, tmp_path / "v", SOURCES.get)


def test_a_change_reaches_all_files_and_removes_the_old_ones(tmp_path: Path) -> None:
    assert publish(tmp_path, {"a": (b"1", 0o644), "b": (b"2", 0o600), "d/e": (b"3", 0o644)})
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    assert publish(tmp_path, {"a": (b"9", 0o644), "d/e": (b"3", 0o644)})
    assert (tmp_path / "a").read_bytes() == b"9"
    assert (tmp_path / "d" / "e").read_bytes() == b"3"
    assert not (tmp_path / "b").is_symlink()
    assert len([entry for entry in tmp_path.iterdir() if entry.is_dir() and not entry.is_symlink()]) == 1


def test_no_change_writes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, {"a": (b"1", 0o644)})
    before = (tmp_path / "..data").readlink()
    assert not publish(tmp_path, {"a": (b"1", 0o644)})
    assert (tmp_path / "..data").readlink() == before


def test_a_reader_of_an_open_directory_sees_one_generation(tmp_path: Path) -> None:
    publish(tmp_path, {"crt": (b"old", 0o644), "key": (b"old", 0o644)})
    with (tmp_path / "crt").open("rb") as crt:
        publish(tmp_path, {"crt": (b"new", 0o644), "key": (b"new", 0o644)})
        assert crt.read() == b"old"
    assert (tmp_path / "key").read_bytes() == b"new"
