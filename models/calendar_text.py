"""The end of a period in words, day by day, and as plain JSON values; nothing here prints."""

from __future__ import annotations

from models.calendar import WEEKDAYS, DayNote, DueDate, WorkCalendar

STATUS_WORDS = {"official": "已公布 official", "provisional": "暂定 provisional", "missing": "缺失 missing"}


def render_due(due: DueDate, explain: bool, calendar: WorkCalendar | None = None) -> str:
    """The last day as `YYYY-MM-DD`, always the last line; with `explain` the count stands above it.

    `calendar` is the one that `due` was computed with; None stands for the calendar of this release.
    Raises what `WorkCalendar.explain` raises.
    """
    if not explain:
        return due.last_day.isoformat()
    notes = (calendar or WorkCalendar.load()).explain(due)
    statuses = "; ".join(f"{year} {STATUS_WORDS[status]}" for year, status in due.lineage.statuses.items())
    lines = [
        due.lineage.formula,
        *map(_note_line, notes),
        f"{due.lineage.calendar} ({statuses})",
        *(f"{year}: {', '.join(documents)}" for year, documents in due.lineage.notices.items()),
        f"24:00 = {due.due_at.isoformat()}",
        due.last_day.isoformat(),
    ]
    return "\n".join(lines)


def due_json(due: DueDate, calendar: WorkCalendar | None = None) -> dict[str, object]:
    """`last_day`, `due_at`, `lineage` and `days` (the count day by day) as JSON values.

    `calendar` and what is raised: as for `render_due`.
    """
    notes = (calendar or WorkCalendar.load()).explain(due)
    return {**due.model_dump(mode="json"), "days": [note.model_dump(mode="json") for note in notes]}


def _note_line(note: DayNote) -> str:
    ordinal = "-" if note.counted is None else str(note.counted)
    weekday = WEEKDAYS[note.day.weekday()]
    return f"{note.day.isoformat()} {weekday.zh} {weekday.en[:3]} {ordinal:>3}  {note.why}"
