"""Sloth, the generator that ours is measured against: built once with the Go tool chain, kept in the environment."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "v0.16.0"
BUILD_SECONDS = 1200
KEPT = Path(sys.prefix) / "share" / "mlchaos" / "bench" / f"sloth-{VERSION}"


def sloth() -> str | None:
    """The path of the program; None, and a line on standard error that says why, where it cannot be had."""
    if KEPT.exists():
        return str(KEPT)
    if shutil.which("go") is None:
        problem = "no Go here to build it with"
    else:
        print(f"    building Sloth {VERSION} (a minute or two)", file=sys.stderr, flush=True)
        problem = _build()
    if not problem:
        return str(KEPT)
    print(f"    WITHOUT Sloth, so without a ratio: {problem}", file=sys.stderr, flush=True)
    return None


def _build() -> str:
    """Build it in a module of its own; the last words of a step that failed.

    `go install PACKAGE@VERSION` would also ask which other versions there are, which not every proxy tells.
    """
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    flags = f"{os.environ.get('GOFLAGS', '')} -modcacherw".strip()
    with tempfile.TemporaryDirectory() as module:
        for arguments in (
            ["mod", "init", "bench"],
            ["get", f"github.com/slok/sloth@{VERSION}"],
            ["get", f"github.com/slok/sloth/cmd/sloth@{VERSION}"],
            ["build", "-o", str(KEPT), "github.com/slok/sloth/cmd/sloth"],
        ):
            done = subprocess.run(
                ["go", *arguments],
                cwd=module,
                env=os.environ | {"GOFLAGS": flags},
                capture_output=True,
                text=True,
                timeout=BUILD_SECONDS,
                check=False,
            )
            if done.returncode != 0:
                return f"go {' '.join(arguments)}: {done.stderr.strip()[-300:]}"
    return ""
