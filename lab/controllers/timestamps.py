"""Times as Kubernetes writes them."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def stamp(at: datetime | None = None) -> str:
    """`at` (the present if not given) as metav1.Time: RFC 3339, whole seconds, UTC."""
    return (at or now()).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> datetime:
    """The time that an RFC 3339 text tells."""
    return datetime.fromisoformat(text)
