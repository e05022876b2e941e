"""The opening of an application: may this person begin in this plan, and under which terms.

Refused openings leave no row. Opening again under the same workflow run changes nothing.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.credit import ban_on
from activities.identity import is_identified, same_person
from activities.plans import plan_in_force, wait_for_my_turn
from activities.records import Records
from models.application import ApplicationInput
from models.outbox import HopBatch, Left, OpenRequest, OpenResult, Snapshot
from models.plan import UnknownPlanError
from models.plan_periods import terms_on
from models.schedule import requests_on_entry
from models.stages import Stage, label_of
from models.standing import standing_of
from models.state import ApplicationState
from models.tables import Application, LiveApplication
from models.terms import PlanTerms
from models.wire import last_day_before, local_day


class _TakenMeanwhile(Exception):  # noqa: N818 - never leaves this module
    """Another application of the same person was opened in the same moment."""


class Opening:
    """Opens applications. `rehearsal`: a clock other than real time is allowed.

    `identified`: only for persons whose identity document is recorded.
    """

    def __init__(self, records: Records, *, rehearsal: bool, identified: bool = False) -> None:
        self._records = records
        self._rehearsal = rehearsal
        self._identified = identified

    @activity.defn(name="open_application")
    async def open_application(self, request: OpenRequest) -> OpenResult:
        given = request.application
        if not given.clock.is_real and not self._rehearsal:
            return _refused(
                "clock",
                zh="本服务按真实时间运行，不接受其他时钟。",
                en="This service runs on real time; another clock is for rehearsals.",
            )
        try:
            async with self._records.database.transaction() as session:
                await wait_for_my_turn(session, changing=False)
                plan = await plan_in_force(session, given.plan_id)
                terms = terms_on(plan, await self._records.calendar_on(session, request.at))
                refused = _outside_the_plan(given, terms)
                if refused is None and self._identified:
                    refused = await _unknown_person(session, given.applicant)
                refused = refused or await _not_again(session, request, terms)
                return refused or await self._open(session, request, terms)
        except UnknownPlanError as unknown:
            known = "、".join(unknown.known) or "无"
            return _refused("plan_id", zh=f"没有方案“{given.plan_id}”；现有：{known}。", en=str(unknown))
        except _TakenMeanwhile:
            return _live_already()

    async def _open(self, session: AsyncSession, request: OpenRequest, terms: PlanTerms) -> OpenResult:
        given = request.application
        written = await self._records.write(session, opening_batch(request, terms))
        await note_opening(session, request)
        if await _live_one(session, given) not in (None, given.application_ref):
            raise _TakenMeanwhile
        return OpenResult(terms=terms, answers=written.answers)


def opening_batch(request: OpenRequest, terms: PlanTerms) -> HopBatch:
    """What the opening of an application writes, as one batch."""
    given, at = request.application, request.at
    state = ApplicationState(
        input=given, terms=terms, entered_at=at, seq=request.fact.seq, chain=request.fact.hash
    )
    return HopBatch(
        hop="records",
        snapshot=Snapshot.of(
            given, standing_of(state), Left(request.workflow_id, request.run_id, at, request.turn)
        ),
        facts=(request.fact,),
        requests=tuple(requests_on_entry(state, at)),
    )


async def note_opening(session: AsyncSession, request: OpenRequest) -> None:
    """Who opened the application, and when: in its row, which no later batch changes."""
    given = request.application
    row = await session.get_one(Application, (given.plan_id, given.application_ref))
    row.archive_keeper = given.archive_keeper
    row.opened_at, row.opened_run_id = request.at, request.run_id


def _refused(code: str, *, zh: str, en: str) -> OpenResult:
    return OpenResult(refused_code=code, refused_zh=zh, refused_en=en)


def _outside_the_plan(given: ApplicationInput, terms: PlanTerms) -> OpenResult | None:
    offered = {"specialty": terms.specialties, "level": terms.levels}
    names = {"specialty": "专业", "level": "级别"}
    for field, choices in offered.items():
        chosen = getattr(given, field)
        if chosen not in choices:
            return _refused(
                field,
                zh=f"本方案没有{names[field]}“{chosen}”；可选：{'、'.join(choices)}。",
                en=f"The plan has no {field} {chosen!r}; choose one of: {', '.join(choices)}.",
            )
    return None


async def _unknown_person(session: AsyncSession, applicant: str) -> OpenResult | None:
    if await is_identified(session, applicant):
        return None
    return _refused(
        "applicant",
        zh="该申报人尚未登记身份证件，不能发起申报。请由评委会办事机构核验身份证件并登记后再申报。",
        en="No identity document is recorded for this person. Have the committee office check it and record "
        "it (`zhicheng people identify`), then begin again.",
    )


async def _barred(session: AsyncSession, request: OpenRequest, persons: tuple[str, ...]) -> OpenResult | None:
    """A ban in force on the day (人社部发〔2024〕56号, or a decision of the city title office)."""
    day = local_day(request.at)
    bans = [ban for person in persons if (ban := await ban_on(session, person, day)) is not None]
    ban = max(bans, key=lambda one: one.banned_until or day, default=None)
    if ban is None:
        return None
    basis = ban.ban_document_no or ban.document_no or ban.source
    return _refused(
        "applicant",
        zh=f"该申报人因违规被限制申报，至{ban.banned_until}（含当日）止，依据：{basis}。"
        "期满后可以申报；有异议的，请向市职称办提出。",
        en=f"This person is barred from applying until the end of {ban.banned_until} ({basis}). "
        "Apply after that day, or turn to the city title office if this is wrong.",
    )


def _too_late(request: OpenRequest, terms: PlanTerms) -> OpenResult | None:
    """Nobody begins after the department's window: it would lapse in the same breath (work plan 七(一))."""
    if request.at < terms.department_deadline:
        return None
    last_day = last_day_before(terms.department_deadline)
    return _refused(
        "plan_id",
        zh=f"本年度申报已于{last_day}截止。",
        en=f"The plan's window closed on {last_day}; nobody can begin an application any more.",
    )


async def _not_again(session: AsyncSession, request: OpenRequest, terms: PlanTerms) -> OpenResult | None:
    """Why this person may not begin now: barred, too late, a live application already, or a finished one."""
    given = request.application
    same = await session.get(Application, (given.plan_id, given.application_ref))
    if same is not None:
        if (same.workflow_id, same.opened_run_id) == (request.workflow_id, request.run_id):
            return None
        if same.status == "ended":
            label = label_of(same.stage)
            return _refused(
                "application_ref",
                zh=f"申报编号“{given.application_ref}”的申报已办结（{label.zh}），编号不再使用。",
                en=f"The application {given.application_ref!r} has ended ({label.en}); its reference is not "
                "used again.",
            )
        return _refused(
            "application_ref",
            zh=f"申报编号“{given.application_ref}”已被使用。",
            en=f"The reference {given.application_ref!r} is in use already.",
        )
    persons = await same_person(session, given.applicant, lock=True)
    refused = await _barred(session, request, persons) or _too_late(request, terms)
    if refused is not None:
        return refused
    if await _live_one(session, given) is not None:
        return _live_already()
    if await _live_one(session, given, persons) is not None:
        return _refused(
            "applicant",
            zh="该申报人以另一编号登记，证件号码相同，在本年度已有一项在办申报；每人每年度限一项。"
            "请以原编号办理；登记有误的，请由评委会办事机构凭依据文件更正。",
            en="This person is registered under another reference with the same identity number and has a "
            "live application in this cycle; one a person. Go on with that one, or have the register "
            "corrected by the office, with its document.",
        )
    return await _finished_before(session, request, terms, persons)


async def _live_one(
    session: AsyncSession, given: ApplicationInput, persons: tuple[str, ...] = ()
) -> str | None:
    """The live application of this person in this plan; also under the other references, if given."""
    reference: str | None = await session.scalar(
        select(LiveApplication.application_ref)
        .filter_by(plan_id=given.plan_id)
        .where(LiveApplication.applicant.in_(persons or (given.applicant,)))
        .limit(1)
    )
    return reference


def _live_already() -> OpenResult:
    return _refused(
        "applicant",
        zh="该申报人在本年度已有一项在办申报，每人每年度限一项。",
        en="This person already has a live application in this cycle; one a person.",
    )


async def _finished_before(
    session: AsyncSession, request: OpenRequest, terms: PlanTerms, persons: tuple[str, ...]
) -> OpenResult | None:
    given = request.application
    stages = (
        await session.scalars(
            select(Application.stage)
            .filter_by(plan_id=given.plan_id)
            .where(Application.applicant.in_(persons))
        )
    ).all()
    if any(stage != Stage.WITHDRAWN for stage in stages):
        return _refused(
            "applicant",
            zh="该申报人在本年度的申报已办结，本年度不再受理。",
            en="This person's application of this cycle has ended; another one waits for the next cycle.",
        )
    if stages and request.at >= terms.department_deadline:
        return _refused(
            "applicant",
            zh="撤回后须在主管部门提交截止前重新申报，现已截止。",
            en="A withdrawn person may begin again before the department's deadline only; it has passed.",
        )
    return None
