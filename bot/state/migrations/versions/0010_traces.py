"""Which ask a message comes from, so that its delivery is told in the same trace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer schema."""
    op.add_column("outbox", sa.Column("trace", sa.String(length=32), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    """To the older schema."""
    op.drop_column("outbox", "trace")
