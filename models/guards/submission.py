"""Conditions on what the applicant sends: window, commitments, dossier, answers to a return."""

from __future__ import annotations

from datetime import datetime

from models import commands as c
from models.dossier import Dossier, substantive_differences
from models.guards.base import narrowed, unmet
from models.materials import missing
from models.refusal import RefusalCode, refuse
from models.roles import Role
from models.state import ApplicationState


def window_open(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The cycle has opened."""
    if now < state.plan.opens_at:
        raise refuse(
            RefusalCode.NOT_OPEN_YET,
            zh=f"申报自{state.plan.opens_at:%Y-%m-%d %H:%M}起受理。",
            en=f"Applications open at {state.plan.opens_at.isoformat()}.",
            fix_zh="请在开放后提交。",
            fix_en="Submit once the cycle is open.",
            citation="work plan 七(一)",
        )


def commitments_signed(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Both commitments (truth, continuing education) are given."""
    dossier = _dossier(command)
    if dossier is None:
        return
    facts = dossier.facts
    if not facts.truth_committed or not facts.ce_committed:
        field = "truth_committed" if not facts.truth_committed else "ce_committed"
        raise unmet(
            "须先签署诚信承诺和继续教育承诺。",
            "Both commitments (truth, continuing education) must be signed.",
            "请签署承诺后再提交。",
            "Sign both and submit again.",
            f"dossier.facts.{field}",
            "work plan 九(二), 九(四)",
        )


def plan_offers(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Specialty, level and route exist in the plan, and unit and choice are those it was begun with."""
    dossier = _dossier(command)
    if dossier is None:
        return
    plan = state.plan
    for field, value, offered in (
        ("specialty", dossier.specialty, plan.specialties),
        ("level", dossier.level, plan.levels),
        ("route", dossier.route, plan.routes),
    ):
        if value not in offered:
            raise unmet(
                f"本方案不受理 {value}；可选：{'、'.join(offered)}。",
                f"This plan does not offer {field} '{value}'.",
                "请选择方案中的选项。",
                f"Choose one of: {', '.join(offered)}.",
                f"dossier.{field}",
                "work plan 一, 二",
            )
    for field, value, begun in (
        ("specialty", dossier.specialty, state.input.specialty),
        ("level", dossier.level, state.input.level),
    ):
        if value != begun:
            raise unmet(
                f"本次申报建立时为 {begun}，材料中为 {value}。",
                f"This application was begun for {field} '{begun}'; the dossier says '{value}'.",
                f"请在材料中填写 {begun}；如需更换，请撤回后另行申报。",
                f"Write '{begun}', or withdraw and begin another application for '{value}'.",
                f"dossier.{field}",
                "work plan 一, 二: one application is for one specialty and level",
            )
    if dossier.facts.full_post_management and not state.bound:
        raise unmet(
            "材料称用人单位全面实行岗位管理，而本次申报建立时未注明；否则不会核验岗位。",
            "The dossier says that the unit is under full post management, and the application was begun "
            "for one that is not: its posts would not be checked.",
            "请撤回后以 employer.full_post_management=true 另行申报；填写有误的，请更正材料。",
            "Withdraw and begin again with `employer.full_post_management`, or correct the dossier.",
            "dossier.facts.full_post_management",
            "work plan 五: recommended within the unit's posts",
        )


def parts_present(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Every achievement has the parts its type requires."""
    dossier = _dossier(command)
    if dossier is None:
        return
    lacking = [f for f in missing(dossier.achievements, dossier.route) if f.severity == "bar"]
    if lacking:
        first = lacking[0]
        more_zh = f"（另有{len(lacking) - 1}处）" if len(lacking) > 1 else ""
        more_en = f" ({len(lacking) - 1} more)" if len(lacking) > 1 else ""
        raise unmet(
            f"材料不全：{first.words.zh}{more_zh}。",
            f"A required part is missing: {first.words.en}{more_en}.",
            "请补齐后再提交；已填内容不受影响。",
            "Add it and send again; nothing was lost.",
            f"dossier.achievements ({first.subject})",
            first.citation,
        )


def items_answered(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Every item of the return is answered (by the applicant; employer and department confirm)."""
    last = state.last_return
    if last is None or command.actor.role is not Role.APPLICANT:
        return
    answered = {answer.item for answer in narrowed(command, c.Resubmit).answers}
    lacking = [item.id for item in last.items if item.id not in answered]
    if lacking:
        raise unmet(
            f"尚有未答复的退回项：{'、'.join(lacking)}。",
            f"Items not answered: {', '.join(lacking)}.",
            "请在 answers 中逐项答复。",
            "Answer each of them in `answers`.",
            "answers",
            "work plan 七(二): 限时更改后重新呈报审核",
        )


def formal_only(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A formal repair changes nothing that was publicised (invariant 8)."""
    new = narrowed(command, c.Resubmit).dossier
    if new is None or state.dossier is None:
        return
    changed = substantive_differences(state.dossier, new)
    if changed:
        raise unmet(
            f"形式补正不得改动已公示的内容：{'、'.join(changed)}。",
            f"A formal repair may not change what was publicised: {', '.join(changed)}.",
            "请撤销该改动，或以 change_class=substantive 重新报送（须重新公示）。",
            "Undo the change, or resend with change_class 'substantive' (a new publicity follows).",
            "dossier",
            "process reading 9; Order 40 Art. 16",
        )


def chain_in_order(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A correction is confirmed in order: applicant, employer, department (重新呈报)."""
    expected = state.action_by
    if command.actor.role.value != expected:
        raise refuse(
            RefusalCode.WRONG_ROLE,
            zh=f"当前应由{_role_zh(expected)}办理。",
            en=f"It is the {expected}'s turn.",
            fix_zh="请按申报人、用人单位、主管部门的顺序确认。",
            fix_en="Confirm in order: applicant, employer, department.",
            field="actor.role",
            citation="work plan 七(二): 重新呈报审核; process reading 8",
        )
    if expected != Role.APPLICANT and _dossier(command) is not None:
        raise unmet(
            "单位和主管部门只作确认，不得改动材料。",
            "Employer and department confirm a correction; only the applicant changes the dossier.",
            "请删除 dossier 后重发；如需改动，请由申报人修改。",
            "Leave `dossier` out; a change is for the applicant to make.",
            "dossier",
            "work plan 七(二): 重新呈报审核; Order 40 Art. 16",
        )
    said = command.change_class if isinstance(command, c.Resubmit) else None
    if expected != Role.APPLICANT and said is c.ChangeClass.SUBSTANTIVE:
        raise unmet(
            "单位和主管部门只作形式补正的确认；实质修改须重新公示，不得以确认代替。",
            "Employer and department confirm a formal repair; a substantive one needs a new publicity.",
            "确属形式补正的，请删除 change_class 后重发；属实质修改的，请勿确认，报退回的环节处理。",
            "Leave `change_class` out if the repair is formal; if not, do not confirm it, and turn to "
            "whoever returned it.",
            "change_class",
            "process reading 9; process invariant 8",
        )


def _dossier(command: c.Command) -> Dossier | None:
    if isinstance(command, c.Submit | c.Resubmit):
        return command.dossier
    return None


def _role_zh(role: str | None) -> str:
    return {"applicant": "申报人", "employer": "用人单位", "department": "主管部门"}.get(
        role or "", role or ""
    )
