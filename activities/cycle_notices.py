"""Whom a fact of a cycle is told to: reminders to the role in charge, escalations above it, each once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from models.audit import Fact
from models.cycle_life import NEXT_AUTHORITY
from models.cycle_steps import STEPS, StepId
from models.roles import Role
from models.wire import Label

TEMPLATES: dict[str, Label] = {
    "reminded": Label(zh="办理提醒", en="reminder"),
    "escalated": Label(zh="逾期升级", en="overdue"),
    "draw_missing": Label(zh="尚未抽取专家", en="experts not drawn"),
    "draw_late": Label(zh="逾期未抽取专家", en="experts not drawn in time"),
    "calendar_missing": Label(zh="工作日历缺失", en="calendar year missing"),
    "order_failed": Label(zh="批量指令失败", en="order failed"),
}
"""Facts that somebody is told of, and the subject of the notice."""


def notices_of(plan_id: str, fact: Fact, organisations: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The rows of `cycle_notices` that the fact leaves: one a recipient, with a key that says it once.

    The key is made of what is said, not of the fact's number: said again after a lost task, it is the same.
    """
    subject = TEMPLATES.get(fact.event)
    if subject is None:
        return
    text = _text(fact)
    for role, recipient in _recipients(fact, organisations):
        yield {
            "plan_id": plan_id,
            "seq": fact.seq,
            "at": fact.at,
            "to_role": role.value,
            "recipient": recipient,
            "template": fact.event,
            "subject_zh": subject.zh,
            "text_zh": text.zh,
            "text_en": text.en,
            "status": "pending",
            "sent_at": None,
            "dedupe_key": _key(plan_id, fact, role, recipient),
        }


def _recipients(fact: Fact, organisations: Mapping[str, str]) -> Iterator[tuple[Role, str | None]]:
    for role in _roles(fact):
        yield role, organisations.get(role.value)
    for department in fact.details.get("departments") or {}:
        yield Role.DEPARTMENT, department


def _roles(fact: Fact) -> tuple[Role, ...]:
    to = Role(fact.details.get("to", Role.OFFICE.value))
    match fact.event:
        case "reminded" | "draw_missing":
            return (Role.OFFICE,) if to is Role.SYSTEM else (to,)
        case "escalated" | "draw_late":
            return tuple(dict.fromkeys((to, *NEXT_AUTHORITY.get(to, (Role.CITY_OFFICE,)))))
        case _:
            return (Role.OFFICE, Role.CITY_OFFICE)


def _key(plan_id: str, fact: Fact, role: Role, recipient: str | None) -> str:
    said = {name: value for name, value in fact.details.items() if name in _SAID}
    whole = f"{plan_id}|{fact.event}|{sorted(said.items())}|{role.value}|{recipient}"
    return hashlib.sha256(whole.encode()).hexdigest()


_SAID = ("step", "last_day", "days_left", "meeting_ref", "meeting_on", "year", "order_id")


def _text(fact: Fact) -> Label:
    details = fact.details
    match fact.event:
        case "reminded" | "escalated":
            return _of_step(fact)
        case "draw_missing" | "draw_late":
            ref, on, by = details["meeting_ref"], details["meeting_on"], details["draw_by"]
            return Label(
                zh=f"会议{ref}定于{on}召开，须于{by}前录入会议计划并抽取专家。",
                en=f"Meeting {ref} is on {on}: its experts must be drawn by {by}.",
            )
        case "calendar_missing":
            year, steps = details["year"], details["steps"]
            names = "、".join(STEPS[StepId(step)].label.zh for step in steps)
            return Label(
                zh=f"{year}年工作日安排尚未录入，以下日期待定：{names}。请录入后重新计算（issue_calendar）。",
                en=f"The working days of {year} are not on record; without a date: {', '.join(steps)}. "
                "Issue the notice (issue_calendar).",
            )
        case _:
            return Label(
                zh=f"批量指令{details.get('order_id')}未能执行：{details.get('reason')}。",
                en=f"The order {details.get('order_id')} was not carried out: {details.get('reason')}.",
            )


def _of_step(fact: Fact) -> Label:
    details = fact.details
    spec, last_day = STEPS[StepId(details["step"])], details["last_day"]
    late = details.get("applications_late")
    risk = details.get("at_risk")
    more_zh = f"现有{late}件逾期未办。" if late else ""
    more_en = f" {late} applications are late." if late else ""
    if risk is not None:
        more_zh, more_en = f"现有{risk}件可能赶不上截止。", f" {risk} applications may miss it."
    if fact.event == "escalated":
        return Label(
            zh=f"“{spec.label.zh}”应于{last_day}前完成，现已逾期。{more_zh}",
            en=f"'{spec.label.en}' was due on {last_day} and is not done.{more_en}",
        )
    left = details["days_left"]
    return Label(
        zh=f"“{spec.label.zh}”期限为{last_day}，还有{left}天。{more_zh}",
        en=f"'{spec.label.en}' is due on {last_day}, in {left} days.{more_en}",
    )
