"""Alembic's entry: runs the migrations on the connection it was handed, in the caller's transaction."""

from alembic import context

from market.migrations import include_name, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata(),
    include_name=include_name,
    user_module_prefix="sqlmodel.",
)
context.run_migrations()
