"""How the tables came to be: an Alembic environment, one file a step, on SQLite and PostgreSQL."""
