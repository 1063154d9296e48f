"""Brings the servers that a machine lacks, as files only: no root, no package database, no system service.

Debian packages are fetched and verified by apt from the machine's own sources, then unpacked below one directory;
installing them the ordinary way would start Prometheus and Redis as services and enable them at every boot.
Toxiproxy is in no Debian release and is built by the Go tool chain.
"""

import os
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.debian import BringError, Say, run, unpack
from lab.servers import SERVERS, TOXIPROXY, TOXIPROXY_PACKAGE, Server, brought_directory, find, find_program

COMPANIONS = {
    "kubectl": "kubernetes-client",
    "promtool": "prometheus",
    "amtool": "prometheus-alertmanager",
    "redis-cli": "redis-tools",
}
"""Programs for people and tests that look into a lab, and the Debian packages they come in."""

GO_SECONDS = 1200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one server: `path` where it is now, or `problem` with what a person can do."""

    server: Server
    path: str | None
    problem: str = ""


def bring_missing(say: Say) -> list[Outcome]:
    """Bring whatever is not found; `say` is told each step. One that cannot be brought does not stop the others."""
    missing = [server for server in SERVERS if find(server) is None]
    problems: dict[str, str] = {}
    packages = [server.debian_package for server in missing if server.debian_package]
    packages += [package for program, package in COMPANIONS.items() if find_program(program) is None]
    if packages:
        try:
            _unpack_debian(packages, say)
        except BringError as error:
            problems.update({server.name: str(error) for server in missing if server.debian_package})
    if TOXIPROXY in missing:
        try:
            _build_toxiproxy(say)
        except BringError as error:
            problems[TOXIPROXY.name] = str(error)
    return [Outcome(server, find(server), problems.get(server.name, "")) for server in SERVERS]


def _unpack_debian(packages: Sequence[str], say: Say) -> None:
    root = unpack(packages, brought_directory(), say)
    for name in (*(binary for server in SERVERS for binary in server.binaries), *COMPANIONS):
        if (program := root / "usr" / "bin" / name).exists():
            _wrap(program, root)


def _wrap(program: Path, root: Path) -> None:
    """A script that runs an unpacked program with the libraries and the data that were unpacked beside it.

    Debian's builds read their data from below /usr/share: in a mount namespace of its own the program sees the unpacked
    one there. Where the kernel allows no such namespace it runs without: Prometheus then has no web pages, and
    Alertmanager says which template it misses.
    """
    libraries = [str(found) for parent in ("lib", "usr/lib") for found in (root / parent).glob("*-linux-gnu*")]
    share = root / "usr" / "share"
    install_script(
        program.name,
        f"""#!/bin/sh
export LD_LIBRARY_PATH="{":".join(libraries)}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
own="--mount"
[ "$(id -u)" = 0 ] || own="--mount --user --map-root-user"
if unshare $own -- mount --bind "{share}" /usr/share 2>/dev/null; then
  exec unshare $own -- sh -c 'mount --bind "$1" /usr/share && shift && exec "$@"' sh "{share}" "{program}" "$@"
fi
exec "{program}" "$@"
""",
    )


def install_script(name: str, text: str) -> None:
    """Put a program of this name beside the servers that were brought."""
    target = brought_directory() / "bin" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    target.chmod(target.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _build_toxiproxy(say: Say) -> None:
    if shutil.which("go") is None:
        raise BringError("no Go here: install Go 1.23 or newer, or put a toxiproxy-server program on PATH")
    build = brought_directory() / "build"
    say(f"building Toxiproxy (go install {TOXIPROXY_PACKAGE}; a minute or two)")
    places = {"GOBIN": str(build), "GOMODCACHE": str(build / "modules"), "GOCACHE": str(build / "cache")}
    # Go makes its module cache read-only, and then cannot be rid of it, unless told otherwise.
    flags = f"{os.environ.get('GOFLAGS', '')} -modcacherw".strip()
    run(["go", "install", TOXIPROXY_PACKAGE], GO_SECONDS, {**os.environ, **places, "GOFLAGS": flags})
    target = brought_directory() / "bin" / "toxiproxy-server"
    target.parent.mkdir(parents=True, exist_ok=True)
    (build / "server").replace(target)
    shutil.rmtree(build)
