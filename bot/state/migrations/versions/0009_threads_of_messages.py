"""In whose thread a message stands, so that what is said of it goes there too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer schema."""
    op.add_column("message", sa.Column("thread", sa.String(length=200), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    """To the older schema."""
    op.drop_column("message", "thread")
