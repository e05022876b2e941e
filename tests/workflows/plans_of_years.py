"""Plans of other years for tests: the plan of 2023 with its dates moved, and notices as they were issued."""

from __future__ import annotations

import re
from datetime import date, timedelta
from importlib.resources import files

from models.calendar_overlay import Holiday, NoticeRecord

PLAN_2023 = (files("models") / "plans" / "tianjin-quality-2023.toml").read_text("utf-8")
OPENS, DEPARTMENT = date(2023, 9, 18), date(2023, 11, 6)

_DAY = re.compile(r"\b(20\d\d-\d\d-\d\d)\b")
_BEFORE_THE_OPENING = ("[dates.filed_by]", "[dates.published_by]", "[dates.opens]")


def plan_of_year(plan_id: str, opens: date, department: date | None = None) -> str:
    """The 2023 plan under another id: the dates up to the opening move with `opens`, the rest with
    `department` (by default 49 days later, as in 2023). TOML."""
    first = opens - OPENS
    rest = (department or opens + (DEPARTMENT - OPENS)) - DEPARTMENT
    text = PLAN_2023.replace('id = "tianjin-quality-2023"', f'id = "{plan_id}"', 1)
    text = text.replace("TJ-2023-ENG", f"TJ-{opens.year}-{plan_id.upper()[-12:]}")
    text = text.replace("year = 2023", f"year = {opens.year}", 1)
    lines, section = [], ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line
        by = first if section in _BEFORE_THE_OPENING else rest
        in_dates = section.startswith(("[dates", "[correction.cap"))
        lines.append(_DAY.sub(lambda found, by=by: _moved(found[1], by), line) if in_dates else line)  # type: ignore[misc]
    return "\n".join(lines) + "\n"


def _moved(day: str, by: timedelta) -> str:
    return (date.fromisoformat(day) + by).isoformat()


def amended(toml: str, document: str, dated: date, days: dict[str, date]) -> str:
    """The next version of a plan: each section of `days` gets that last day, with its amendment."""
    found = re.search(r"^version = (\d+)$", toml, re.MULTILINE)
    assert found
    version = int(found[1]) + 1
    text = toml.replace(found[0], f"version = {version}", 1)
    for section, day in days.items():
        head = f"[{section}]\nlast_day = {{ value = "
        assert head in text, section
        place = text.index(head) + len(head)
        text = text[:place] + day.isoformat() + text[place + 10 :]
    return text + (
        f'\n[[amendments]]\nversion = {version}\ndocument = "{document}"\ndated = {dated}\n'
        'what = { zh = "延长期限", en = "dates moved later" }\n'
    )


def notice_of_record(document: str) -> str:
    """The whole notice as the record of the release has it. TOML."""
    (notice,) = (n for n in NoticeRecord.read().notices if n.document == document)
    head = _head(notice.year, notice.document, notice.issued)
    return head + "".join(_holiday(holiday) for holiday in notice.holidays)


def amendment(year: int, document: str, issued: date, amends: str, *holidays: Holiday) -> str:
    """A notice that changes a year which is known. TOML."""
    head = _head(year, document, issued) + f'amends = "{amends}"\n'
    return head + "".join(_holiday(holiday) for holiday in holidays)


def _head(year: int, document: str, issued: date) -> str:
    return (
        f'[[notice]]\nyear = {year}\ndocument = "{document}"\ntitle = "国务院办公厅通知"\nissued = {issued}\n'
    )


def _holiday(holiday: Holiday) -> str:
    name = f'{{ zh = "{holiday.name.zh}", en = "{holiday.name.en}" }}'
    days = ", ".join(day.isoformat() for day in holiday.make_up)
    return (
        f"\n[[notice.holidays]]\nname = {name}\nfirst = {holiday.first}\nlast = {holiday.last}\n"
        f"make_up = [{days}]\n"
    )
