"""Side cases and the credit register: list, show, answer and rule; draw a sample again; look up a record."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import ValidationError

from models.cases import CaseAnswer, CaseRuling
from models.field_errors import first_field_error
from models.integrity import CaseKind, verify_sample
from models.stages import label_of
from workers.cli_commands import parse_actor
from workers.cli_database import At, moment_of, with_database
from workers.cli_looker import note_look
from workers.cli_shared import (
    BAD_INPUT,
    REFUSED,
    AsJson,
    InLang,
    console,
    default_plan,
    echo_json,
    fail,
    table,
    when,
    words,
)

if TYPE_CHECKING:
    from activities.cases import CaseView
    from activities.database import Database
    from models.tables import CreditRecord, Sample
    from workers.settings import Settings

case_app = typer.Typer(
    no_args_is_help=True,
    help="Side cases: spot checks, complaints, sanctions. Only a finding moves anything.",
)
credit_app = typer.Typer(no_args_is_help=True, help="The credit register: records and bans.")

Case = Annotated[str, typer.Argument(metavar="CASE", help="A case, e.g. sc-0123456789abcdef.")]
Who = Annotated[
    str,
    typer.Option(
        "--as", envvar="ZHICHENG_AS", metavar="ROLE:PERSON[@ORGANISATION]", help="Who acts; no names."
    ),
]
CaseStatus = Literal["open", "answered", "ruled"]


@case_app.command("list")
def list_(
    plan: Annotated[str | None, typer.Option(help="Only of this plan.")] = None,
    kind: Annotated[CaseKind | None, typer.Option(help="Only of this kind.")] = None,
    status: Annotated[CaseStatus | None, typer.Option(help="Only those that stand so.")] = None,
    application: Annotated[str | None, typer.Option(metavar="REF", help="Only of this application.")] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only those whose time to answer is over.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 200,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """List cases, oldest first."""

    async def read(database: Database, _: Settings) -> list[CaseView]:
        from activities.cases import list_cases

        return await list_cases(
            database,
            moment_of(at),
            plan_id=plan,
            kind=kind,
            status=status,
            application_ref=application,
            overdue=overdue,
            limit=limit,
        )

    found = with_database(read, as_json=as_json, lang=lang)
    if as_json:
        echo_json(found)
        return
    shown = table("case", "kind", "application", "stage", "status", "finding", "effect", "answer by")
    for one in found:
        late = " (over)" if one.overdue else ""
        cells = (one.kind, one.application_ref, words(label_of(one.stage), lang), one.status)
        effect = one.effect_outcome or "-"
        shown.add_row(one.id, *cells, one.finding or "-", effect, f"{one.answer_by or '-'}{late}")
    console().print(shown)
    typer.echo(f"{len(found)} cases")


@case_app.command()
def show(case: Case, at: At = None, as_json: AsJson = False, lang: InLang = "en") -> None:
    """One case with everything that was done in it."""

    async def read(database: Database, _: Settings) -> CaseView:
        from activities.cases import show_case

        return await show_case(database, case, moment_of(at))

    found = with_database(read, as_json=as_json, lang=lang)
    note_look("case", f"{found.plan_id}/{found.application_ref}")
    _print(found, as_json=as_json)


@case_app.command()
def answer(
    case: Case,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is said.")],
    who: Who,
    evidence: Annotated[
        list[str] | None, typer.Option(metavar="HEX", help="The sha-256 of a document. May be repeated.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="ID", help="The same one counts once. Default: a new one.")
    ] = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Answer in a case, as the applicant, the employer or an office. It moves nothing."""
    body = {
        "actor": parse_actor(who),
        "key": key or uuid.uuid4().hex,
        "text": text,
        "evidence_sha256": evidence or [],
    }
    given = _read(CaseAnswer, body)

    async def write(database: Database, _: Settings) -> CaseView:
        from activities.cases import answer_case

        return await answer_case(database, case, given, moment_of(at))

    _print(with_database(write, as_json=as_json, lang=lang), as_json=as_json)


@case_app.command()
def rule(
    case: Case,
    finding: Annotated[
        str, typer.Argument(metavar="FINDING", help="ok, false, no_answer; unfounded, founded; ban, no_ban.")
    ],
    text: Annotated[str, typer.Option("--text", help="The finding in words.")],
    who: Who,
    document_no: Annotated[str | None, typer.Option(help="The number of the decision.")] = None,
    ground: Annotated[
        str | None,
        typer.Option(
            help="Of a founded complaint: fraud, improper_influence, ce_commitment_false, "
            "exam_cheating. Without it nothing moves."
        ),
    ] = None,
    notice_given: Annotated[bool, typer.Option("--notice-given", help="The holder was told.")] = False,
    hearing_offered: Annotated[
        bool, typer.Option("--hearing-offered", help="The holder may be heard.")
    ] = False,
    ban_until: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The last day of a ban.")
    ] = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Rule on a case, for the city title office. What the finding asks for is sent to the application.

    Exit status 1 when the application refused it; the same command again continues after a crash.
    """
    body: dict[str, Any] = {
        "actor": parse_actor(who),
        "finding": finding,
        "words": text,
        "document_no": document_no,
        "ground": ground,
        "notice_given": notice_given,
        "hearing_offered": hearing_offered,
        "ban_until": ban_until,
    }
    given = _read(CaseRuling, body)

    async def write(database: Database, settings: Settings) -> CaseView:
        from activities.cases import rule_case
        from workers.connect import connect
        from workers.stack import settings_to_reach

        client = await connect(settings_to_reach(settings)) if given.breach is not None else None
        return await rule_case(database, client, case, given, moment_of(at))

    ruled = with_database(write, as_json=as_json, lang=lang)
    _print(ruled, as_json=as_json)
    if ruled.effect_outcome == "refused":
        fail(REFUSED, f"The application did not carry it out: {ruled.effect_reason}")


@case_app.command()
def sample(
    command_id: Annotated[str, typer.Argument(metavar="ID", help="The command that drew the sample.")],
    plan: Annotated[
        str | None, typer.Option(help="The plan. Default: ZHICHENG_PLAN, or the real one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a sample and draw it again. Exit status 1 when the draw is not the one on record."""

    async def read(database: Database, _: Settings) -> Sample | None:
        from activities.cases import show_sample

        return await show_sample(database, plan or default_plan(), command_id)

    made = with_database(read, as_json=as_json)
    if made is None:
        fail(BAD_INPUT, f"No sample was drawn by '{command_id}' in {plan or default_plan()}: give --plan.")
    differs = verify_sample(made.seed, made.population, made.drawn, made.population_sha256)
    if as_json:
        facts = {column.key: getattr(made, column.key) for column in made.__table__.columns}
        echo_json(
            {k: v if isinstance(v, int | list | dict) else str(v) for k, v in facts.items()}
            | {"differs": differs}
        )
    else:
        typer.echo(f"seed        {made.seed}")
        typer.echo(f"drawn       {when(made.drawn_at)} by {made.ordered_by}, {made.document_no}")
        typer.echo(f"population  {made.population_size} applications, {made.population_sha256}")
        typer.echo(f"rule        {made.drawn_by}")
        typer.echo(f"sample      {made.size}: {', '.join(made.drawn)}")
        typer.echo("drawn again: the same" if not differs else f"drawn again: {'; '.join(differs)}")
    if differs:
        raise typer.Exit(REFUSED)


@credit_app.command("show")
def credit_show(
    ref: Annotated[str, typer.Argument(metavar="REF", help="A person's or an application's reference.")],
    on: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Bans on this day. Default: today.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The records of a person, and whether the person may apply."""
    try:
        day = date.fromisoformat(on) if on else moment_of(None).date()
    except ValueError:
        fail(BAD_INPUT, f"--on {on!r} is not a day: write it as YYYY-MM-DD.")

    async def read(database: Database, _: Settings) -> list[CreditRecord]:
        from activities.credit import credit_of

        async with database.reading() as session:
            return await credit_of(session, ref)

    found = with_database(read, as_json=as_json)
    barred = [r for r in found if r.banned_from and r.banned_until and r.banned_from <= day <= r.banned_until]
    if as_json:
        rows = [{c.key: _plain(getattr(r, c.key)) for c in r.__table__.columns} for r in found]
        echo_json({"records": rows, "barred": bool(barred), "on": str(day)})
        return
    shown = table("application", "ground", "act", "decided", "record until", "ban", "rule", "document")
    for r in found:
        past = " (over)" if r.until < day else ""
        ban = f"{r.banned_from} - {r.banned_until}" if r.banned_until else "-"
        cells = (r.ground, str(r.act_date), str(r.decision_date), f"{r.until}{past}", ban, r.rule or "-")
        shown.add_row(r.application_ref, *cells, r.ban_document_no or r.document_no or "-")
    console().print(shown)
    state = f"barred until the end of {max(str(r.banned_until) for r in barred)}" if barred else "may apply"
    typer.echo(f"{len(found)} records; on {day}: {state}")


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else str(value)


def _read(model: Any, body: dict[str, Any]) -> Any:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        field, rule_ = first_field_error(error)
        fail(BAD_INPUT, f"{field or 'the command'}: {rule_.en}. Correct it; see --help.")


def _print(case: CaseView, *, as_json: bool) -> None:
    if as_json:
        echo_json(case)
        return
    typer.echo(f"{case.id}  {case.kind}  {case.plan_id}/{case.application_ref}  {case.status}")
    typer.echo(f"  stage       {label_of(case.stage)}")
    typer.echo(f"  opened      {when(case.opened_at)} by {case.opened_by}")
    typer.echo(f"  question    {case.question}")
    if case.grounds:
        typer.echo(f"  grounds     {case.grounds}")
    if case.answer_by:
        typer.echo(f"  answer by   {case.answer_by}{' (over)' if case.overdue else ''}")
    if case.finding:
        typer.echo(f"  finding     {case.finding}{f' ({case.ground})' if case.ground else ''}: {case.words}")
        typer.echo(f"  decided     {when(case.decided_at)} by {case.decided_by}, {case.document_no or '-'}")
    if case.effect_outcome:
        what = " -> ".join(part for part in (case.effect_command, case.effect_event) if part)
        typer.echo(f"  effect      {case.effect_outcome}{f' ({what})' if what else ''}")
    for step in case.steps:
        typer.echo(f"  {step.n:>2}. {when(step.at)} {step.step} by {step.by} ({step.role}): {step.words}")
