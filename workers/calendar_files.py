"""The calendar of this installation: that of the release, and the notices that are newer.

Those in `ZHICHENG_CALENDAR_DIR`, and those that were issued into the database, where there is one.
"""

from __future__ import annotations

from datetime import date

import typer

from models.calendar import WorkCalendar
from models.calendar_overlay import read_overlays
from workers.on_file import on_file
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
    """The notices of the database."""
    from sqlalchemy import select

    from models.tables import CalendarNotice

    return on_file(url, select(CalendarNotice.content).order_by(CalendarNotice.id))
