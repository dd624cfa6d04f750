"""Findings that are said to be done, are exempt, have an owner and are sent on; steps that can be taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.state.schema import Utc

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To the newer schema."""
    op.add_column("finding", sa.Column("fixed_at", Utc(timezone=True)))
    for name, kind in (
        ("mover", sa.String(length=120)),
        ("team", sa.String(length=200)),
        ("whose", sa.String(length=320)),
        ("why_whose", sa.Text()),
    ):
        op.add_column("finding", sa.Column(name, kind))
    op.execute("UPDATE finding SET fixed_at = changed_at WHERE state = 'resolved'")
    op.add_column("history", sa.Column("version", sa.Integer()))
    op.add_column("history", sa.Column("was", sa.JSON(none_as_null=True)))
    op.create_table(
        "exemption",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("check", sa.String(length=80), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", Utc(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(length=200), nullable=False),
        sa.Column("ended_at", Utc(timezone=True)),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_exemption")),
    )
    op.create_table(
        "link",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("of", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("failed", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_link")),
    )
    op.create_index(op.f("ix_link_of_target"), "link", ["of", "target"], unique=True)
    op.create_table(
        "silence",
        sa.Column("whom", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("whom", name=op.f("pk_silence")),
    )


def downgrade() -> None:
    """To the older schema."""
    for table in ("silence", "link", "exemption"):
        op.drop_table(table)
    for table, columns in (
        ("history", ("was", "version")),
        ("finding", ("why_whose", "whose", "team", "mover", "fixed_at")),
    ):
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
