"""Alembic's entrance: the connection is handed in, and its transaction is ours."""

from __future__ import annotations

from alembic import context

from bot.state.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    user_module_prefix="",  # so that a new step writes `Utc`, which the template imports
    transactional_ddl=False,
)
context.run_migrations()
