"""What alembic runs: in the transaction that it is given, so that a step is made whole or not at all."""

from alembic import context

from runner.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
