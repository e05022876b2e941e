"""Planted personal data are found nowhere after a whole cycle; the search finds them in each kind of place.

`python -m tests.privacy` is the long form: processes of their own, every story of a rehearsal.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from tests.privacy.house import House, a_house
from tests.privacy.life import live
from tests.privacy.needles import APPLICANT
from tests.privacy.places import NEEDLES, allowed, everything, of_paper, of_the_server, of_this_machine
from tests.privacy.search import search
from tests.support import eventually
from workflows import search_attributes as sa


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house in which the whole cycle was lived with the planted data."""
    with a_house(tmp_path_factory.mktemp("house")) as opened:
        asyncio.run(live(opened))
        yield opened


@pytest.fixture
async def bare(house: House) -> Client:
    """A client without the codec: what it reads is what the server keeps."""
    return await Client.connect(house.settings.temporal_address or "")


async def test_the_planted_data_are_found_nowhere(house: House, bare: Client) -> None:
    found = await everything(house, bare)
    assert found == [], "\n".join(sorted({f"{one.needle} ({one.form}) in {one.place}" for one in found}))


async def test_they_were_planted(house: House) -> None:
    """Each stands where it may stand; so the life did pass by where it could have leaked."""
    found: set[str] = set()
    for place, content in of_this_machine(house):
        found |= {one.needle for one in search(place, content, NEEDLES) if allowed(one)}
    stored = {"applicant.number", "applicant.phone", "applicant.address", "objector.file"}
    assert found == set(NEEDLES) - stored
    with sqlite3.connect(house.data / "zhicheng.db") as connection:
        [(sealed, index)] = connection.execute(
            "SELECT length(sealed), length(blind_index) FROM person_identities"
        ).fetchall()
    assert (sealed, index) == (64, 64)
    assert house.receiver is not None
    assert len(house.receiver.deliveries) > 10
    assert len(house.spans.get_finished_spans()) > 50
    assert '"level": "debug"' in house.logs.getvalue()


@pytest.mark.parametrize(
    "hide",
    [
        lambda text: text.encode(),
        lambda text: text.encode("gb18030"),
        lambda text: text.encode("utf-16-be"),
        lambda text: b'{"name": "' + text.encode("ascii", "backslashreplace") + b'"}',
        lambda text: base64.b64encode(f"x{text}y".encode()),
        lambda text: base64.b64encode(f"xx{text}".encode()),
        lambda text: b"_" + text.encode().hex().encode(),
        lambda text: gzip.compress(text.encode()),
        lambda text: zlib.compress(text.encode()),
        lambda text: b"%PDF-1.7\nstream\n" + zlib.compress(f"({text})".encode()) + b"\nendstream",
        lambda text: _zip(text),
    ],
)
def test_the_search_finds_every_form(hide: Callable[[str], bytes]) -> None:
    for name, needle in NEEDLES.items():
        found = list(search("here", b"..." * 0 + hide(needle), NEEDLES))
        assert name in {one.needle for one in found}, (name, found)
    assert list(search("here", hide("nothing of it"), NEEDLES)) == []


def _zip(text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", text)
    return out.getvalue()


def _in_a_column(house: House) -> None:
    with sqlite3.connect(house.data / "zhicheng.db") as connection:
        connection.execute("UPDATE applications SET route = ?", (APPLICANT.name,))


def _in_a_file(house: House) -> None:
    (house.data / "temp.txt").write_text(APPLICANT.phone)


def _in_a_log(_: House) -> None:
    structlog.get_logger("workers.gateway").info("looked at", what=f"{APPLICANT.name} of tianjin")


def _in_a_page(house: House) -> None:
    house.pages["metrics"] += f'zhicheng_x{{who="{APPLICANT.name}"}} 1\n'.encode()


def _in_a_delivery(house: House) -> None:
    assert house.receiver is not None
    house.receiver.deliveries[-1].raw += APPLICANT.address.encode()


HOLES: dict[str, Callable[[House], None]] = {
    "database: applications.route": _in_a_column,
    "file: temp.txt": _in_a_file,
    "logs": _in_a_log,
    "page: metrics": _in_a_page,
    "webhook": _in_a_delivery,
}


def test_each_hole_on_this_machine_is_found(house: House) -> None:
    for opened in HOLES.values():
        opened(house)
    found = {
        one.place
        for place, content in of_this_machine(house)
        for one in search(place, content, NEEDLES)
        if not allowed(one)
    }
    assert found == set(HOLES)


async def test_each_hole_on_the_server_is_found(bare: Client) -> None:
    """A client without the codec writes it: into an input, a memo, a search attribute, a workflow id."""
    text, nothing = APPLICANT.name, TypedSearchAttributes([])
    holes = ("input", "memo", "attribute", "id")
    for where in holes:
        attributes = TypedSearchAttributes([SearchAttributePair(sa.TITLE_EMPLOYER, text)])
        await bare.start_workflow(
            f"Hole-{where}",
            {"note": text} if where == "input" else {},
            id=f"hole-{text if where == 'id' else where}",
            task_queue="nobody",
            memo={"note": text} if where == "memo" else None,
            search_attributes=attributes if where == "attribute" else nothing,
        )

    async def seen() -> None:
        found: set[str] = set()
        async for place, content in of_the_server(bare):
            found |= {one.place.partition(": ")[2] for one in search(place, content, NEEDLES)}
        assert found == {f"Hole-{where}" for where in holes}

    await eventually(seen, 20.0)


def test_a_hole_in_a_paper_is_found(house: House, tmp_path: Path) -> None:
    """The number in the text that people read, or a name in the metadata that machines read."""
    paper = tmp_path / "hole.pdf"
    title = ("\ufeff" + APPLICANT.name).encode("utf-16-be").hex().encode()
    paper.write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
        b"4 0 obj<</Title<" + title + b">/Keywords(" + APPLICANT.number.encode() + b")>>endobj\n"
        b"trailer<</Root 1 0 R/Info 4 0 R>>\n%%EOF\n"
    )
    finds = [
        one for place, content in of_paper(paper, "certificate") for one in search(place, content, NEEDLES)
    ]
    assert {(one.place.split(":")[0], one.needle) for one in finds} >= {
        ("paper metadata", "applicant.name"),
        ("paper metadata", "applicant.number"),
    }
    assert not all(allowed(one) for one in finds)
    assert list((house.data / "papers").rglob("*.pdf"))
