"""What a run is called."""

import secrets
from datetime import UTC, datetime


def new_run_id(now: float) -> str:
    """Sorts by time, and is unique: 20261122T163800Z-ab12cd."""
    return f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
