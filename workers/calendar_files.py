"""The calendar of this installation: that of the release, and the notices that are newer.

Those in `ZHICHENG_CALENDAR_DIR`, and those that were issued into the database, where there is one.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import typer

from models.calendar import WorkCalendar
from models.calendar_overlay import read_overlays
from workers.settings import Settings, SettingsError

BAD_SETTING = 2


def known_calendar(known_on: date | None = None) -> WorkCalendar:
    """As it was known on a day, or now. Ends the command with exit status 2 when a setting is wrong."""
    try:
        settings = Settings.load()
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_SETTING) from None
    url = settings.database_url.get_secret_value()
    return WorkCalendar.load(known_on, (*read_overlays(settings.calendar_dir), *_issued(url)))


def _issued(url: str) -> tuple[str, ...]:
    """The notices of the database; none where there is no database, or one of an older release."""
    from sqlalchemy import NullPool, create_engine, select
    from sqlalchemy.exc import SQLAlchemyError

    from activities.database import sync_url
    from models.tables import CalendarNotice

    address = sync_url(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        return ()
    engine = create_engine(address, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return tuple(connection.scalars(select(CalendarNotice.content).order_by(CalendarNotice.id)))
    except SQLAlchemyError:
        return ()
    finally:
        engine.dispose()
