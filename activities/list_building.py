"""Builds a list of the passed from what is recorded: who has passed, under which names, against which list.

Reads only. Times are business time. Whatever stands in the way is raised as `Refused`, with the reference and
the remedy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.list_checks import unmet
from activities.list_records import DONE, PassedRecords, lines_of, passed_records
from activities.people import names_of
from models.plan import ReviewPlan
from models.refusal import Refused
from models.result_list import Difference, ResultList, Shown, check_columns, check_exactly, difference, number
from models.stages import Stage
from models.tables import Person, PostedList, Unit


@dataclass(frozen=True)
class Wanted:
    """What is asked for: from which meetings (none named: all), in place of which list."""

    at: datetime
    meeting_refs: tuple[str, ...] = ()
    corrects: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Line:
    """What a line means for its application.

    `tell`: its period starts, anew if `corrects` names the list it runs under now. Otherwise it goes on under
    `period_sha256`.
    """

    change: str
    tell: bool
    corrects: str | None = None
    period_sha256: str | None = None


@dataclass(frozen=True)
class Built:
    """A list that could be posted, and what follows from it.

    Postings must lie after `after`. `held`: passed, on hold, and therefore not on it yet.
    """

    list: ResultList
    lines: Mapping[str, Line]
    changes: Difference
    meeting_refs: tuple[str, ...]
    after: datetime | None
    held: tuple[str, ...] = ()
    replaces: PostedList | None = None


async def build(session: AsyncSession, plan: ReviewPlan, wanted: Wanted, n: int, nonce: str) -> Built:
    """The list as it would be posted now. Raises `Refused`."""
    columns = plan.publicity.result_columns.value
    check_columns(columns)
    records = await passed_records(session, plan)
    old = await _replaced(session, plan.id, wanted)
    on_it = await lines_of(session, old) if old is not None else {}
    before = {ref: records.shown_in_period(ref) or shown for ref, shown in on_it.items()}
    meetings = _meetings(records, wanted, before)
    passed, held = _passed(records, meetings, before)
    kept = [ref for ref in before if ref in records.applications]
    final = [ref for ref in kept if records.applications[ref].stage in DONE]
    shown = {ref: on_it[ref] for ref in final}
    shown |= await _shown(session, records, [ref for ref in (*passed, *kept) if ref not in shown])
    entries = number((_place(records, ref), ref, words) for ref, words in shown.items())
    check_exactly(entries, {*passed, *kept})
    changes = difference({**before, **{ref: on_it[ref] for ref in final}}, shown)
    lines = {ref: _line(records, changes, ref) for ref in shown}
    if not entries or (old is not None and not changes.removed and not any(x.tell for x in lines.values())):
        raise _nothing(old is not None, held)
    made = ResultList(
        plan_id=plan.id, n=n, corrects=wanted.corrects, nonce=nonce, columns=columns, entries=entries
    )
    return Built(
        list=made,
        lines=lines,
        changes=changes,
        meeting_refs=meetings,
        after=_after(records, lines),
        held=held,
        replaces=old,
    )


async def _replaced(session: AsyncSession, plan_id: str, wanted: Wanted) -> PostedList | None:
    if wanted.corrects is None:
        return None
    old: PostedList | None = await session.scalar(
        select(PostedList).filter_by(plan_id=plan_id, sha256=wanted.corrects).with_for_update()
    )
    if old is None or old.status != "published":
        words = {"corrected": ("已被更正", "corrected already"), "taken_down": ("已撤下", "taken down")}
        zh, en = words.get(old.status if old else "", ("不是在公示的名单", "no list in force"))
        raise unmet(
            f"哈希为 {wanted.corrects} 的名单{zh}。",
            f"The list with the hash {wanted.corrects} is {en}.",
            "请填写在公示名单的哈希（zhicheng lists show）。",
            "Name the hash of a list in force (`zhicheng lists show`).",
            "corrects",
        )
    if not wanted.reason:
        raise unmet(
            "更正名单须说明原因。",
            "A correction gives its reason.",
            "请填写 reason。",
            "Give `reason`.",
            "reason",
        )
    return old


def _meetings(records: PassedRecords, wanted: Wanted, before: Mapping[str, Shown]) -> tuple[str, ...]:
    """The meetings whose passed belong on it: those named, else those of the list it corrects, else all."""
    unknown = [ref for ref in wanted.meeting_refs if ref not in records.meetings.values()]
    if unknown:
        raise unmet(
            f"没有该评审会议：{'、'.join(unknown)}。",
            f"No application was on the agenda of: {', '.join(unknown)}.",
            "请更正 meeting_refs。",
            "Correct `meeting_refs`.",
            "meeting_refs",
        )
    if wanted.meeting_refs:
        return tuple(dict.fromkeys(wanted.meeting_refs))
    return tuple(sorted({records.meetings[ref] for ref in before if ref in records.meetings}))


def _passed(
    records: PassedRecords, meetings: tuple[str, ...], before: Mapping[str, Shown]
) -> tuple[list[str], tuple[str, ...]]:
    """Who has passed and stands on no list in force; and those of them who are on hold, who must wait."""
    new = [
        row
        for ref, row in records.applications.items()
        if row.stage == Stage.PASSED and records.period_of(ref) is None and ref not in before
        if not meetings or records.meetings.get(ref) in meetings
    ]
    held = tuple(sorted(row.application_ref for row in new if row.status == "on_hold"))
    return [row.application_ref for row in new if row.status == "open"], held


def _nothing(correction: bool, held: tuple[str, ...]) -> Refused:
    if correction:
        return unmet(
            "更正后的名单与原名单相同。",
            "The corrected list would be the same as the one it corrects.",
            "请先更正姓名或单位（zhicheng people record）。",
            "Record the right name first (`zhicheng people record`).",
            "corrects",
        )
    waiting = ", ".join(held[:10])
    return unmet(
        "没有尚未公示的评审通过人员" + (f"（暂停办理：{waiting}）。" if held else "。"),
        "Nobody has passed who stands on no list yet" + (f" (on hold: {waiting})." if held else "."),
        "请在表决结果登记后再公示，或更正 meeting_refs。",
        "Publish once votes are recorded, or name other `meeting_refs`.",
        None,
    )


async def _shown(session: AsyncSession, records: PassedRecords, refs: Iterable[str]) -> dict[str, Shown]:
    rows = [records.applications[ref] for ref in refs]
    people = await names_of(session, Person, (row.applicant for row in rows))
    units = await names_of(session, Unit, (row.employer for row in rows))
    nameless = [(row.application_ref, row.applicant, "") for row in rows if row.applicant not in people]
    nameless += [(row.application_ref, row.employer, "--unit ") for row in rows if row.employer not in units]
    if nameless:
        raise _nameless(nameless)
    plan = records.plan
    return {
        row.application_ref: Shown(
            person=people[row.applicant],
            unit=units[row.employer],
            specialty=plan.choice_label(row.specialty).zh,
            level=plan.choice_label(row.level).zh,
        )
        for row in rows
    }


def _nameless(found: list[tuple[str, str, str]]) -> Refused:
    lacking = list(dict.fromkeys(ref for _, ref, _ in found))
    application, ref, option = found[0]
    shown = ", ".join(lacking[:10]) + ("…" if len(lacking) > 10 else "")
    return unmet(
        f"尚未登记名称：{shown}（如申报 {application}）。",
        f"No name is recorded for: {shown} (application {application}, for one).",
        f"请先登记：zhicheng people record {option}{ref} 名称。",
        f"Record it first: `zhicheng people record {option}{ref} NAME`.",
        "names",
    )


def _place(records: PassedRecords, ref: str) -> tuple[int, int]:
    row, plan = records.applications[ref], records.plan
    specialties, levels = [c.id for c in plan.specialties], [c.id for c in plan.levels]
    return specialties.index(row.specialty), levels.index(row.level)


def _line(records: PassedRecords, changes: Difference, ref: str) -> Line:
    change, runs = changes.group_of(ref), records.period_of(ref)
    if runs is None:
        return Line(change="added" if change == "unchanged" else change, tell=True)
    if change == "changed":
        return Line(change=change, tell=True, corrects=runs)
    return Line(change=change, tell=False, period_sha256=runs)


def _after(records: PassedRecords, lines: Mapping[str, Line]) -> datetime | None:
    moments = []
    for ref, line in lines.items():
        if line.tell and ref in records.votes:
            moments.append(records.votes[ref].at)
        if line.corrects is not None and ref in records.periods:
            moments.append(records.periods[ref].started_at)
    return max(moments, default=None)
