"""Alembic's environment: the caller's connection, and no ini file."""

from alembic import context

from switch.history.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
