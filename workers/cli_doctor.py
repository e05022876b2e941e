"""`zhicheng doctor`: is everything as it should be? For people, and for cron by its exit status."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from models.doctor import LABELS
from workers.cli_database import At, known_plan, moment_of, with_database
from workers.cli_shared import REFUSED, AsJson, InLang, Lang, console, echo_json, table

if TYPE_CHECKING:
    from activities.database import Database
    from models.doctor import Examination
    from workers.settings import Settings


def doctor(
    plan: Annotated[str | None, typer.Option(help="Only the applications of this plan.")] = None,
    temporal: Annotated[bool, typer.Option(help="Compare with the workflows, too.")] = True,
    papers: Annotated[bool, typer.Option(help="Read and hash every certificate file, too.")] = True,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Look for what must not be: broken chains, differences, stuck work. Exit status 1 when there is any."""
    moment = moment_of(at)

    async def work(database: Database, settings: Settings) -> Examination:
        from activities.audit.checking import plans_on_record
        from activities.calendar import Calendars
        from activities.doctor.examination import examine
        from activities.papers.storage import FileStore

        if plan is not None:
            async with database.reading() as session:
                on_record = await plans_on_record(session)
            if plan not in on_record:
                await known_plan(database, plan)
        files = FileStore(settings.data_dir.absolute()) if papers else None
        calendars = Calendars(as_of=settings.rehearsal, folder=settings.calendar_dir)
        if not temporal:
            return await examine(database, calendars, moment, plan_id=plan, files=files)
        from workers.connect import connect
        from workers.doctor import WorkflowDoctor
        from workers.stack import settings_to_reach

        workflows = WorkflowDoctor(await connect(settings_to_reach(settings)), database, settings.task_queue)
        of_server = await workflows.server()
        found = await examine(database, calendars, moment, plan_id=plan, files=files, ask=workflows.ask)
        return found.model_copy(update={"troubles": (*of_server, *found.troubles)})

    found = with_database(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json(found)
    else:
        _show(found, lang)
    if not found.clean:
        raise typer.Exit(REFUSED)


def _show(found: Examination, lang: Lang) -> None:
    looked = ", ".join(f"{number} {what}" for what, number in found.looked_at.items())
    typer.echo(f"looked at: {looked}")
    if found.clean:
        typer.echo("clean: nothing is wrong")
        return
    shown = table("symptom", "subject", "what", "runbook")
    for one in found.troubles:
        what = one.what.zh if lang == "zh" else one.what.en
        label = LABELS[one.symptom].zh if lang == "zh" else one.symptom.value
        shown.add_row(*(escape(cell) for cell in (label, one.subject, what, one.runbook)))
    console().print(shown)
    severities = Counter(one.severity for one in found.troubles)
    typer.echo(f"{severities['error']} errors, {severities['warning']} warnings")
