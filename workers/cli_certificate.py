"""Certificates and review forms: verify a number or a file, show, download, make, issue anew."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from models.papers import KIND_LABELS, PaperKind, Standing
from workers.cli_database import At, known_plan, moment_of, with_database
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
)

if TYPE_CHECKING:
    from activities.database import Database
    from activities.papers.config import PaperConfig
    from models.papers import Verdict
    from models.tables import Certificate, Paper
    from workers.settings import Settings

certificate_app = typer.Typer(
    no_args_is_help=True, help="Certificates and review forms (网上发证、网上核验): verify, show, download."
)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="A certificate, e.g. TJ-2023-ENG-000001.")]
Kind = Annotated[Literal["certificate", "review_form"], typer.Option(help="Which of the two papers.")]
MOST_BYTES = 50_000_000
"""A larger file is no paper of ours."""


@certificate_app.command()
def verify(
    what: Annotated[str, typer.Argument(metavar="NUMBER|FILE", help="A certificate's number, or a PDF.")],
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Say whether a certificate is in force. Exit status 0 when it is, 1 when not."""
    path = Path(what)
    content = _content(path) if path.is_file() or what.lower().endswith(".pdf") else None

    async def read(database: Database, settings: Settings) -> Verdict:
        from activities.verification import verify_file, verify_number

        async with database.reading() as session:
            if content is None:
                return await verify_number(session, what)
            return await verify_file(session, content, _config(settings).roots())

    verdict = with_database(read, as_json=as_json, lang=lang)
    if as_json:
        echo_json(verdict)
    else:
        typer.echo(verdict.words.zh if lang == "zh" else verdict.words.en)
        if verdict.rehearsal and verdict.standing is not Standing.UNKNOWN:
            typer.echo("演练用，无法律效力。" if lang == "zh" else "Made for a rehearsal: no legal effect.")
    if not verdict.valid:
        raise typer.Exit(REFUSED)


@certificate_app.command()
def show(number: Number, as_json: AsJson = False, lang: InLang = "en") -> None:
    """A certificate and every version of its papers, with the hash that the archive is told (form_sha256)."""

    async def read(database: Database, settings: Settings) -> tuple[Certificate | None, list[Paper]]:  # noqa: ARG001
        from sqlalchemy import select

        from models.tables import Certificate, Paper

        async with database.reading() as session:
            found = await session.scalar(select(Certificate).filter_by(number=number))
            papers = await session.scalars(
                select(Paper).filter_by(number=number).order_by(Paper.kind, Paper.version)
            )
            return found, list(papers)

    certificate, papers = with_database(read, as_json=as_json, lang=lang)
    if certificate is None or certificate.status == "void":
        fail(REFUSED, f"There is no certificate {number}: check the number.")
    form = next((p.sha256 for p in papers if p.kind == PaperKind.REVIEW_FORM and p.status == "current"), None)
    if as_json:
        echo_json(_plain(certificate, papers, form))
        return
    revoked = f", revoked {when(certificate.revoked_at)}" if certificate.revoked_at else ""
    typer.echo(f"{number}  {certificate.status}{revoked}  title held since {certificate.title_date}")
    typer.echo(f"application  {certificate.plan_id}/{certificate.application_ref}")
    shown = table("paper", "version", "status", "made", "document", "bytes", "sha-256 of the file")
    for paper in papers:
        label = KIND_LABELS[PaperKind(paper.kind)]
        cells = (str(paper.version), paper.status, when(paper.made_at), paper.document_no or "-")
        shown.add_row(label.zh if lang == "zh" else label.en, *cells, str(paper.size), paper.sha256)
    console().print(shown)
    typer.echo(f"form_sha256  {form or 'not made yet: zhicheng certificate make, or download it'}")


@certificate_app.command()
def download(
    number: Number,
    kind: Kind = "certificate",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to. Default: NUMBER.pdf.")] = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Write the current paper to a file; it is made now if it is missing."""
    moment = moment_of(at)

    async def fetch(database: Database, settings: Settings) -> tuple[Paper, bytes]:
        from sqlalchemy import select

        from activities.papers.keys import SigningKeyError
        from activities.papers.making import Papers
        from activities.papers.storage import StoredFileError
        from models.tables import Paper

        papers = Papers(database, _config(settings))
        wanted = select(Paper).filter_by(number=number, kind=kind, status="current")
        try:
            async with database.reading() as session:
                paper = await session.scalar(wanted)
            if paper is None:
                await papers.make_of(number, moment)
                async with database.reading() as session:
                    paper = (await session.scalars(wanted)).one()
            return paper, await asyncio.to_thread(papers.store.get, paper.storage_key)
        except (SigningKeyError, StoredFileError) as error:
            fail(REFUSED, getattr(error, "zh", str(error)) if lang == "zh" else str(error))

    paper, content = with_database(fetch, as_json=as_json, lang=lang)
    note_look(f"download_{kind}", f"{paper.plan_id}/{paper.application_ref}")
    target = out or Path(f"{number}{'' if kind == 'certificate' else '-review-form'}.pdf")
    try:
        target.write_bytes(content)
    except OSError as error:
        fail(BAD_INPUT, f"{target} cannot be written ({error.strerror}): give another place with --out.")
    if as_json:
        echo_json(
            {"file": str(target), "version": paper.version, "sha256": paper.sha256, "bytes": paper.size}
        )
    else:
        typer.echo(f"{target}  version {paper.version}  sha-256 {paper.sha256}")


@certificate_app.command()
def make(
    plan: Annotated[str | None, typer.Option(help="Of this plan.")] = None,
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Make every missing paper of a plan; list what could not be made, with exit status 1."""
    plan_id, moment = plan or default_plan(), moment_of(at)

    async def work(database: Database, settings: Settings) -> tuple[dict[str, int], list[dict[str, str]]]:
        from sqlalchemy import select

        from activities.papers.keys import SigningKeyError
        from activities.papers.making import Papers
        from models.tables import PaperFault

        await known_plan(database, plan_id)
        try:
            counts = await Papers(database, _config(settings)).make_missing(plan_id, moment)
        except SigningKeyError as error:
            fail(REFUSED, str(error))
        async with database.reading() as session:
            rows = await session.scalars(select(PaperFault).filter_by(plan_id=plan_id))
            faults = [
                {"application": r.application_ref, "paper": r.kind, "code": r.code, "zh": r.zh, "en": r.en}
                for r in rows
            ]
        return counts, faults

    counts, faults = with_database(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json({**counts, "open": faults})
    else:
        typer.echo(f"{counts['made']} made, {len(faults)} could not be made")
        for fault in faults:
            typer.echo(f"{fault['application']} {fault['paper']}: {fault[lang]}")
    if faults:
        raise typer.Exit(REFUSED)


@certificate_app.command()
def reissue(
    number: Number,
    document_no: Annotated[str, typer.Option(help="The document that orders the correction.")],
    reason: Annotated[str, typer.Option(help="Why, in words that may be shown; no name.")],
    at: At = None,
    as_json: AsJson = False,
    lang: InLang = "en",
) -> None:
    """Issue the papers anew under the same number, after a name was corrected in the register."""
    moment = moment_of(at)
    if len(document_no.strip()) < 2 or not reason.strip():
        fail(BAD_INPUT, "--document-no needs at least two characters and --reason some words.")

    async def work(database: Database, settings: Settings) -> list[Paper]:
        from activities.papers.keys import SigningKeyError
        from activities.papers.making import Papers

        try:
            papers = Papers(database, _config(settings))
            return await papers.reissue(number, document_no.strip(), reason.strip(), moment)
        except SigningKeyError as error:
            fail(REFUSED, str(error))

    papers = with_database(work, as_json=as_json, lang=lang)
    if as_json:
        echo_json([{"paper": p.kind, "version": p.version, "sha256": p.sha256} for p in papers])
        return
    for paper in papers:
        label = KIND_LABELS[PaperKind(paper.kind)]
        typer.echo(f"{label.zh if lang == 'zh' else label.en}: version {paper.version}, {paper.sha256}")


@certificate_app.command()
def index(plan: Annotated[str | None, typer.Option(help="Of this plan.")] = None) -> None:
    """Print certificates.json for the public pages: numbers, status and hashes, no names."""
    plan_id = plan or default_plan()

    async def read(database: Database, settings: Settings) -> list[dict[str, str | int | None]]:  # noqa: ARG001
        from activities.verification import certificate_index

        await known_plan(database, plan_id)
        async with database.reading() as session:
            return await certificate_index(session, plan_id)

    echo_json(with_database(read, as_json=True))


def _config(settings: Settings) -> PaperConfig:
    """As the worker has it; a key that a rehearsal made under the data directory is used again."""
    from activities.papers.keys import KEY_FILE

    made = (settings.data_dir / KEY_FILE).exists()
    return settings.papers(may_make_key=settings.rehearsal or made)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            fail(BAD_INPUT, f"{path} is larger than {MOST_BYTES // 1_000_000} MB: it is no paper of ours.")
        return path.read_bytes()
    except OSError as error:
        fail(BAD_INPUT, f"{path} cannot be read ({error.strerror}): give a PDF file, or a number.")


def _plain(certificate: Certificate, papers: list[Paper], form: str | None) -> dict[str, Any]:
    fields = ("kind", "version", "status", "sha256", "content_sha256", "size", "document_no", "reason")
    return {
        "number": certificate.number,
        "status": certificate.status,
        "plan_id": certificate.plan_id,
        "application_ref": certificate.application_ref,
        "title_date": certificate.title_date.isoformat(),
        "revoked_at": certificate.revoked_at.isoformat() if certificate.revoked_at else None,
        "form_sha256": form,
        "papers": [
            {name: getattr(p, name) for name in fields} | {"made_at": p.made_at.isoformat()} for p in papers
        ],
    }
