"""What is on file in the database, for the commands that work without a database, too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Select


def on_file(url: str, rows: Select[str]) -> tuple[str, ...]:
    """The texts that a query finds; none where there is no database, or one of an older release."""
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import SQLAlchemyError

    from activities.database import sync_url

    address = sync_url(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        return ()
    engine = create_engine(address, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return tuple(connection.scalars(rows))
    except SQLAlchemyError:
        return ()
    finally:
        engine.dispose()
