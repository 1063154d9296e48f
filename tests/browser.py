"""The browser of the tests: Debian's Chromium. `python -m tests.browser` brings it where the machine has none."""

import sys
from pathlib import Path

from lab.bring import install_script
from lab.debian import BringError, library_directories, unpack
from lab.servers import brought_directory, find_program

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")
BRING = "make browser"
"""The command that brings it."""


def find_browser() -> str | None:
    """The path of a Chromium: from PATH, else the one that was brought."""
    return next((found for name in NAMES if (found := find_program(name))), None)


def bring() -> None:
    """Unpack Chromium beside the servers that were brought. Raises BringError."""
    root = unpack(PACKAGES, brought_directory() / "browser", lambda step: print(f"  {step}", file=sys.stderr))
    install_script("chromium", wrapper(root))


def wrapper(root: Path) -> str:
    """A script that runs the unpacked Chromium with its own libraries, and fonts where the machine has none."""
    return f"""#!/bin/sh
export LD_LIBRARY_PATH="{":".join(library_directories(root))}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE="{root}/etc/fonts/fonts.conf"
export XDG_DATA_DIRS="{root}/usr/share:/usr/local/share:/usr/share"
exec "{root}/usr/lib/chromium/chromium" "$@"
"""


if __name__ == "__main__":
    if find_browser() is None:
        try:
            bring()
        except BringError as error:
            sys.exit(f"no browser, so what needs one is skipped by name: {error}")
