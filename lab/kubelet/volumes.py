"""Volumes as directories. Secrets and ConfigMaps change under their readers in one step: a symbolic link is swapped."""

import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from lab.kubeclient import Document
from lab.kubelet.sources import CONFIG_MAP, SECRET, Lookup, MissingSourceError, Reference

DATA = "..data"
DEFAULT_MODE = 0o644
PROGRAMS = "MOUNT_USR_LOCAL_BIN"

Payload = Mapping[str, tuple[bytes, int]]
"""Relative path -> (content, mode)."""


class UnknownVolumeError(Exception):
    """A kind of volume that the lab does not have; the message says which it has."""


def mount_environment(container: Document, volumes: Mapping[str, Path]) -> dict[str, str]:
    """`MOUNT_ETC_TLS=/...` for a mount at /etc/tls: without a chroot, a container finds its mounts by these.

    UnknownVolumeError if a mount names a volume that the pod does not have.
    """
    found = {}
    for mount in container.get("volumeMounts") or []:
        if mount["name"] not in volumes:
            raise UnknownVolumeError(f'volume mount "{mount["name"]}" names no volume of the pod')
        path = volumes[mount["name"]] / mount.get("subPath", "")
        found["MOUNT_" + re.sub(r"[^A-Za-z0-9]", "_", mount["mountPath"].strip("/")).upper()] = str(path)
    return found


def references(volume: Document) -> Iterator[Reference]:
    """The ConfigMaps and Secrets that the volume shows."""
    for source in _sources(volume):
        yield _reference(source)


def payload(volume: Document, lookup: Lookup) -> Payload | None:
    """The files of a secret, configMap or projected volume, None for other volumes.

    MissingSourceError names the object or key that is not there (and is not optional).
    """
    if not _is_payload(volume):
        return None
    files: dict[str, tuple[bytes, int]] = {}
    for source in _sources(volume):
        files |= _files(source, lookup)
    return files


def _files(source: Document, lookup: Lookup) -> dict[str, tuple[bytes, int]]:
    block, reference = next(iter(source.values())), _reference(source)
    data = lookup(reference)
    if data is None:
        if block.get("optional"):
            return {}
        raise MissingSourceError(f'{reference.kind.lower()} "{reference.name}" not found')
    mode = block.get("defaultMode", DEFAULT_MODE)
    if "items" not in block:
        return {key: (value, mode) for key, value in data.items()}
    files = {}
    for item in block["items"]:
        if item["key"] in data:
            files[item["path"]] = (data[item["key"]], item.get("mode", mode))
        elif not block.get("optional"):
            raise MissingSourceError(f"couldn't find key {item['key']} in {reference.kind} {reference.name}")
    return files


def _is_payload(volume: Document) -> bool:
    return bool({"secret", "configMap", "projected"} & volume.keys())


def _sources(volume: Document) -> list[Document]:
    """The volume's blocks, each `{"secret": {...}}` or `{"configMap": {...}}`."""
    blocks = (volume.get("projected") or {}).get("sources", []) if "projected" in volume else [volume]
    return [{kind: block[kind]} for block in blocks for kind in ("secret", "configMap") if kind in block]


def _reference(source: Document) -> Reference:
    if "secret" in source:
        return Reference(SECRET, source["secret"].get("secretName") or source["secret"]["name"])
    return Reference(CONFIG_MAP, source["configMap"]["name"])


def prepare(volume: Document, directory: Path, lookup: Lookup) -> Path:
    """Make the volume at `directory` (or bring it up to date) and give the path that mounts of it see."""
    if "hostPath" in volume:
        return Path(volume["hostPath"]["path"])
    files = payload(volume, lookup)
    if files is None and "emptyDir" not in volume:
        kinds = ", ".join(sorted(volume.keys() - {"name"}))
        raise UnknownVolumeError(
            f'volume "{volume["name"]}" is of a kind ({kinds}) that the lab does not have; '
            "it has secret, configMap, projected, emptyDir and hostPath"
        )
    directory.mkdir(parents=True, exist_ok=True)
    if files is not None:
        publish(directory, files)
    return directory


def publish(directory: Path, files: Payload) -> bool:
    """Make `directory` show exactly `files`, all changes at one instant; False if it showed them already."""
    data = directory / DATA
    if data.is_symlink() and _shown(data) == files:
        return False
    fresh = directory / f"..{uuid.uuid4().hex[:12]}"
    for name, (content, mode) in files.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
    fresh.mkdir(exist_ok=True)
    old = data.resolve() if data.is_symlink() else None
    swap = directory / "..swap"
    swap.unlink(missing_ok=True)
    swap.symlink_to(fresh.name)
    swap.replace(data)
    _link_names(directory, {Path(name).parts[0] for name in files})
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)
    return True


def _link_names(directory: Path, names: set[str]) -> None:
    """The names that readers open are links through `..data`, which is what makes the swap reach them all at once."""
    for name in names:
        if not (directory / name).is_symlink():
            (directory / name).symlink_to(f"{DATA}/{name}")
    for entry in directory.iterdir():
        if entry.is_symlink() and not entry.name.startswith("..") and entry.name not in names:
            entry.unlink()


def _shown(data: Path) -> Payload:
    files = [path for path in data.rglob("*") if path.is_file()]
    return {str(path.relative_to(data)): (path.read_bytes(), path.stat().st_mode & 0o777) for path in files}
