"""Who is told what: one notice a fact and recipient, written beside the fact and sent later by others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from activities.notice_words import HAPPENED, TO_DO
from models.audit import Fact
from models.deadlines import DeadlineKind, DeadlineName, DeadlineRequest
from models.lifecycle import BY_EVENT
from models.outbox import DeadlineAnswer, Snapshot
from models.posts import REASONS
from models.roles import Role
from models.stages import STAGES, Stage
from models.wire import Label, local_day

NEXT_AUTHORITY: dict[Role, tuple[Role, ...]] = {
    Role.APPLICANT: (Role.EMPLOYER,),
    Role.EMPLOYER: (Role.DEPARTMENT,),
    Role.DEPARTMENT: (Role.CITY_OFFICE,),
    Role.OFFICE: (Role.CONVENING_UNIT, Role.CITY_OFFICE),
    Role.CONVENING_UNIT: (Role.CITY_OFFICE,),
    Role.CITY_OFFICE: (Role.CITY_OFFICE,),
    Role.EXPERT: (Role.OFFICE, Role.CONVENING_UNIT),
    Role.CHAIR: (Role.OFFICE, Role.CONVENING_UNIT),
    Role.ARCHIVE: (Role.EMPLOYER, Role.APPLICANT),
    Role.SYSTEM: (Role.CITY_OFFICE,),
}
"""Who is told when a DUTY of a role is overdue."""

_APPLICANTS_OWN = (DeadlineName.RECHECK_WINDOW,)
_TELLS_THE_DATE = "deadline_set"
_WITHOUT_POST = ("quota_none", "post_lacking")


def told_roles(fact: Fact) -> tuple[Role, ...]:
    """The roles that hear of a fact."""
    known = BY_EVENT.get(fact.event)
    if fact.event in ("correction_proposed", "correction_dismissed"):
        makers = BY_EVENT[fact.details["corrected_event"]].by
        return (fact.actor.role, *(role for role in makers if role is not Role.APPLICANT))
    if known is not None:
        return known.notify
    match fact.event:
        case "reminded":
            to = _role(fact.details.get("to"))
            return (to,) if to not in (None, Role.SYSTEM) else ()
        case "escalated":
            to = _role(fact.details.get("to"))
            return NEXT_AUTHORITY.get(to, (Role.CITY_OFFICE,)) if to else (Role.CITY_OFFICE,)
        case "deadline_moved":
            stage = STAGES[Stage(fact.to_stage)]
            # whoever posted a notice must leave it up for as long as it runs now
            holder = stage.lane if stage.action_by is Role.SYSTEM else stage.action_by
            others = (holder,) if holder not in (None, Role.APPLICANT) else ()
            return (Role.APPLICANT, *others)
        case "calendar_missing":
            return (Role.OFFICE, Role.CITY_OFFICE)
        case _:
            return ()


def _role(name: Any) -> Role | None:
    return Role(name) if name in set(Role) else None


def notices_of_fact(
    fact: Fact, snapshot: Snapshot, due_at: datetime | None, holders: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    """The notice rows of one fact. `due_at` is the end of the present stage, told if the fact led there."""
    roles = tuple(dict.fromkeys(told_roles(fact)))
    if not roles:
        return []
    moved = fact.details.get("new_last_day") if fact.event == "deadline_moved" else None
    reminded = fact.details.get("last_day") if fact.event in ("reminded", "escalated") else None
    told, of_stage = moved or reminded, None
    if due_at is not None and fact.to_stage == snapshot.stage:
        of_stage = _last_day(due_at)
    why = REASONS.get(fact.details.get("reason") or "") if fact.event in _WITHOUT_POST else None
    stage = Stage(fact.to_stage)
    in_court = snapshot.action_by if fact.to_stage == snapshot.stage else None
    is_period = any(spec.kind is DeadlineKind.PERIOD for spec in STAGES[stage].deadlines)
    transition = BY_EVENT.get(fact.event)
    title = transition.label if transition else HAPPENED[fact.event]
    return [
        _row(
            snapshot,
            fact.seq,
            fact.at,
            role,
            holders,
            fact.event,
            title,
            stage,
            told or (of_stage if is_period or in_court == role.value else None),
            in_court,
            why,
        )
        for role in roles
    ]


def notice_of_free_post(snapshot: Snapshot, fact: Fact, following: str, free: int) -> dict[str, Any]:
    """Tells the unit which of its applications gets the free post next, by its order."""
    ref, level = snapshot.application_ref, snapshot.level
    zh = [
        f"本单位{level}层级现有空岗{free}个。",
        f"按等候顺序，下一申报编号：{following}",
        f"因申报编号：{ref} 的变动",
        "请办理：对该申报重新填报岗位数；如需调整顺序，须附书面决定。",
    ]
    en = [
        f"Posts free at the level {level}: {free}.",
        f"Next in the unit's order: {following}",
        f"Following a change of the application: {ref}",
        "To do: attest the posts for that application again; another order needs a recorded decision.",
    ]
    holders = {Role.EMPLOYER.value: snapshot.employer}
    title = Label(zh="空岗可用", en="a post is free")
    return _told(snapshot, fact.seq, fact.at, Role.EMPLOYER, holders, "post_free", title, zh, en)


def notices_of_dates(
    answers: Iterable[DeadlineAnswer],
    requests: Iterable[DeadlineRequest],
    snapshot: Snapshot,
    holders: Mapping[str, str | None],
) -> list[dict[str, Any]]:
    """Tells the applicant of every date that bars: without this a BAR ends nothing (invariant 5)."""
    kinds = {request.name: request.kind for request in requests}
    return [
        _row(
            snapshot,
            snapshot.seq,
            snapshot.at,
            Role.APPLICANT,
            holders,
            _TELLS_THE_DATE,
            Label(zh="期限告知", en="deadline"),
            Stage(snapshot.stage),
            answer.last_day.isoformat(),
            snapshot.action_by,
        )
        for answer in answers
        if answer.last_day is not None
        and answer.due_at is not None
        and (kinds.get(answer.name) is DeadlineKind.BAR or answer.name in _APPLICANTS_OWN)
    ]


def _last_day(due_at: datetime) -> str:
    return local_day(due_at - timedelta(seconds=1)).isoformat()


def _row(
    snapshot: Snapshot,
    seq: int,
    at: datetime,
    role: Role,
    holders: Mapping[str, str | None],
    template: str,
    title: Label,
    stage: Stage,
    day: str | None,
    in_court: str | None,
    why: Label | None = None,
) -> dict[str, Any]:
    ref, place, what = snapshot.application_ref, STAGES[stage].label, HAPPENED.get(template, title)
    todo = TO_DO.get(stage) if in_court == role.value else None
    zh = [what.zh, f"申报编号：{ref}", f"当前环节：{place.zh}"]
    en = [what.en, f"Application: {ref}", f"Stage: {place.en}"]
    if why is not None:
        zh.append(f"原因：{why.zh}")
        en.append(f"Why: {why.en}")
    if day is not None:
        zh.append(f"期限：{day} 24时前")
        en.append(f"Deadline: the end of {day} (24:00, Asia/Shanghai)")
    zh.append(f"请办理：{todo.zh}。" if todo else "目前无须您办理，可登录系统查看。")
    en.append(f"To do: {todo.en}." if todo else "Nothing is to be done by you now; sign in to see it.")
    return _told(snapshot, seq, at, role, holders, template, title, zh, en)


def _told(
    snapshot: Snapshot,
    seq: int,
    at: datetime,
    role: Role,
    holders: Mapping[str, str | None],
    template: str,
    title: Label,
    zh: list[str],
    en: list[str],
) -> dict[str, Any]:
    ref, text_zh = snapshot.application_ref, "\n".join(zh)
    mark = hashlib.sha256(text_zh.encode()).hexdigest()[:16]
    row = {
        "plan_id": snapshot.plan_id,
        "application_ref": ref,
        "seq": seq,
        "at": at,
        "to_role": role.value,
        "recipient": holders.get(role.value),
        "template": template,
        "subject_zh": f"【职称评审】{title.zh.rstrip('。')}（{ref}）",
        "text_zh": text_zh,
        "text_en": "\n".join(en),
        "status": "pending",
    }
    key = f"{snapshot.plan_id}/{ref}/{seq}/{role.value}/{template}/{mark}"
    return {**row, "dedupe_key": hashlib.sha256(key.encode()).hexdigest()}
