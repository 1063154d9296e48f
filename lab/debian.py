"""Debian packages as files only: fetched and verified by apt from the machine's own sources, unpacked, never installed.

No root is needed, no package database is changed, and no service is started.
"""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

SECONDS = 600

Say = Callable[[str], None]


class BringError(Exception):
    """A tool that brings programs is missing or failed; the message says which, and its last words."""


def run(command: Sequence[str], seconds: float, environment: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, check=False, env=environment, errors="replace"
        )
    except OSError as error:
        raise BringError(f"{command[0]} cannot be started: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise BringError(f"{command[0]} did not finish within {seconds:.0f} s") from error
    if done.returncode != 0:
        last_words = " | ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise BringError(f"{' '.join(command[:2])} failed with status {done.returncode}: {last_words}")
    return done.stdout


def unpack(packages: Sequence[str], place: Path, say: Say) -> Path:
    """Unpack the packages, and whatever of their dependencies this machine lacks, below `place`; the root is returned.

    `say` is told each step. Raises BringError.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise BringError(f"no apt here: install {', '.join(packages)} by your package manager and put them on PATH")
    lists, cache, root = place / "apt" / "lists", place / "apt" / "cache", place / "root"
    for directory in (lists / "partial", cache / "archives" / "partial", root):
        directory.mkdir(parents=True, exist_ok=True)
    apt = [
        "apt-get",
        "-q",
        "-y",
        "-o", f"Dir::State::Lists={lists}",
        "-o", f"Dir::Cache={cache}",
        "-o", "Debug::NoLocking=true",
        "-o", "APT::Sandbox::User=",
        "-o", "APT::Update::Error-Mode=any",
    ]  # fmt: skip
    say("reading the package lists (apt-get update, into a directory of ours)")
    run([*apt, "update"], SECONDS)
    say(f"fetching {', '.join(packages)} with what they need (apt-get --download-only)")
    run([*apt, "install", "--download-only", "--no-install-recommends", *packages], SECONDS)
    archives = sorted((cache / "archives").glob("*.deb"))
    say(f"unpacking {len(archives)} packages into {root} (nothing is installed, no service is started)")
    for archive in archives:
        run(["dpkg-deb", "--extract", str(archive), str(root)], SECONDS)
    shutil.rmtree(place / "apt")
    return root


def library_directories(root: Path) -> list[str]:
    """Where the unpacked libraries are: what a program that was unpacked with them has to look through."""
    found = {str(path.parent) for path in root.rglob("*.so*") if path.is_file()}
    return sorted(found, key=lambda directory: (directory.count("/"), directory))
