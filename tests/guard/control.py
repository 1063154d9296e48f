"""A control of the tests: it stands in a hook when the signal comes."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.waiting import wait_for

MARKER = "MLCHAOS_TEST_HOOK"
"""The file whose appearance lets the hook go on."""


def after_activity_control(context: Mapping[str, Any]) -> None:
    """Stand still in the hook after the activity called `stand`, until the marker is there."""
    if context.get("name") == "stand":
        marker = Path(os.environ[MARKER])
        marker.with_suffix(".standing").touch()
        wait_for(marker.exists, 60)
