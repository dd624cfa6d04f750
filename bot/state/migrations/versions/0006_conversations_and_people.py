"""The conversations and the people that a platform told us of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.state.schema import Utc

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer schema."""
    op.create_table(
        "conversation",
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("tenant", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("service_url", sa.Text(), nullable=False),
        sa.Column("team", sa.String(length=200), nullable=False),
        sa.Column("team_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user", sa.String(length=120), nullable=False),
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform", "tenant", "id", name=op.f("pk_conversation")),
    )
    op.create_index(op.f("ix_conversation_user"), "conversation", ["user"])
    op.create_table(
        "person",
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("tenant", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("member", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("timezone", sa.String(length=80), nullable=False),
        sa.Column("locale", sa.String(length=40), nullable=False),
        sa.Column("at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform", "tenant", "id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_email"), "person", ["email"])


def downgrade() -> None:
    """To the older schema."""
    for table in ("person", "conversation"):
        op.drop_table(table)
