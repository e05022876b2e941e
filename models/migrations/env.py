"""The Alembic environment. It is handed an open connection by whoever upgrades the database."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from models.tables import Base
from models.tables.base import UtcInstant, Words


def _plain_type(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """A migration must not change when our own column types do: it names the plain ones."""
    if kind == "type" and isinstance(item, UtcInstant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Words):
        return "sa.Text()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=context.config.attributes.get("batch", True),
    render_item=_plain_type,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
