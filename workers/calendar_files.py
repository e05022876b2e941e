"""The calendar of this installation: that of the release, and the notices in `ZHICHENG_CALENDAR_DIR`."""

from __future__ import annotations

from datetime import date

import typer

from models.calendar import WorkCalendar
from models.calendar_overlay import read_overlays
from workers.settings import Settings, SettingsError

BAD_SETTING = 2


def known_calendar(known_on: date | None = None) -> WorkCalendar:
    """As it was known on a day, or now. Ends the command with exit status 2 when a setting is wrong."""
    try:
        folder = Settings.load().calendar_dir
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_SETTING) from None
    return WorkCalendar.load(known_on, read_overlays(folder))
