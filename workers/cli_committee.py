"""Committees on file and the pool of experts, on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli_database import At, known_choices, moment_of, with_database
from workers.cli_meeting_shared import day_of
from workers.cli_shared import BAD_INPUT, AsJson, InLang, console, default_plan, echo_json, fail, table

if TYPE_CHECKING:
    from activities.database import Database
    from models.committee import CommitteeOnFile
    from workers.settings import Settings

committee_app = typer.Typer(no_args_is_help=True, help="Committees on file (评委会核准备案).")
expert_app = typer.Typer(no_args_is_help=True, help="The pool of experts (专家库).")


@committee_app.command("file")
def file_command(
    committee: Annotated[str, typer.Argument(metavar="COMMITTEE", help="Its reference.")],
    size: Annotated[int, typer.Option(help="How many experts are drawn for a meeting; odd.")],
    filed_on: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The day of the filing.")],
    valid_until: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Its last day; at most 3 years.")],
    document_no: Annotated[str, typer.Option("--document-no", help="The document that approves it.")],
    formed_by: Annotated[str, typer.Option(help="specialty or series.")] = "specialty",
    plan: Annotated[str | None, typer.Option(help="The plan whose rules it must meet.")] = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Record that a committee was approved and filed. Refused when the filing is not lawful."""
    from pydantic import ValidationError

    from models.committee import CommitteeOnFile
    from models.field_errors import first_field_error

    try:
        filing = CommitteeOnFile.model_validate(
            {
                "committee_ref": committee,
                "formed_by": formed_by,
                "size": size,
                "filed_on": day_of("--filed-on", filed_on),
                "valid_until": day_of("--valid-until", valid_until),
                "document_no": document_no,
            }
        )
    except ValidationError as error:
        path, rule = first_field_error(error)
        fail(BAD_INPUT, f"--{path.replace('_', '-')}: {rule.en}.")
    plan_id, moment = plan or default_plan(), moment_of(at)

    async def work(database: Database, _settings: Settings) -> None:
        from activities.experts import ExpertRegister
        from activities.meetings import committee_rule
        from activities.plans import plan_in_force

        async with database.reading() as session:
            rule = committee_rule(await plan_in_force(session, plan_id))
        await ExpertRegister(database).file_committee(filing, rule, moment)

    with_database(work, as_json=as_json, lang=lang)
    _print([filing], as_json)


@committee_app.command()
def show(
    committee: Annotated[str, typer.Argument(metavar="COMMITTEE", help="Its reference.")],
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Every filing of a committee."""

    async def work(database: Database, _settings: Settings) -> list[CommitteeOnFile]:
        from activities.experts import ExpertRegister

        return await ExpertRegister(database).filings(committee)

    _print(with_database(work, as_json=as_json, lang=lang), as_json)


@expert_app.command()
def add(
    expert: Annotated[str, typer.Argument(metavar="EXPERT", help="The opaque reference of the expert.")],
    employer: Annotated[str, typer.Option(help="Code of the employer.")],
    specialty: Annotated[list[str], typer.Option(help="As the plan names it; repeat it.")],
    term_until: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The last day of the term.")],
    tie: Annotated[
        list[str] | None, typer.Option(metavar="KIND=PERSON", help="A ground to be recused; repeat it.")
    ] = None,
    status: Annotated[str, typer.Option(help="active, suspended or disqualified.")] = "active",
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Put an expert into the pool, or bring the entry up to date. Ties are added, never dropped."""
    from pydantic import ValidationError

    from activities.experts import NewExpert
    from models.field_errors import first_field_error

    pairs = [text.partition("=") for text in tie or ()]
    try:
        new = NewExpert.model_validate(
            {
                "expert_ref": expert,
                "employer": employer,
                "specialties": specialty,
                "term_until": day_of("--term-until", term_until),
                "status": status,
                "ties": [{"kind": kind, "person": person} for kind, _, person in pairs],
            }
        )
    except ValidationError as error:
        path, rule = first_field_error(error)
        fail(BAD_INPUT, f"{path}: {rule.en}.")
    moment = moment_of(at)

    async def work(database: Database, _settings: Settings) -> None:
        from activities.experts import ExpertRegister

        await known_choices(database, "--specialty", specialty, lang=lang)
        await ExpertRegister(database).add([new], moment)

    with_database(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json(new)
    else:
        typer.echo(f"{new.expert_ref}  {', '.join(new.specialties)}  until {new.term_until}  {new.status}")


def _print(filings: list[CommitteeOnFile], as_json: bool) -> None:
    if as_json:
        echo_json(filings)
        return
    shown = table("committee", "formed by", "size", "filed on", "valid until", "document")
    for one in filings:
        shown.add_row(
            one.committee_ref,
            one.formed_by,
            str(one.size),
            str(one.filed_on),
            str(one.valid_until),
            one.document_no,
        )
    console().print(shown)
