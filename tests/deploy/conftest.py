"""PostgreSQL for the rehearsal of a restore."""

from tests.databases import postgres

__all__ = ["postgres"]
