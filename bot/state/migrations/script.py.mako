"""${message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.state.schema import Utc

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer schema."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Back to the older one."""
    ${downgrades if downgrades else "pass"}
