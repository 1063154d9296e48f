"""Activities of the tests: they block, they swallow, they tell."""

import contextlib
import os
import signal
import time
from pathlib import Path

from clients.prometheus import Prometheus

BLOCKED_SECONDS = 60.0


def block(marker: str, seconds: float = BLOCKED_SECONDS) -> bool:
    """Wait, by default for much longer than any test does."""
    Path(marker).touch()
    time.sleep(seconds)
    return True


def swallow(marker: str) -> bool:
    """Wait, and take the first attempt to end it for nothing."""
    Path(marker).touch()
    with contextlib.suppress(SystemExit):
        time.sleep(BLOCKED_SECONDS)
    Path(marker).with_suffix(".swallowed").touch()
    time.sleep(BLOCKED_SECONDS)
    return True


def note(marker: str) -> bool:
    """Say that it ran."""
    Path(marker).touch()
    return True


def begun(marker: str) -> bool:
    """Say when it ran (seconds since the epoch), and what the process had taken until then (CPU seconds)."""
    Path(marker).write_text(f"{time.time()} {time.process_time()}")
    return True


def asked(url: str) -> bool:
    """Ask Prometheus something."""
    with Prometheus(url) as prometheus:
        prometheus.vector("up", time.time())
    return True


def leave() -> bool:
    """What chaoslib.exit.exit_gracefully does."""
    os.kill(os.getpid(), signal.SIGUSR1)
    time.sleep(BLOCKED_SECONDS)
    return True
