"""What people prefer; who reads an answer, and where they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.state.schema import Utc

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer schema."""
    op.create_table(
        "preference",
        sa.Column("caller", sa.String(length=120), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("teams", sa.JSON(), nullable=False),
        sa.Column("told_timezone", sa.String(length=60), nullable=False),
        sa.Column("told_locale", sa.String(length=20), nullable=False),
        sa.Column("at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", name=op.f("pk_preference")),
    )
    for name, length in (("locale", 20), ("timezone", 60)):
        with op.batch_alter_table("inbox") as inbox:
            inbox.add_column(sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
        with op.batch_alter_table("inbox") as inbox:
            inbox.alter_column(name, server_default=None)


def downgrade() -> None:
    """To the older schema."""
    with op.batch_alter_table("inbox") as inbox:
        inbox.drop_column("timezone")
        inbox.drop_column("locale")
    op.drop_table("preference")
