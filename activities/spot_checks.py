"""Draws the random sample of a spot check, opens a case for each, and tells those concerned.

The seed, the population and the draw are kept, so that anyone can draw again (`models.integrity`). One
transaction a command: asked again, the activity finds its own sample and changes nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.credit import blank_case, case_id
from activities.database import Database
from activities.records import write_notices
from activities.selecting import conditions
from activities.writing import write_new
from models.cycle_commands import SpotCheck
from models.cycle_messages import Asked, Done
from models.field_errors import first_field_error
from models.integrity import DRAWN_BY, draw_sample, population_hash, sample_size
from models.selection import Selection
from models.stages import Stage
from models.tables import Application, Sample, SideCase
from models.wire import Label, local_day

PAGE = 500
"""Rows in one statement."""


class SpotChecks:
    """Draws samples on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="spot_check")
    async def spot_check(self, asked: Asked) -> Done:
        """Carries out a `SpotCheck`: the sample is drawn once, whatever becomes of this attempt."""
        try:
            command = SpotCheck.model_validate(asked.command)
        except ValidationError as error:
            field, rule = first_field_error(error)
            return _refused(
                field or "command", f"字段 {field} 不符合要求：{rule.zh}。", f"{field}: {rule.en}."
            )
        if command.answer_by <= local_day(asked.at):
            return _refused(
                "answer_by",
                "答复期限须在今日之后；请给出更晚的日期。",
                "The time for an answer must end after today: give a later day.",
            )
        async with self._database.transaction() as session:
            made = await session.get(Sample, (asked.plan_id, command.command_id))
            if made is None:
                made = await _draw(session, asked, command)
            if made is None:
                return _refused(
                    "selection",
                    "没有符合条件且已提交的在办申报；请放宽范围。",
                    "No application in progress, with a dossier handed in, fits: widen the selection.",
                )
            return _done(made)


def _refused(field: str, zh: str, en: str) -> Done:
    return Done(refused_zh=zh, refused_en=en, field=field)


def _done(made: Sample) -> Done:
    return Done(
        counts={"population": made.population_size, "drawn": made.size},
        facts={
            "sample": made.command_id,
            "seed": made.seed,
            "population_sha256": made.population_sha256,
        },
    )


def chosen(plan_id: str, selection: Selection) -> Select[str]:
    """The applications in progress that fit; a draft holds no commitment yet and is left out."""
    found = select(Application.application_ref).where(
        Application.plan_id == plan_id,
        Application.status != "ended",
        Application.stage != Stage.DRAFT.value,
        *conditions(selection),
    )
    return found.order_by(Application.application_ref)


async def _draw(session: AsyncSession, asked: Asked, command: SpotCheck) -> Sample | None:
    population: list[str] = []
    found = chosen(asked.plan_id, command.selection).execution_options(yield_per=PAGE)
    async for ref in await session.stream_scalars(found):
        population.append(ref)
        if len(population) % PAGE == 0:
            _alive(len(population))
    if not population:
        return None
    seed = command.seed or secrets.token_hex(16)
    size = sample_size(len(population), size=command.size, per_mille=command.per_mille)
    drawn = draw_sample(seed, population, size)
    row = {
        "plan_id": asked.plan_id,
        "command_id": command.command_id,
        "seed": seed,
        "drawn_by": DRAWN_BY,
        "selection": command.selection.model_dump(mode="json", exclude_defaults=True),
        "population": population,
        "population_size": len(population),
        "population_sha256": population_hash(population),
        "size": len(drawn),
        "drawn": list(drawn),
        "question": command.question,
        "answer_by": command.answer_by,
        "document_no": command.document_no,
        "ordered_by": command.actor.id,
        "drawn_at": asked.at,
    }
    await write_new(session, Sample, [row])
    made = await session.get_one(Sample, (asked.plan_id, command.command_id))
    if made.seed == seed:
        await _open_cases(session, asked, command, drawn)
    return made


async def _open_cases(
    session: AsyncSession, asked: Asked, command: SpotCheck, drawn: tuple[str, ...]
) -> None:
    for start in range(0, len(drawn), PAGE):
        part = drawn[start : start + PAGE]
        rows = await session.scalars(
            select(Application).where(
                Application.plan_id == asked.plan_id, Application.application_ref.in_(part)
            )
        )
        applications = list(rows)
        await write_new(session, SideCase, [_case(a, asked.at, command) for a in applications])
        await write_notices(session, list(_notices(applications, asked.at, command)))
        _alive(start + len(part))


def _case(application: Application, at: datetime, command: SpotCheck) -> dict[str, Any]:
    ids = {"plan_id": application.plan_id, "application_ref": application.application_ref}
    return {
        **blank_case(),
        **ids,
        "seq": 0,
        "at": at,
        "id": case_id("spot_check", *ids.values(), command.command_id),
        "kind": "spot_check",
        "opened_by": command.actor.id,
        "opened_by_role": command.actor.role.value,
        "sample_id": command.command_id,
        "question": command.question,
        "answer_by": command.answer_by,
    }


def _notices(
    applications: Iterable[Application], at: datetime, command: SpotCheck
) -> Iterable[dict[str, Any]]:
    for application in applications:
        whose = {"applicant": application.applicant, "employer": application.employer}
        for role, recipient in whose.items():
            case = case_id("spot_check", application.plan_id, application.application_ref, command.command_id)
            yield case_notice(
                application,
                at,
                case,
                role,
                recipient,
                Label(zh="继续教育抽查", en="spot check of continuing education"),
                Label(
                    zh=f"{command.question}\n依据：{command.document_no}\n"
                    f"请于{command.answer_by} 24时前答复。",
                    en=f"{command.question}\nBy: {command.document_no}\n"
                    f"Answer by the end of {command.answer_by} (24:00, Asia/Shanghai).",
                ),
            )


def case_notice(
    application: Application,
    at: datetime,
    case: str,
    role: str,
    recipient: str,
    title: Label,
    words: Label,
) -> dict[str, Any]:
    """The row of a notice about a case; the same case, role and title is told once."""
    ref = application.application_ref
    key = f"{case}/{role}/{title.en}"
    return {
        "plan_id": application.plan_id,
        "application_ref": ref,
        "seq": 0,
        "at": at,
        "to_role": role,
        "recipient": recipient,
        "template": "side_case",
        "subject_zh": f"【职称评审】{title.zh}（{ref}）",
        "text_zh": f"{title.zh}\n申报编号：{ref}\n个案编号：{case}\n{words.zh}",
        "text_en": f"{title.en}\nApplication: {ref}\nCase: {case}\n{words.en}",
        "status": "pending",
        "dedupe_key": hashlib.sha256(key.encode()).hexdigest(),
    }


def _alive(done: int) -> None:
    if activity.in_activity():
        activity.heartbeat(done)
