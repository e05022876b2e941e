"""An amended work plan: which dates it moves, and what it may not touch.

An amendment moves dates later; whatever is running, and whatever decides who passes, stays as it was
published (process (b), "plan amended"). Pure: it compares two versions and writes the order to the open
applications; what such an order does to one of them is `models.effects`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from models.cycle_commands import IssueCalendar, IssuePlanVersion
from models.cycle_messages import Done
from models.plan import Amendment, ReviewPlan
from models.refusal import RefusalCode, Refused, refuse
from models.terms import PlanDates
from models.wire import SHANGHAI, last_day_before, local_day

RULE = "process (b): plan amended - dates may move later"

MOVABLE: dict[str, str] = {
    "dates.filed_by": "方案备案",
    "dates.published_by": "方案公布",
    "dates.opens": "开始申报",
    "dates.department": "主管部门提交截止",
    "dates.office": "在线审核",
    "dates.exam": "专业考试",
    "dates.meeting.first_day": "首个会议日",
    "dates.meeting.last_day": "最后会议日",
    "dates.review": "评审",
    "dates.results_by": "结果公布",
    "dates.new_specialties": "新增专业",
    "correction.cap": "补正期限上限",
}
"""The dates of a plan that may move, each with its name."""

_OF_THE_VERSION = ("version", "amendments", "basis")
_WORDS = ("source", "mark", "note")


class DateMove(NamedTuple):
    """One date that an amendment moves: where it stands in the plan, and its old and new day and time."""

    path: str
    old: str
    new: str


def amend(old: ReviewPlan, new: ReviewPlan, document_no: str, on: date) -> tuple[DateMove, ...]:
    """What the new version moves, compared with the one in force. `on` is the day of the amendment.

    Raises `Refused` with the dotted path: another plan or not the next version, its own document not named
    in `amendments`, something else than a date changed, a date moved earlier, or none moved at all.
    """
    _is_next(old, new, document_no)
    changed = list(_changed(_plain(old), _plain(new), ""))
    for path in changed:
        if _movable(path) is None:
            raise _refused(
                path,
                "公布后的方案只能延后日期，其他内容不得更改。",
                "An amendment moves dates only; everything else stays as it was published.",
                "恢复原值；条件、比例、专业等的更改只能用于下一年度方案。",
                "Restore the old value; criteria, shares or specialties change with the next cycle's plan.",
            )
    moves = tuple(_moves(old, new, changed, on))
    if not moves:
        raise _refused(
            "dates",
            "新版本没有延后任何日期。",
            "The new version moves no date.",
            "更改至少一个日期，或不发布新版本。",
            "Move at least one date, or issue no version.",
        )
    return moves


VERSION, DATES = "plan_version", "plan_dates"
"""Where the answer to a new version says which one it is (a count) and its dates (a fact, as JSON)."""


def order_after(command: IssuePlanVersion | IssueCalendar, done: Done) -> dict[str, Any] | None:
    """The body of the order to every open application that follows from an issued version or notice.

    `done` is the answer of the activity that carried the command out. None when nothing was issued: it was
    refused, or the command only asked what would happen. Send it to the selection of all (`Selection()`).
    """
    if done.refused_en is not None or not command.apply:
        return None
    body: dict[str, Any] = {
        "kind": "revise_deadlines",
        "actor": command.actor.model_dump(mode="json"),
        "ground": "calendar_notice" if isinstance(command, IssueCalendar) else "plan_amendment",
        "document_no": command.document_no,
        "text": command.text,
    }
    if isinstance(command, IssuePlanVersion):
        dates = PlanDates.model_validate_json(done.facts[DATES])
        body |= {"plan_version": done.counts[VERSION], "plan_dates": dates.model_dump(mode="json")}
    return body


def _is_next(old: ReviewPlan, new: ReviewPlan, document_no: str) -> None:
    if new.id != old.id:
        raise _refused(
            "id",
            f"这是另一方案（{new.id}），不是 {old.id} 的新版本。",
            f"This is the plan {new.id}, not a version of {old.id}.",
            "请发送本方案的新版本。",
            "Send a version of this plan.",
        )
    if new.version != old.version + 1:
        raise _refused(
            "version",
            f"现行第{old.version}版，新版本须为第{old.version + 1}版，来件为第{new.version}版。",
            f"Version {old.version} is in force: the next one is {old.version + 1}, this says {new.version}.",
            f"将 version 改为{old.version + 1}，并以现行版本为底稿修改。",
            f"Set `version` to {old.version + 1}, and begin from the version in force.",
        )
    kept, added = new.amendments[: len(old.amendments)], new.amendments[len(old.amendments) :]
    if kept != old.amendments or [a.version for a in added] != [new.version]:
        raise _refused(
            "amendments",
            "须保留以往的修改记录，并为新版本增加一条。",
            "The list of amendments keeps its earlier entries and gets one for the new version.",
            "在 amendments 末尾为新版本增加一条（version、document、dated、what）。",
            "Add one entry for this version at the end of `amendments` (version, document, dated, what).",
        )
    if added[0].document != document_no:
        raise _refused(
            f"amendments.{len(kept)}.document",
            f"方案所载文号“{added[0].document}”与来文文号“{document_no}”不一致。",
            f"The plan names the document '{added[0].document}', the command '{document_no}'.",
            "请使两者一致。",
            "Make the two agree.",
        )


def amendment_of(plan: ReviewPlan) -> Amendment | None:
    """The amendment that made this version; None for the first one."""
    return plan.amendments[-1] if plan.amendments else None


def _moves(old: ReviewPlan, new: ReviewPlan, changed: list[str], on: date) -> Iterator[DateMove]:
    touched = {place for path in changed if (place := _movable(path)) is not None}
    for place in MOVABLE:
        if place not in touched:
            continue
        before, after = _moment(old, place), _moment(new, place)
        if before is None or after is None:
            raise _refused(
                place,
                "不得增加或删除期限。",
                "An amendment neither adds nor removes a date.",
                "恢复该项。",
                "Restore it.",
            )
        was, will_be = _shown(before, place), _shown(after, place)
        if after < before:
            raise _refused(
                place,
                f"{MOVABLE[place]}只能延后：现为{was}，来件为{will_be}。",
                f"A date moves later only; it is {was} now, the new version says {will_be}.",
                "给出更晚的日期。",
                "Give a later date.",
            )
        if place == "dates.opens" and after > before and _day(before) <= on:
            raise _refused(
                place,
                "申报已经开始，开始日期不得再改。",
                "Applications have opened already: the opening cannot move any more.",
                "恢复原日期。",
                "Restore the old date.",
            )
        if after > before:
            yield DateMove(place, was, will_be)


def _movable(path: str) -> str | None:
    """The date to which this path of a plan belongs, if it may move or be cited anew."""
    if path.endswith((".kind.value", ".late_admission.value")):
        return None
    return next((place for place in MOVABLE if path == place or path.startswith(f"{place}.")), None)


def _plain(plan: ReviewPlan) -> dict[str, Any]:
    return plan.model_dump(mode="json", exclude=set(_OF_THE_VERSION))


def _changed(old: Any, new: Any, path: str) -> Iterator[str]:
    """The dotted paths at which two plans differ; rows of a table by their number."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            yield from _changed(old.get(name), new.get(name), f"{path}.{name}" if path else name)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _changed(before, after, f"{path}.{place}")
    elif old != new:
        yield path


def _moment(plan: ReviewPlan, place: str) -> datetime | date | None:
    """The instant of a deadline or of the opening, or a meeting day."""
    found: Any = plan
    for name in place.split("."):
        found = getattr(found, name)
    if found is None:
        return None
    moment: datetime | date = found.instant if hasattr(found, "instant") else found.value
    return moment


def _day(moment: Any) -> date:
    return local_day(moment) if isinstance(moment, datetime) else moment


def _shown(moment: datetime | date, place: str) -> str:
    """A day, a deadline by its last day, or an opening by its first minute."""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    local = moment.astimezone(SHANGHAI)
    if (local.hour, local.minute) == (0, 0) and place != "dates.opens":
        return f"{last_day_before(moment)} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


def _refused(field: str, zh: str, en: str, fix_zh: str, fix_en: str) -> Refused:
    return refuse(RefusalCode.GUARD, zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en, field=field, citation=RULE)
