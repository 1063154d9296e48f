"""Runs, what was watched, what the ledger and the alerts did, and what it cost."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Text, nullable=False),
        *_texts("title", "experiment", "tags"),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("heard_at", sa.Double, nullable=False),
        *_texts("verdict", "reason"),
        sa.Column("dry", sa.Boolean, nullable=False),
        *_texts("host"),
        sa.Column("faults", sa.Integer),
        sa.Column("detect", sa.Double),
        sa.Column("page", sa.Double),
        sa.Column("recover", sa.Double),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
    )
    op.create_index("ix_runs_started_at", "runs", ["started_at"])
    op.create_index("ix_runs_verdict", "runs", ["verdict"])
    _create_part(
        "run_details",
        *_texts("place", "digest", "token", "evidence", "versions", "plan", "summary", "objectives", "stop"),
    )
    _create_part(
        "error_budgets", *_texts("slo"), sa.Column("spent", sa.Double), sa.Column("most", sa.Double), key="slo"
    )
    _create_part("slo_samples", *_texts("slo", "at", "burn", "spend", "reasons"), key="slo")
    _create_part(
        "ledger_transitions",
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        *_texts("record", "fault", "target", "state", "reason"),
        key="position",
    )
    _create_part(
        "expected_alerts",
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("run_at", sa.Double, nullable=False),
        *_texts("alert", "slo", "severity", "outcome"),
        sa.Column("muted", sa.Boolean, nullable=False),
        *_texts("timeline"),
        key="position",
    )
    by = ["alert", "slo", "severity", "muted", "outcome", "run_at"]
    op.create_index(f"ix_expected_alerts_{'_'.join(by)}", "expected_alerts", by)
    _create_part(
        "stray_pages",
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        *_texts("alert", "severity", "receiver", "labels"),
        key="position",
    )


def downgrade() -> None:
    parts = (
        "run_details", "error_budgets", "slo_samples", "ledger_transitions", "expected_alerts", "stray_pages", "runs",
    )  # fmt: skip
    for table in parts:
        op.drop_table(table)


def _texts(*names: str) -> list[Any]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _create_part(table: str, *columns: Any, key: str = "") -> None:
    """A table of what a run has one or more of; it goes with the run."""
    op.create_table(
        table,
        sa.Column("run_id", sa.Text, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("run_id", *([key] if key else []), name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=f"fk_{table}", ondelete="CASCADE"),
    )
