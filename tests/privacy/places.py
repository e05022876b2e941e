"""Every place in which planted data could stand, and the few in which they may.

Personal data may stand in the register of people and where people wrote them themselves, in the database and
nowhere else; the identity number nowhere at all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path

from google.protobuf.json_format import MessageToJson
from pypdfium2 import PdfDocument
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    GetWorkflowExecutionHistoryRequest,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client

from models.retention_payload import OF_APPLICATION, WHOLE
from tests.privacy.house import House
from tests.privacy.needles import APPLICANT, OBJECTOR
from tests.privacy.search import Find, columns_of, files_under, search

NEEDLES = {f"applicant.{kind}": text for kind, text in APPLICANT.items().items()} | {
    f"objector.{kind}": text for kind, text in OBJECTOR.items().items()
}

WRITTEN = frozenset(
    {f"database: {table}.*" for table, change in OF_APPLICATION.items() if change == WHOLE}
    | {
        f"database: {table}.{column}"
        for table, change in OF_APPLICATION.items()
        if not isinstance(change, str)
        for column in change
    }
    | {"database: audit.details", "database: audit_orphans.details"}
    | {"database: post_ledger.record", "database: post_pools.record", "database: reviews.post"}
)
"""Columns that hold what people wrote: about an application, which goes when its time is over; or a unit
about its own posts, which stays with its ledger."""

MAY_STAND: dict[str, frozenset[str]] = {
    "applicant.name": frozenset({"database: people.name", "database: evidence_*.file_name", "paper text: *"}),
    "applicant.number": frozenset(),
    "applicant.phone": frozenset(),
    "applicant.mail": frozenset({"database: contacts.address"}),
    "applicant.address": frozenset(),
    "applicant.words": WRITTEN | {"paper text: review_form"},
    "applicant.file": frozenset({"database: evidence_*.file_name"}),
    **{f"objector.{kind}": frozenset() for kind in OBJECTOR.items()},
}
GROUNDS = frozenset({"database: objections.grounds", "database: audit.details"})
REFUSED = frozenset({"database: audit.details"})
"""A command that was signalled and refused stands in the chain with its words, as it was sent."""

for kind in ("name", "number", "phone", "mail", "address", "words"):
    MAY_STAND[f"objector.{kind}"] = GROUNDS

OWN_FILES = ("zhicheng.db", "evidence/files/", "papers/", "mailbox/")
"""Of the data directory: searched elsewhere column by column, page by page; scans are as they came."""


def allowed(find: Find) -> bool:
    """Whether this needle may stand there."""
    return any(fnmatchcase(find.place, pattern) for pattern in MAY_STAND[find.needle])


async def everything(house: House, client: Client) -> list[Find]:
    """Every needle in every place, but where it may stand."""
    found: list[Find] = []
    async for place, content in _places(house, client):
        found += [one for one in search(place, content, NEEDLES) if not allowed(one)]
    return found


async def _places(house: House, client: Client):  # type: ignore[no-untyped-def]
    for place, content in of_this_machine(house):
        yield place, content
    async for place, content in of_the_server(client):
        yield place, content


def of_this_machine(house: House) -> Iterator[tuple[str, bytes]]:
    """Database, files, papers, logs, spans, deliveries, pages."""
    for name, content in columns_of(house.data / "zhicheng.db"):
        yield f"database: {name}", content
    for name, content in files_under(house.data, OWN_FILES):
        yield f"file: {name}", content
    for path in sorted((house.data / "mailbox").rglob("*")):
        if path.is_file():
            yield f"mailbox: {path.name}", path.name.encode() + path.read_bytes()
    for path in sorted((house.data / "evidence").rglob("*")):
        yield "names of evidence", str(path).encode()
    kinds = _kinds_of_papers(house.data / "zhicheng.db")
    for path in sorted((house.data / "papers").rglob("*.pdf")):
        yield from of_paper(path, kinds[path.stem])
    for name, content in files_under(house.server_files, ()):
        yield f"server file: {name}", content
    yield "logs", house.logs.getvalue().encode()
    for span in house.spans.get_finished_spans():
        yield f"span: {span.name}", span.to_json().encode()
    for one in house.receiver.deliveries if house.receiver is not None else ():
        yield "webhook", one.raw + repr(sorted(one.headers.items())).encode()
    for name, content in house.pages.items():
        yield f"page: {name}", content


def _kinds_of_papers(file: Path) -> dict[str, str]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return dict(connection.execute("SELECT sha256, kind FROM papers").fetchall())


def of_paper(path: Path, kind: str) -> Iterator[tuple[str, bytes]]:
    """A PDF: its metadata and its bytes (also of its streams), and apart from those the text people read."""
    document = PdfDocument(path)
    try:
        yield f"paper metadata: {kind}", repr(document.get_metadata_dict()).encode() + path.name.encode()
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
        yield f"paper text: {kind}", text.replace("\n", "").replace("\r", "").encode()
    finally:
        document.close()
    yield f"paper bytes: {kind}", path.read_bytes()


async def of_the_server(client: Client):  # type: ignore[no-untyped-def]
    """Raw histories, and what the server shows in lists: ids, search attributes, memos, summaries."""
    service, namespace = client.workflow_service, client.namespace
    listed = await service.list_workflow_executions(
        ListWorkflowExecutionsRequest(namespace=namespace, page_size=1000)
    )
    for one in listed.executions:
        yield f"list: {one.type.name}", one.SerializeToString() + MessageToJson(one).encode()
        token = b""
        while True:
            page = await service.get_workflow_execution_history(
                GetWorkflowExecutionHistoryRequest(
                    namespace=namespace,
                    execution=WorkflowExecution(
                        workflow_id=one.execution.workflow_id, run_id=one.execution.run_id
                    ),
                    next_page_token=token,
                )
            )
            yield f"history: {one.type.name}", page.history.SerializeToString()
            token = page.next_page_token
            if not token:
                break
