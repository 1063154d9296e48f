"""The tables. What lists and trends need is in lean rows; what only a whole run needs is kept apart.

Every change takes a migration beside it (runner/store/migrations), and a new HEAD. Times are seconds since the epoch.
JSON is kept as text: it is never searched, and SQLite and PostgreSQL give back the same.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)  # fmt: skip

HEAD = "0001"
"""The newest migration."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("experiment", Text, nullable=False),
    Column("tags", Text, nullable=False),  # JSON, a list
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("heard_at", Double, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("dry", Boolean, nullable=False),
    Column("host", Text, nullable=False),
    Column("faults", Integer),
    Column("detect", Double),
    Column("page", Double),
    Column("recover", Double),
    Index(None, "started_at"),
    Index(None, "verdict"),
)


def _run(primary: bool = True) -> Column[str]:
    return Column("run_id", Text, ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=primary)


details = Table(
    "run_details",
    metadata,
    _run(),
    Column("place", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("versions", "plan", "summary", "objectives", "stop")),  # JSON
)

budgets = Table(
    "error_budgets",
    metadata,
    _run(),
    Column("slo", Text, primary_key=True),
    Column("spent", Double),
    Column("most", Double),
)

samples = Table(
    "slo_samples",
    metadata,
    _run(),
    Column("slo", Text, primary_key=True),
    # JSON lists of the same length, but for the reasons: an object, by the index of what is unknown.
    *(Column(name, Text, nullable=False) for name in ("at", "burn", "spend", "reasons")),
)

transitions = Table(
    "ledger_transitions",
    metadata,
    _run(),
    Column("position", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("record", "fault", "target", "state", "reason")),
)

alerts = Table(
    "expected_alerts",
    metadata,
    _run(),
    Column("position", Integer, primary_key=True),
    Column("run_at", Double, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("alert", "slo", "severity", "outcome")),
    Column("muted", Boolean, nullable=False),
    Column("timeline", Text, nullable=False),  # JSON
    Index(None, "alert", "slo", "severity", "muted", "outcome", "run_at"),
)

strays = Table(
    "stray_pages",
    metadata,
    _run(),
    Column("position", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("alert", "severity", "receiver", "labels")),
)
