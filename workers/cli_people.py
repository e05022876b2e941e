"""The register of names: record one, import a file, show the versions. Names come in here alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.names_file import UNIT_KINDS, Fault, NameRow, fault_of, read_names
from workers.cli_database import At, moment_of, with_database
from workers.cli_looker import operator
from workers.cli_shared import BAD_INPUT, REFUSED, AsJson, InLang, console, echo_json, fail, table, when

if TYPE_CHECKING:
    from activities.database import Database
    from models.tables.people import Named
    from workers.settings import Settings

people_app = typer.Typer(
    no_args_is_help=True, help="The register of names, for lists and papers: record, import, show."
)

Document = Annotated[
    str | None, typer.Option("--document-no", help="The document that allows a correction of a name.")
]


@people_app.command()
def record(
    ref: Annotated[str, typer.Argument(metavar="REF", help="The opaque reference of the person or unit.")],
    name: Annotated[str, typer.Argument(metavar="NAME")],
    unit: Annotated[bool, typer.Option("--unit", help="A unit, not a person.")] = False,
    kind: Annotated[str | None, typer.Option(help=f"Kind of the unit: {', '.join(UNIT_KINDS)}.")] = None,
    document_no: Document = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Record a name; another name under the same reference is a correction and names its document."""
    name, wrong = name.strip(), fault_of(ref, name)
    if wrong is not None:
        fail(BAD_INPUT, f"{wrong.zh}。" if lang == "zh" else f"{wrong.en[0].upper()}{wrong.en[1:]}.")
    if kind is not None and (not unit or kind not in UNIT_KINDS):
        fail(BAD_INPUT, f"--kind goes with --unit and is one of: {', '.join(UNIT_KINDS)}.")
    row, moment = NameRow(0, ref, name, "unit" if unit else "person", kind), moment_of(at)

    async def work(database: Database, settings: Settings) -> tuple[int, bool]:  # noqa: ARG001
        from activities.names_register import record_one

        async with database.transaction() as session:
            return await record_one(session, row, moment, document_no)

    version, is_new = with_database(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json({"ref": ref, "of": row.of, "version": version, "new": is_new})
    else:
        typer.echo(f"{ref}  version {version}" + ("" if is_new else "  (nothing new)"))


@people_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns ref,name,kind.")],
    encoding: Annotated[str, typer.Option(help="Of the file; gb18030 for older spreadsheets.")] = "utf-8",
    document_no: Document = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Record every name of a file, or none when a line has a fault. Exit status 1 with the lines then."""
    rows, faults = read_names(text_of(file, encoding))
    moment = moment_of(at)

    async def work(database: Database, settings: Settings) -> tuple[int, list[Fault]]:  # noqa: ARG001
        from activities.names_register import record_all

        async with database.transaction() as session:
            return await record_all(session, rows, moment, document_no)

    new = 0
    if not faults:
        new, faults = with_database(work, as_json=as_json, lang=lang)
    if as_json:
        lines = [{"line": fault.line, "zh": fault.words.zh, "en": fault.words.en} for fault in faults]
        echo_json({"rows": len(rows), "new": new, "faults": lines})
    elif not faults:
        typer.echo(f"{len(rows)} rows, {new} new")
    if faults:
        if not as_json:
            for fault in faults[:50]:
                typer.echo(
                    f"{file}:{fault.line}: {fault.words.zh if lang == 'zh' else fault.words.en}", err=True
                )
        fail(REFUSED, f"{len(faults)} lines to mend; nothing was recorded.")


@people_app.command()
def show(
    ref: Annotated[str, typer.Argument(metavar="REF")], as_json: AsJson = False, lang: InLang = "en"
) -> None:
    """Every version of the name behind a reference, and the document of each correction."""

    async def read(database: Database, settings: Settings) -> list[tuple[str, Named]]:  # noqa: ARG001
        from activities.looks import put_on_record
        from activities.names_register import versions_of

        async with database.transaction() as session:
            await put_on_record(session, operator(), "cli_name", moment_of(None), person=ref[:80])
            return await versions_of(session, ref)

    found = with_database(read, as_json=as_json, lang=lang)
    if not found:
        fail(REFUSED, f"No name is recorded for {ref}: zhicheng people record {ref} NAME.")
    if as_json:
        echo_json([_plain(of, row) for of, row in found])
        return
    shown = table("of", "version", "name", "kind", "recorded", "document")
    for of, row in found:
        cells = (of, str(row.version), row.name, row.kind or "-")
        shown.add_row(*cells, when(row.recorded_at), row.document_no or "-")
    console().print(shown)


def _plain(of: str, row: Named) -> dict[str, Any]:
    return {
        "of": of,
        "ref": row.ref,
        "version": row.version,
        "name": row.name,
        "kind": row.kind,
        "recorded_at": row.recorded_at.isoformat(),
        "document_no": row.document_no,
    }


def text_of(file: Path, encoding: str) -> str:
    """The text of a file; exit status 2 when it cannot be read."""
    try:
        return file.read_text(encoding)
    except OSError as error:
        fail(BAD_INPUT, f"{file} cannot be read ({error.strerror}): give a CSV file.")
    except LookupError:
        fail(BAD_INPUT, f"There is no encoding {encoding!r}: use utf-8 or gb18030.")
    except UnicodeError:
        fail(BAD_INPUT, f"{file} is not {encoding}: save it as UTF-8, or give --encoding gb18030.")
