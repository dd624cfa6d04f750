"""Workspaces that installed Pitcrew by OAuth."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.state.schema import Utc

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer schema."""
    op.create_table(
        "installation",
        sa.Column("team", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("bot_user", sa.String(length=120), nullable=False),
        sa.Column("bot", sa.String(length=120), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("team", name=op.f("pk_installation")),
    )
    op.create_table(
        "oauth_state",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("until", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_oauth_state")),
    )


def downgrade() -> None:
    """To the older schema."""
    op.drop_table("oauth_state")
    op.drop_table("installation")
