"""`zhicheng people identify | identity | who-has | rekey`: identity numbers, which are never arguments.

A number comes from standard input (a prompt that shows nothing, or a pipe): arguments stand in the shell's
history and in every list of processes.
"""

from __future__ import annotations

import csv
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.identity import DOCUMENT_LABELS, Document
from workers.cli_database import At, moment_of, with_database
from workers.cli_looker import operator
from workers.cli_people import people_app as people_app
from workers.cli_people import text_of
from workers.cli_shared import (
    BAD_INPUT,
    REFUSED,
    AsJson,
    InLang,
    console,
    echo_json,
    fail,
    load_settings,
    table,
    when,
    words,
)

if TYPE_CHECKING:
    from activities.database import Database
    from activities.identity import Identity, Recorded
    from activities.identity_keys import IdentityKeys
    from workers.settings import Settings

Kind = Annotated[Document, typer.Option("--kind", help="The kind of document.")]
Person = Annotated[str, typer.Argument(metavar="REF", help="The opaque reference of the person.")]


@people_app.command()
def identify(
    ref: Annotated[str | None, typer.Argument(metavar="[REF]", help="The reference of the person.")] = None,
    kind: Kind = Document.RESIDENT_ID,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE.csv", help="Many: columns ref,number and, if need be, kind."),
    ] = None,
    document_no: Annotated[
        str | None, typer.Option("--document-no", help="The document that allows a correction of a number.")
    ] = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Record the identity number of a person, sealed. It comes from standard input, not as an argument."""
    if (ref is None) == (file is None):
        fail(BAD_INPUT, "Name one person (REF), or a file of many (--file): one of the two.")
    if file is not None:
        rows = _rows_of(file, kind)
    else:
        assert ref is not None
        rows = [(1, ref, kind, number_asked(lang))]
    moment, looker, keys = moment_of(at), operator(), _keys()

    async def work(database: Database, settings: Settings) -> list[Recorded]:  # noqa: ARG001
        from activities.identity import record_identity
        from models.refusal import Refused, refuse

        found = []
        async with database.transaction() as session:
            for line, person, document, number in rows:
                try:
                    found.append(
                        await record_identity(
                            session, keys, looker, person, document, number, moment, document_no
                        )
                    )
                except Refused as refused:
                    if file is None:
                        raise
                    said = refused.refusal
                    raise refuse(
                        said.code,
                        zh=f"第{line}行：{said.rule.zh}",
                        en=f"Line {line}: {said.rule.en}",
                        fix_zh=f"{said.remedy.zh}文件中任何一行均未登记。",
                        fix_en=f"{said.remedy.en} No line of the file was recorded.",
                        field=said.field,
                        citation=said.citation,
                    ) from None
        return found

    done = _opened(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json([_plain(one) for one in done])
        return
    for one in done:
        typer.echo(f"{one.person}  version {one.version}" + ("" if one.new else "  (nothing new)"))
        if one.same:
            typer.echo(f"  the same person as {', '.join(one.same)}: one live application a cycle for all")
        for plan_id in one.twice:
            typer.echo(f"  has two live applications in {plan_id}: the office must end one", err=True)


def _plain(one: Recorded) -> dict[str, Any]:
    return {
        "person": one.person,
        "version": one.version,
        "new": one.new,
        "same_person": list(one.same),
        "two_live_in": list(one.twice),
    }


@people_app.command()
def identity(
    ref: Person,
    whole: Annotated[bool, typer.Option("--whole", help="The whole number; say why.")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="Why the whole number is needed.")] = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """The identity document of a person, masked. Each look is in the access log, with its reason."""
    looker, keys = operator(), _keys()

    async def read(database: Database, settings: Settings) -> Identity | None:  # noqa: ARG001
        from activities.identity import identity_of

        async with database.transaction() as session:
            return await identity_of(session, keys, looker, ref, moment_of(None), whole=whole, reason=reason)

    found = _opened(read, as_json=as_json, lang=lang)
    if found is None:
        fail(REFUSED, f"No identity document is recorded for {ref}: zhicheng people identify {ref}")
    label = words(DOCUMENT_LABELS[found.document], lang)
    if as_json:
        echo_json(
            {
                "person": found.person,
                "version": found.version,
                "document": found.document.value,
                "number": found.number,
                "recorded_at": found.recorded_at.isoformat(),
                "recorded_by": found.recorded_by,
                "document_no": found.document_no,
                "same_person": list(found.same),
            }
        )
        return
    shown = table("person", "version", "document", "number", "recorded", "by", "the same person as")
    shown.add_row(
        found.person,
        str(found.version),
        label,
        found.number,
        when(found.recorded_at),
        found.recorded_by,
        ", ".join(found.same) or "-",
    )
    console().print(shown)


@people_app.command("who-has")
def who_has(kind: Kind = Document.RESIDENT_ID, as_json: AsJson = False, lang: InLang = "en") -> None:
    """Which references stand for whoever has this number (standard input). Nothing is decrypted for it."""
    number, looker, keys = number_asked(lang), operator(), _keys()

    async def read(database: Database, settings: Settings) -> tuple[str, ...]:  # noqa: ARG001
        from activities.identity import persons_with

        async with database.transaction() as session:
            return await persons_with(session, keys, looker, kind, number, moment_of(None))

    found = _opened(read, as_json=as_json, lang=lang)
    if as_json:
        echo_json(list(found))
    else:
        typer.echo("\n".join(found) or "nobody")


@people_app.command()
def rekey(
    batch: Annotated[int, typer.Option(min=1, max=5000, help="Rows a transaction.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Seal and index anew what is under an older key; it may be stopped and begun again at any time.

    Exit status 1 when some did not open: they are named, and stay as they are."""
    keys = _keys()

    async def work(database: Database, settings: Settings) -> tuple[int, int, list[str]]:  # noqa: ARG001
        from activities.identity import rekey as some
        from activities.identity import stale

        done, closed, last = 0, list[str](), ("", 0)
        while True:
            async with database.transaction() as session:
                now = await some(session, keys, batch, last)
            done, closed = done + now.done, [*closed, *now.closed]
            if now.last is None:
                break
            last = now.last
        async with database.reading() as session:
            return done, await stale(session, keys), closed

    done, left, closed = with_database(work, as_json=as_json)
    present = {"key": keys.sealing.current, "index": keys.index.current}
    if as_json:
        echo_json({"rekeyed": done, "left": left, "do_not_open": closed, **present})
    else:
        typer.echo(f"{done} rows under {keys.sealing.current} and {keys.index.current} now, {left} left")
        for one in closed:
            typer.echo(f"  {one}", err=True)
    if closed:
        raise typer.Exit(REFUSED)
    if not left and not as_json:
        typer.echo("older keys may be taken out of ZHICHENG_IDENTITY_KEYS and ZHICHENG_IDENTITY_INDEX_KEYS")


@people_app.command("export-data")
def export_data(
    ref: Person,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.zip", help="Where it goes.")],
    reason: Annotated[str, typer.Option("--reason", help="Why: the request of the person, for instance.")],
    whole: Annotated[bool, typer.Option("--whole", help="The identity number whole, not masked.")] = False,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Everything the system holds on a person, as a ZIP for them (PIPL Art. 45). It stands on record."""
    looker, keys, at = operator(), _keys(), moment_of(None)

    async def work(database: Database, settings: Settings) -> tuple[str, int]:
        from activities.person_data import export_person
        from workers.evidence_desk import evidence_desk

        store = evidence_desk(settings, database).store
        try:
            with os.fdopen(os.open(out, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
                return await export_person(
                    database,
                    keys,
                    looker,
                    ref,
                    at,
                    file,
                    store,
                    settings.data_dir.absolute(),
                    whole=whole,
                    reason=reason,
                )
        except OSError as error:
            fail(
                BAD_INPUT, f"{out} cannot be written ({error.strerror}): name a file in a folder that exists."
            )
        except BaseException:
            out.unlink(missing_ok=True)
            raise

    sha256, applications = _opened(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json({"file": str(out), "sha256": sha256, "applications": applications})
    else:
        typer.echo(f"{out}: {applications} applications, sha-256 {sha256}")


def number_asked(lang: str) -> str:
    """A number from a prompt that shows nothing, or from a pipe. Exit status 2 when there is none."""
    if sys.stdin.isatty():
        number = str(
            typer.prompt("证件号码" if lang == "zh" else "identity number", hide_input=True, err=True)
        )
    else:
        number = sys.stdin.readline()
    if not number.strip():
        fail(BAD_INPUT, "No number came: type it at the prompt, or pipe one line into the command.")
    return number.strip()


def _rows_of(file: Path, kind: Document) -> list[tuple[int, str, Document, str]]:
    """Line, person, kind and number. Exit status 2 names the line and never what stands in it."""
    reader = csv.DictReader(io.StringIO(text_of(file, "utf-8").removeprefix("\ufeff"), newline=""))
    heads = [head.strip().lower() for head in reader.fieldnames or ()]
    if not {"ref", "number"} <= set(heads) <= {"ref", "number", "kind"}:
        fail(BAD_INPUT, f"{file}: the first line must be ref,number or ref,number,kind.")
    reader.fieldnames = heads
    rows = []
    for line, row in enumerate(reader, start=2):
        cells = {name: (value or "").strip() for name, value in row.items() if isinstance(value, str | None)}
        try:
            document = Document(cells["kind"]) if cells.get("kind") else kind
        except ValueError:
            fail(BAD_INPUT, f"{file}:{line}: kind must be one of: {', '.join(Document)}.")
        if not cells.get("ref") or not cells.get("number"):
            fail(BAD_INPUT, f"{file}:{line}: a reference and a number are needed.")
        rows.append((line, cells["ref"], document, cells["number"]))
    return rows


def _keys() -> IdentityKeys:
    from workers.key_files import identity_keys
    from workers.settings import SettingsError

    try:
        return identity_keys(load_settings())
    except SettingsError as error:
        fail(BAD_INPUT, str(error))


def _opened(work: Any, *, as_json: bool = False, lang: Any = "en") -> Any:
    """With the database; a number that does not open ends the command with the reason."""
    from activities.identity_keys import IdentityKeyError

    async def guarded(database: Database, settings: Settings) -> Any:
        try:
            return await work(database, settings)
        except IdentityKeyError as error:
            return error

    found = with_database(guarded, as_json=as_json, lang=lang)
    if isinstance(found, IdentityKeyError):
        fail(REFUSED, f"{str(found)[0].upper()}{str(found)[1:]}.")
    return found
