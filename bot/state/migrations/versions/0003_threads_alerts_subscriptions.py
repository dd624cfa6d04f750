"""Messages under others, alerts and where they were told, subscriptions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.state.schema import Utc

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer schema."""
    op.add_column("outbox", sa.Column("under", sa.String(length=500), nullable=False, server_default=sa.text("''")))
    op.add_column("message", sa.Column("user", sa.String(length=120), nullable=False, server_default=sa.text("''")))
    op.create_table(
        "alert",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("amount", sa.String(length=60), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("opened", Utc(timezone=True), nullable=False),
        sa.Column("changed", Utc(timezone=True), nullable=False),
        sa.Column("closed", Utc(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert_state"), "alert", ["state"])
    op.create_table(
        "told",
        sa.Column("alert", sa.String(length=40), nullable=False),
        sa.Column("lane", sa.String(length=300), nullable=False),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("root", sa.String(length=500), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_told_alert")),
        sa.PrimaryKeyConstraint("alert", "lane", name=op.f("pk_told")),
    )
    op.create_index(op.f("ix_told_lane_day"), "told", ["lane", "day"])
    op.create_table(
        "subscription",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("rhythm", sa.String(length=20), nullable=False),
        sa.Column("ask", sa.Text(), nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("quiet", sa.String(length=20), nullable=False),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )


def downgrade() -> None:
    """To the older schema."""
    for table in ("subscription", "told", "alert"):
        op.drop_table(table)
    with op.batch_alter_table("message") as batch:
        batch.drop_column("user")
    with op.batch_alter_table("outbox") as batch:
        batch.drop_column("under")
