"""Reaching a Toxiproxy server."""


class Toxiproxy:
    """One server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def close(self) -> None:
        """Let go of connections."""
