"""Papers from the command line: send one, go on after a cut, list and save them, see that all are sound."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from models.evidence import FLAG_LABELS, KIND_LABELS, EvidenceKind, EvidenceRefused, Flag, hash_in, reference
from workers.cli_database import with_database
from workers.cli_looker import note_look, note_looks_at_file
from workers.cli_shared import (
    BAD_INPUT,
    NOT_REACHABLE,
    REFUSED,
    AsJson,
    InLang,
    Lang,
    console,
    default_plan,
    echo_json,
    fail,
    load_settings,
    table,
    words,
)

if TYPE_CHECKING:
    from activities.database import Database
    from activities.evidence.checking import Checked
    from models.evidence import Stored
    from workers.evidence_desk import EvidenceDesk
    from workers.evidence_upload import Progress
    from workers.settings import Settings

T = TypeVar("T")

evidence_app = typer.Typer(no_args_is_help=True, help="Papers that people upload (佐证材料).")

Plan = Annotated[str | None, typer.Option("--plan", help="Default: ZHICHENG_PLAN, or the real one.")]


@evidence_app.command()
def upload(
    file: Annotated[Path, typer.Argument(help="A scan: PDF, JPEG, PNG, TIFF or OFD.")],
    application: Annotated[str, typer.Option("--application", metavar="REF", help="Whose paper it is.")],
    kind: Annotated[EvidenceKind, typer.Option(help="What it is for.")] = EvidenceKind.DOSSIER,
    plan: Plan = None,
    gateway: Annotated[
        str | None, typer.Option(metavar="URL", help="Default: ZHICHENG_GATEWAY_URL, or this machine's.")
    ] = None,
    direct: Annotated[
        bool, typer.Option("--direct", help="Into the database and store of this machine, without a gateway.")
    ] = False,
    patience: Annotated[
        float, typer.Option("--timeout", min=1, max=3600, metavar="SECONDS", help="Without any progress.")
    ] = 60,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Send a paper; after a cut the same command goes on where it stopped. The token is in ZHICHENG_TOKEN."""
    if not file.is_file():
        fail(BAD_INPUT, f"{file} is no file that can be read.")
    of = (plan or default_plan(), application, kind)
    with _bar(file.stat().st_size) as progress:
        if direct:
            stored = _directly(file, *of, progress, as_json, lang)
        else:
            stored = _through_the_gateway(file, *of, gateway, patience, progress, as_json, lang)
    if as_json:
        echo_json({"reference": stored, "sha256": hash_in(stored), "application": application, "kind": kind})
    else:
        typer.echo(stored)


@contextmanager
def _bar(size: int) -> Iterator[Progress]:
    """A bar on standard error, where somebody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

    with Progress(
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not os.isatty(2),
    ) as shown:
        task = shown.add_task("", total=size)
        yield lambda done, _size: shown.update(task, completed=done)


def _through_the_gateway(
    file: Path,
    plan: str,
    application: str,
    kind: EvidenceKind,
    gateway: str | None,
    patience: float,
    progress: Progress,
    as_json: bool,
    lang: Lang,
) -> str:
    import httpx

    from workers.evidence_upload import Sender, StateFile, UploadCutError, UploadRefused, state_file

    token = os.environ.get("ZHICHENG_TOKEN")
    if not token:
        fail(
            BAD_INPUT,
            "ZHICHENG_TOKEN is not set: put a bearer token there (`zhicheng token`, or your issuer).",
        )
    url = gateway or os.environ.get("ZHICHENG_GATEWAY_URL") or f"http://{load_settings().gateway_address}"
    with httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(30, read=300)
    ) as http:
        sender = Sender(
            http,
            StateFile(state_file()),
            plan,
            application,
            kind.value,
            file,
            patience=patience,
            progress=progress,
        )
        try:
            return sender.run()
        except UploadRefused as refused:
            if as_json:
                echo_json({"refused": refused.problem})
            fail(REFUSED, refused.sentence(lang))
        except UploadCutError as error:
            fail(NOT_REACHABLE, str(error))
        except (OSError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            fail(BAD_INPUT, f"{error}: look at the file, and at --gateway.")


def _directly(
    file: Path,
    plan: str,
    application: str,
    kind: EvidenceKind,
    progress: Progress,
    as_json: bool,
    lang: Lang,
) -> str:
    size = file.stat().st_size

    async def work(database: Database, desk: EvidenceDesk) -> str:
        from activities.evidence.uploads import NewUpload
        from models.tables import Application

        async with database.reading() as session:
            if await session.get(Application, (plan, application)) is None:
                fail(BAD_INPUT, f"There is no application {application} in {plan}.")
        new = NewUpload(plan, application, "operator", kind, size, file_name=file.name)
        row = await desk.uploads.begin(new, datetime.now(UTC))
        reached = await desk.receiver.receive(row, 0, _read(file, size, progress), lambda: datetime.now(UTC))
        return reference(reached.sha256 or "")

    return _at_the_desk(work, as_json, lang)


async def _read(file: Path, size: int, progress: Progress) -> AsyncIterator[bytes]:
    done = 0
    with file.open("rb") as opened:
        while chunk := await asyncio.to_thread(opened.read, 1024 * 1024):
            yield chunk
            done += len(chunk)
            progress(done, size)


@evidence_app.command("list")
def list_papers(
    application: Annotated[str, typer.Argument(metavar="REF", help="The application's reference.")],
    plan: Plan = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """The papers of an application."""

    async def read(database: Database, desk: EvidenceDesk) -> list[Stored]:  # noqa: ARG001
        from activities.evidence.files import all_files_of

        async with database.reading() as session:
            return await all_files_of(session, plan or default_plan(), application)

    found = _at_the_desk(read, as_json, lang)
    note_look("evidence_list", f"{plan or default_plan()}/{application}")
    if as_json:
        echo_json(found)
        return
    shown = table("sha256", "for", "type", "bytes", "name", "state", "look at", title=application)
    for one in found:
        flags = "; ".join(words(FLAG_LABELS[Flag(flag)], lang) for flag in one.flags)
        shown.add_row(
            one.sha256,
            words(KIND_LABELS[one.kind], lang),
            one.media_type.value,
            str(one.size),
            one.file_name or "-",
            one.state,
            flags or "-",
        )
    console().print(shown)


@evidence_app.command()
def get(
    sha256: Annotated[str, typer.Argument(help="The hash, with or without `sha256:`.")],
    to: Annotated[Path, typer.Option("--to", help="Where to write it.")],
    lang: InLang = "en",
) -> None:
    """Save a paper from the store, if it still is what was put there."""
    bare = hash_in(sha256)
    if bare is None:
        fail(BAD_INPUT, f"{sha256[:80]!r} is no sha-256: 64 characters of lower-case hex.")

    async def save(database: Database, desk: EvidenceDesk) -> None:
        import hashlib

        from activities.evidence.store import key_of

        await note_looks_at_file(database, bare)

        counted, draft = hashlib.sha256(), to.with_name(f".{to.name}.part")
        try:
            with draft.open("wb") as opened:
                async for chunk in desk.store.stream(key_of(bare)):
                    counted.update(chunk)
                    opened.write(chunk)
            if counted.hexdigest() != bare:
                fail(REFUSED, f"{reference(bare)} was altered in the store: restore it from a backup.")
            draft.replace(to)
        except FileNotFoundError:
            fail(REFUSED, f"{reference(bare)} is not in the store, or {to.parent} is no directory.")
        finally:
            draft.unlink(missing_ok=True)

    _at_the_desk(save, False, lang)
    typer.echo(str(to))


@evidence_app.command()
def check(
    sample: Annotated[
        int | None, typer.Option(min=1, help="Only so many, those not looked at for longest; default: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hash the stored papers again; exit status 1 when one is missing or altered."""

    async def work(database: Database, desk: EvidenceDesk) -> Checked:
        from activities.evidence.checking import check as look

        return await look(database, desk.store, datetime.now(UTC), sample)

    found = _at_the_desk(work, as_json, "en")
    if as_json:
        echo_json({"sound": found.sound, **vars(found)})
    else:
        typer.echo(
            f"{found.files} papers, {found.size} bytes: {len(found.missing)} missing, {len(found.altered)} "
            f"altered; {len(found.lost_pieces)} pieces lost; {len(found.orphaned)} objects belong to nobody"
        )
        for what in ("missing", "altered", "lost_pieces", "orphaned"):
            for one in getattr(found, what):
                typer.echo(f"{what} {one}")
    if not found.sound:
        raise typer.Exit(REFUSED)


@evidence_app.command()
def sweep(as_json: AsJson = False) -> None:
    """End the uploads that rested for too long (ZHICHENG_EVIDENCE_DAYS), and remove what they left."""

    async def work(database: Database, desk: EvidenceDesk) -> list[str]:  # noqa: ARG001
        return await desk.uploads.sweep(datetime.now(UTC))

    ended = _at_the_desk(work, as_json, "en")
    if as_json:
        echo_json({"ended": ended})
    else:
        typer.echo(f"{len(ended)} uploads ended")


def _at_the_desk(work: Callable[[Database, EvidenceDesk], Awaitable[T]], as_json: bool, lang: Lang) -> T:
    """Does `work` with the database and the store of the settings."""

    async def run(database: Database, settings: Settings) -> T:
        from workers.evidence_desk import evidence_desk
        from workers.settings import SettingsError

        try:
            return await work(database, evidence_desk(settings, database))
        except SettingsError as error:
            fail(BAD_INPUT, str(error))
        except EvidenceRefused as refused:
            _refused(refused, as_json, lang)

    return with_database(run, as_json=as_json, lang=lang)


def _refused(refused: EvidenceRefused, as_json: bool, lang: Lang) -> NoReturn:
    if as_json:
        echo_json({"refused": {"code": refused.code, "rule": refused.rule, "remedy": refused.remedy}})
    zh = lang == "zh"
    fail(REFUSED, f"{refused.rule.zh}{refused.remedy.zh}" if zh else str(refused))
