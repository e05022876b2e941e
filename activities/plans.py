"""Work plans: those of the release, and the plans and versions that were filed in the database.

The newest version in the database is in force, else the plan of the release. A version never changes, so
each is parsed once a process; which one is the newest is asked in the transaction that needs to know.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from weakref import WeakKeyDictionary

from pydantic import ValidationError
from sqlalchemy import Pool, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.calendar import WorkCalendar
from models.field_errors import first_field_error
from models.plan import ReviewPlan, UnknownPlanError
from models.plan_finding import PlanFinding
from models.plan_lint import lint
from models.refusal import Refusal, RefusalCode, Refused, refuse
from models.roles import Role
from models.tables import PlanVersion
from models.wire import Label, local_day

_TURN = 7_302_314
"""The PostgreSQL advisory lock between openings (shared) and whoever changes what they open under."""

_KNOWN: WeakKeyDictionary[Pool, dict[tuple[str, int], ReviewPlan]] = WeakKeyDictionary()
"""The stored versions by database; a version never changes."""


async def plan_in_force(session: AsyncSession, plan_id: str) -> ReviewPlan:
    """The newest version of the plan, as of this transaction. Raises `models.plan.UnknownPlanError`."""
    newest = await session.scalar(select(func.max(PlanVersion.version)).filter_by(plan_id=plan_id))
    if newest is None:
        return await _released_or_none(session, plan_id)
    return await _stored(session, plan_id, newest)


async def plans_in_force(session: AsyncSession) -> list[ReviewPlan]:
    """Every plan, filed or of the release, in its newest version; sorted by its id."""
    filed = await session.scalars(select(PlanVersion.plan_id).distinct())
    return [await plan_in_force(session, plan_id) for plan_id in sorted({*ReviewPlan.known(), *filed})]


async def plan_at(session: AsyncSession, plan_id: str, version: int) -> ReviewPlan:
    """The plan in the version that an application follows; without a query once it is known.

    A version that is nowhere on record any more (the release brings a later one) is answered with the
    plan in force. Raises `models.plan.UnknownPlanError`.
    """
    known = _versions(session).get((plan_id, version))
    if known is not None:
        return known
    if plan_id in ReviewPlan.known() and ReviewPlan.load(plan_id).version == version:
        return ReviewPlan.load(plan_id)
    if await session.scalar(select(PlanVersion.version).filter_by(plan_id=plan_id, version=version)):
        return await _stored(session, plan_id, version)
    return await plan_in_force(session, plan_id)


async def offices_of(session: AsyncSession, plan_id: str, version: int) -> dict[str, str]:
    """Role -> organisation, for the roles that the plan itself fills; empty for an unknown plan."""
    try:
        plan = await plan_at(session, plan_id, version)
    except UnknownPlanError:
        return {}
    return {Role(role).value: unit for role, unit in plan.organisations.items()}


async def certificate_prefix(session: AsyncSession, plan_id: str, version: int) -> str:
    """What the certificate numbers of a plan begin with; the plan's id in capitals unless it says."""
    try:
        given = (await plan_at(session, plan_id, version)).certificate_prefix
    except UnknownPlanError:
        given = None
    return given or plan_id.upper()


async def wait_for_my_turn(session: AsyncSession, *, changing: bool) -> None:
    """Openings wait for whoever changes what they open under, and the other way round, never for each other.

    An application either opens under the new version or notice, or its row is there when the order to the
    open applications looks for them. On SQLite every writer waits for the others anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        shared = "" if changing else "_shared"
        await session.execute(text(f"SELECT pg_advisory_xact_lock{shared}({_TURN})"))


async def file_plan(
    session: AsyncSession,
    toml: str,
    document_no: str,
    at: datetime,
    calendar: WorkCalendar | None = None,
) -> ReviewPlan:
    """Stores version 1 of a new plan, once the lint finds no error in it; filing it again changes nothing.

    `calendar` is the one to lint with, by default that of the release. Raises `Refused` with the field: it
    cannot be read, it breaks a rule, or there is another plan with this id.
    """
    plan = read_plan(toml)
    await wait_for_my_turn(session, changing=True)
    if plan.version != 1:
        raise _refused(
            "version",
            f"新方案须为第1版，来件为第{plan.version}版。",
            f"A new plan is version 1; this says {plan.version}.",
            "新方案写1；已备案方案的新版本请由评审年度下达。",
            "Write 1; a later version of a plan on file is issued by its cycle.",
        )
    first = await session.get(PlanVersion, (plan.id, 1))
    if first is not None and first.sha256 == digest_of(toml):
        return plan
    if first is not None or plan.id in ReviewPlan.known():
        raise _refused(
            "id",
            f"方案编号“{plan.id}”已被使用。",
            f"There is a plan with the id '{plan.id}' already.",
            "请使用其他编号；修改已公布的方案请下达新版本。",
            "Use another id; a published plan is amended by a new version.",
        )
    must_be_lawful(plan, calendar or WorkCalendar.load())
    store_version(session, plan, toml, document_no, at)
    await session.flush()
    return plan


def store_version(session: AsyncSession, plan: ReviewPlan, toml: str, document_no: str, at: datetime) -> None:
    """Puts a version on file: the text as it came, with its hash. Its day is that of its amendment."""
    amendment = plan.amendments[-1] if plan.amendments else None
    session.add(
        PlanVersion(
            plan_id=plan.id,
            version=plan.version,
            document_no=document_no,
            issued_at=at,
            dated=amendment.dated if amendment else local_day(at),
            content=toml,
            sha256=digest_of(toml),
            amends=plan.version - 1 if plan.version > 1 else None,
        )
    )


def read_plan(toml: str, field: str = "plan_toml") -> ReviewPlan:
    """A plan from its TOML text. Raises `Refused` that names the first field which breaks a rule."""
    try:
        return ReviewPlan.from_toml(toml)
    except tomllib.TOMLDecodeError as error:
        raise _refused(
            field,
            f"不是可读取的 TOML：{error}。",
            f"It is not readable as TOML: {error}.",
            "请更正该处语法。",
            "Correct the syntax there.",
        ) from None
    except ValidationError as error:
        path, rule = first_field_error(error)
        raise _refused(
            path or field,
            f"字段不符合要求：{rule.zh}。",
            f"The field breaks a rule: {rule.en}.",
            "请按现行方案的写法更正。",
            "Correct it; a plan that is in force shows the form.",
        ) from None


def must_be_lawful(plan: ReviewPlan, calendar: WorkCalendar) -> None:
    """Raises `Refused` with the first error that the lint finds, and how many more there are."""
    errors = [found for found in lint(plan, calendar) if found.severity == "error"]
    if errors:
        raise Refused(_as_refusal(errors))


def digest_of(toml: str) -> str:
    """sha-256 of the text, in hex."""
    return sha256(toml.encode()).hexdigest()


def _as_refusal(errors: Sequence[PlanFinding]) -> Refusal:
    first, more = errors[0], len(errors) - 1
    rule = first.rule
    if more:
        others = ", ".join(dict.fromkeys(found.field for found in errors[1:]))
        rule = Label(zh=f"{rule.zh}（另有{more}处：{others}）", en=f"{rule.en} ({more} more: {others})")
    return Refusal(
        code=RefusalCode.GUARD, rule=rule, remedy=first.remedy, field=first.field, citation=first.citation
    )


async def _released_or_none(session: AsyncSession, plan_id: str) -> ReviewPlan:
    if plan_id in ReviewPlan.known():
        return ReviewPlan.load(plan_id)
    filed = await session.scalars(select(PlanVersion.plan_id).distinct().limit(50))
    raise UnknownPlanError(plan_id, tuple(sorted({*ReviewPlan.known(), *filed})))


async def _stored(session: AsyncSession, plan_id: str, version: int) -> ReviewPlan:
    known = _versions(session)
    if (plan_id, version) not in known:
        row = await session.get_one(PlanVersion, (plan_id, version))
        known[plan_id, version] = _parsed(row.content)
    return known[plan_id, version]


def _versions(session: AsyncSession) -> dict[tuple[str, int], ReviewPlan]:
    return _KNOWN.setdefault(session.get_bind().engine.pool, {})


@lru_cache(maxsize=64)
def _parsed(toml: str) -> ReviewPlan:
    return ReviewPlan.from_toml(toml)


def _refused(field: str, zh: str, en: str, fix_zh: str, fix_en: str) -> Refused:
    return refuse(RefusalCode.MALFORMED, zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en, field=field)
