"""Asks whose work was cancelled, and by whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer schema."""
    with op.batch_alter_table("inbox") as inbox:
        inbox.add_column(sa.Column("cancelled", sa.String(length=200), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    """To the older schema."""
    with op.batch_alter_table("inbox") as inbox:
        inbox.drop_column("cancelled")
