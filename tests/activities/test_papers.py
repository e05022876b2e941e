"""Papers of confirmed applications: made once, signed to the last byte, verified, revoked, issued anew."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlalchemy import delete, select, update
from temporalio.testing import ActivityEnvironment

from activities.database import Database
from activities.papers import font
from activities.papers.config import PaperConfig
from activities.papers.drawing import FormError, typeset
from activities.papers.keys import CERTIFICATE_FILE, KEY_FILE, SigningKey, SigningKeyError, rehearsal_key
from activities.papers.layout import verification_address
from activities.papers.making import Papers
from activities.papers.signing import PaperSigner, verify
from activities.papers.storage import StoredFileError
from activities.people import record_name
from activities.verification import certificate_index, verify_file, verify_number
from models.cycle_messages import Asked, Done
from models.papers import PaperKind, Standing, Verdict
from models.refusal import Refused
from models.tables import Certificate, Paper, PaperFault, Person, Unit
from tests.activities.recorded import Desk, told
from tests.models.life import Cast, certified, moment

PLAN = "tianjin-quality-2023"
NUMBER = "TJ-2023-ENG-000001"
NOON = moment("2023-12-28 12:00")
URL = "https://verify.example/c"
RARE = "欧阳䶮𬱖"
"""A name with a character of extension A and one of extension E."""


@pytest.fixture(scope="module")
def made_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a rehearsal key; to make one takes a while."""
    folder = tmp_path_factory.mktemp("key")
    rehearsal_key(folder)
    return folder


class Office:
    """One data directory and one database with confirmed applications."""

    def __init__(self, database: Database, folder: Path, made_key: Path) -> None:
        shutil.copytree(made_key / "signing", folder / "signing")
        self.database, self.folder = database, folder
        self.config = PaperConfig(folder, URL, may_make_key=True)
        self.papers = Papers(database, self.config)

    async def confirm(self, *people: tuple[str, str]) -> None:
        """Lives that end in a certificate, with the names of person and unit."""
        for ref, name in people:
            life = told(certified, Cast(ref))
            await Desk(self.database).write_all(life)
            await self.name(f"p-{ref}", name)
            async with self.database.transaction() as session:
                await record_name(session, Unit, life.cast.employer, "天津市计量院", NOON)
                await record_name(session, Unit, "tj-rsj-title-office", "天津市人社局", NOON)

    async def name(self, ref: str, name: str, document_no: str | None = None) -> None:
        async with self.database.transaction() as session:
            await record_name(session, Person, ref, name, NOON, document_no=document_no)

    async def make(self, at: datetime = NOON) -> Done:
        asked = Asked(plan_id=PLAN, plan_version=1, at=at, command={})
        done = await ActivityEnvironment().run(self.papers.make_papers, asked)
        assert isinstance(done, Done)
        return done

    async def rows(self, table: Any = Paper, **by: object) -> list[Any]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(table).filter_by(**by).order_by(table.kind)))

    async def pdf(self, kind: PaperKind = PaperKind.CERTIFICATE, **by: object) -> bytes:
        """The file of the current paper."""
        (row,) = await self.rows(kind=kind.value, **({"status": "current"} | by))
        return self.papers.store.get(row.storage_key)

    async def file(self, content: bytes) -> Verdict:
        async with self.database.reading() as session:
            return await verify_file(session, content, self.config.roots())

    async def number(self, number: str = NUMBER) -> Verdict:
        async with self.database.reading() as session:
            return await verify_number(session, number)

    def stored(self) -> list[Path]:
        return sorted((self.folder / "papers").rglob("*.pdf"))


@pytest.fixture
async def office(database: Database, tmp_path: Path, made_key: Path) -> Office:
    """On each database, one certificate of a person with a rare name."""
    room = Office(database, tmp_path / "data", made_key)
    await room.confirm(("a", RARE))
    return room


@pytest.fixture
async def quick(sqlite_url: str, tmp_path: Path, made_key: Path) -> Any:
    """The same on SQLite alone, for what has nothing to do with the database."""
    database = Database(sqlite_url)
    room = Office(database, tmp_path / "data", made_key)
    await room.confirm(("a", RARE))
    yield room
    await database.close()


def opened(pdf: bytes) -> tuple[str, Image.Image]:
    """What a reader finds in a PDF: its text, and its first page as a picture."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        texts = [document[n].get_textpage().get_text_range() for n in range(len(document))]
        return "\n".join(texts), document[0].render(scale=3).to_pil().convert("L")
    finally:
        document.close()


async def test_both_papers_are_made_once_and_are_valid(office: Office) -> None:
    assert (await office.make()).counts == {"made": 2, "faults": 0}
    before = [(row.kind, row.version, row.sha256) for row in await office.rows()]
    assert (await office.make(moment("2023-12-29 09:00"))).counts == {"made": 0, "faults": 0}
    assert [(row.kind, row.version, row.sha256) for row in await office.rows()] == before
    assert [kind for kind, *_ in before] == ["certificate", "review_form"]
    for kind in PaperKind:
        verdict = await office.file(await office.pdf(kind))
        assert (verdict.standing, verdict.kind, verdict.number) == (Standing.VALID, kind, NUMBER)
        assert (verdict.trusted, verdict.rehearsal, verdict.version) == (True, True, 1)
    assert (await office.number(NUMBER.lower())).valid


async def test_a_reader_finds_the_words_and_the_code_in_a_paper(quick: Office) -> None:
    await quick.make()
    for kind, words in (
        (PaperKind.CERTIFICATE, ["职称证书", "计量", "副高级", "天津市人社局", "演练用"]),
        (PaperKind.REVIEW_FORM, ["评审表", "同意 6", "2023 年 12 月 15 日", "津人社办函〔2024〕12 号"]),
    ):
        pdf = await quick.pdf(kind)
        text, picture = opened(pdf)
        flat = text.replace(" ", "")
        for word in [RARE, "天津市计量院", NUMBER, *words]:
            assert word.replace(" ", "") in flat, (kind, word)
        (row,) = await quick.rows(kind=kind.value)
        (code,) = zxingcpp.read_barcodes(picture)
        assert code.text == verification_address(URL, NUMBER, row.content_sha256)
        assert 0.005 < sum(picture.histogram()[:128]) / (picture.width * picture.height) < 0.5


async def test_fonts_are_embedded_and_the_metadata_tell_nothing_more(quick: Office) -> None:
    await quick.make()
    reader = PdfFileReader(BytesIO(await quick.pdf()))
    descriptors = [o for n in range(1, reader.trailer["/Size"]) if isinstance(o := _object(reader, n), dict)]
    fonts = [d for d in descriptors if d.get("/Type") == "/FontDescriptor"]
    assert {name.split("+")[1].split("-")[0] for name in (d["/FontName"] for d in fonts)} == {
        "NotoSerifSC",
        "NotoSansSC",
    }
    assert all("/FontFile3" in d for d in fonts)
    info = reader.trailer["/Info"]
    assert info["/Title"] == f"电子职称证书 {NUMBER}"
    assert info["/CreationDate"] == "D:20231228040000Z"
    assert all(RARE not in str(info[key]) for key in info)


def _object(reader: PdfFileReader, n: int) -> Any:
    try:
        return reader.get_object(generic.IndirectObject(n, 0, reader))
    except Exception:
        return None


async def test_the_same_data_give_the_same_bytes(quick: Office, tmp_path: Path, made_key: Path) -> None:
    """A crash after the file and before the row: the next try writes the one row for the one file."""
    await quick.make()
    before = [(row.sha256, row.size, row.content_sha256) for row in await quick.rows()]
    files = quick.stored()
    async with quick.database.transaction() as session:
        await session.execute(delete(Paper))
    shutil.rmtree(tmp_path / "data" / "signing")
    shutil.copytree(made_key / "signing", tmp_path / "data" / "signing")
    quick.papers = Papers(quick.database, quick.config)
    assert (await quick.make()).counts["made"] == 2
    assert [(row.sha256, row.size, row.content_sha256) for row in await quick.rows()] == before
    assert quick.stored() == files
    assert [(row.version, row.status) for row in await quick.rows()] == [(1, "current"), (1, "current")]


async def test_two_workers_make_one_version(office: Office) -> None:
    other = Papers(office.database, office.config)
    await asyncio.gather(office.make(), other.make_missing(PLAN, moment("2023-12-28 12:01")))
    assert [(row.kind, row.version) for row in await office.rows()] == [
        ("certificate", 1),
        ("review_form", 1),
    ]
    assert (await office.file(await office.pdf())).valid


@pytest.fixture(scope="module")
def signed(made_key: Path) -> tuple[bytes, SigningKey]:
    """A small signed file."""
    key = rehearsal_key(made_key)
    data = {"title": "样张", "author": "天津", "rehearsal": True}
    pdf = typeset("blank", data, NOON)
    return PaperSigner(key).sign(pdf, NOON, "test"), key


def test_a_signature_names_its_signer_and_its_time(signed: tuple[bytes, SigningKey]) -> None:
    content, key = signed
    found = verify(content, [key.certificate])
    assert found.valid
    assert found.signed_at == NOON
    assert "rehearsal" in (found.signer or "")
    assert not verify(content, []).trusted


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_found(data: st.DataObject, signed: tuple[bytes, SigningKey]) -> None:
    """Anywhere: in the pages, and in the digits of the signature itself, which no signature covers."""
    content, key = signed
    start = content.index(b"/Contents <") + 11
    inside = data.draw(st.booleans(), label="in the digits")
    place = data.draw(st.integers(start, start + 3_500) if inside else st.integers(0, len(content) - 1))
    digits = st.sampled_from(b"0123456789ABCDEF") if inside else st.integers(0, 255)
    new = data.draw(digits.filter(lambda byte: byte != content[place]))
    changed = content[:place] + bytes([new]) + content[place + 1 :]
    assert not verify(changed, [key.certificate]).valid


def test_a_chain_of_certificates_signs_and_is_followed(tmp_path: Path) -> None:
    """An elliptic-curve key, its certificate, and the authority above it; the digits stay exact."""
    at = datetime(2023, 1, 1, tzinfo=UTC)
    top, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("authority", top.public_key(), "authority", top, at, ca=True)
    certificate = _certificate("city office", own.public_key(), "authority", top, at, ca=False)
    pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "chain.pem").write_bytes(
        b"".join(c.public_bytes(Encoding.PEM) for c in (certificate, authority))
    )
    config = PaperConfig(tmp_path, URL, tmp_path / "key.pem", tmp_path / "chain.pem")
    signer = PaperSigner(config.key())
    pdf = typeset("blank", {"title": "样张"}, NOON)
    content = signer.sign(pdf, NOON, "test")
    assert config.roots() == [authority]
    assert verify(content, config.roots()).valid
    assert "city office" in (verify(content, config.roots()).signer or "")
    assert content == signer.sign(pdf, NOON, "test")
    stranger = _certificate("authority", own.public_key(), "authority", own, at, ca=True)
    assert not verify(content, [stranger]).valid


def _certificate(name: str, key: Any, issuer: str, by: Any, at: datetime, *, ca: bool) -> x509.Certificate:
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer)]
    signs = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    usage = x509.KeyUsage(
        digital_signature=not ca, content_commitment=not ca, key_cert_sign=ca, crl_sign=ca, **signs
    )
    return (
        x509.CertificateBuilder(*names[::-1], public_key=key, serial_number=1 + ca)
        .not_valid_before(at)
        .not_valid_after(at.replace(year=2033))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(by, hashes.SHA256())
    )


def test_what_is_appended_is_found(signed: tuple[bytes, SigningKey]) -> None:
    """Also an update that PDF allows after a signature, and one more line end."""
    content, key = signed
    writer = IncrementalPdfFileWriter(BytesIO(content))
    writer.root["/Note"] = generic.NameObject("/Added")
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(content)
    for added in (out.getvalue(), content + b"\n"):
        assert not verify(added, [key.certificate]).valid


async def test_an_altered_paper_is_altered_and_a_stranger_unknown(quick: Office) -> None:
    await quick.make()
    pdf = await quick.pdf()
    place = pdf.index(b"/ByteRange") - 200
    altered = await quick.file(pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :])
    assert (altered.standing, altered.number) == (Standing.ALTERED, NUMBER)
    assert NUMBER in altered.words.zh
    assert (await quick.file(typeset("blank", {"title": "样张"}, NOON))).standing is Standing.UNKNOWN
    assert (await quick.file(b"no pdf")).standing is Standing.UNKNOWN
    assert (await quick.number("TJ-2023-ENG-999999")).standing is Standing.UNKNOWN


async def test_a_revocation_shows_at_once(office: Office) -> None:
    await office.make()
    life = told(certified, Cast("a"))
    life.do(life.cast.revoke(), "2024-01-03 09:00")
    await Desk(office.database).write_all(life)
    for verdict in (await office.number(), await office.file(await office.pdf())):
        assert (verdict.standing, str(verdict.since)) == (Standing.REVOKED, "2024-01-03")
        assert verdict.ground is not None
        assert verdict.ground.zh in verdict.words.zh
        assert verdict.document_no in verdict.words.en
    with pytest.raises(Refused, match="revoked"):
        await office.papers.reissue(NUMBER, "津人社正〔2024〕3号", "更正", NOON)
    async with office.database.reading() as session:
        (line,) = await certificate_index(session, PLAN)
    assert (line["status"], line["revoked_on"]) == ("revoked", "2024-01-03")
    assert RARE not in str(line)


async def test_a_corrected_name_supersedes_the_older_papers(quick: Office) -> None:
    await quick.make()
    first = await quick.pdf()
    with pytest.raises(Refused, match="nothing to correct"):
        await quick.papers.reissue(NUMBER, "津人社正〔2024〕3号", "姓名更正", NOON)
    await quick.name("p-a", "欧阳龑", "津人社正〔2024〕3号")
    assert (await quick.make()).counts["made"] == 0, "a correction is ordered, not found"
    later = moment("2024-03-01 10:00")
    issued = await quick.papers.reissue(NUMBER, "津人社正〔2024〕3号", "姓名更正", later)
    again = await quick.papers.reissue(NUMBER, "津人社正〔2024〕3号", "姓名更正", later)
    assert [(p.kind, p.version, p.sha256) for p in issued] == [(p.kind, p.version, p.sha256) for p in again]
    old, new = await quick.file(first), await quick.file(await quick.pdf())
    assert (old.standing, old.version, old.by_version) == (Standing.SUPERSEDED, 1, 2)
    assert (old.reason, old.document_no) == ("姓名更正", "津人社正〔2024〕3号")
    assert "2" in old.words.zh
    assert (new.standing, new.version, new.number) == (Standing.VALID, 2, NUMBER)
    assert "欧阳龑" in opened(await quick.pdf())[0]
    assert (await quick.number()).content_sha256 == new.content_sha256


async def test_a_renewed_confirmation_makes_new_papers(quick: Office) -> None:
    """The first confirmation was lost with its worker: what was made of it must not stand."""
    await quick.make()
    first = await quick.pdf()
    async with quick.database.transaction() as session:
        await session.execute(update(Certificate).values(status="void"))
    assert (await quick.file(first)).standing is Standing.UNKNOWN
    async with quick.database.transaction() as session:
        await session.execute(update(Certificate).values(status="valid", sha256="ab" * 32))
    assert (await quick.make()).counts["made"] == 2
    assert (await quick.file(first)).standing is Standing.SUPERSEDED


async def test_a_character_outside_the_fonts_stops_one_paper_only(quick: Office) -> None:
    await quick.confirm(("b", "张𪻐"), ("c", "李四"))
    assert (await quick.make()).counts == {"made": 4, "faults": 2}
    assert len(quick.stored()) == 4
    faults = await quick.rows(PaperFault)
    assert {(fault.application_ref, fault.code) for fault in faults} == {("b", "unprintable")}
    assert all("𪻐" in fault.zh and "U+2AED0" in fault.en and "name" in fault.en for fault in faults)
    await quick.name("p-b", "张玉")
    assert (await quick.make()).counts == {"made": 2, "faults": 0}
    assert await quick.rows(PaperFault) == []


async def test_without_a_name_nothing_is_made(quick: Office) -> None:
    async with quick.database.transaction() as session:
        await session.execute(delete(Person))
    assert (await quick.make()).counts == {"made": 0, "faults": 2}
    assert {fault.code for fault in await quick.rows(PaperFault)} == {"no_person_name"}
    with pytest.raises(Refused, match="register has no name"):
        await quick.papers.make_of(NUMBER, NOON)
    await quick.name("p-a", "王五")
    await quick.papers.make_of(NUMBER, NOON)
    assert len(await quick.rows()) == 2


async def test_a_missing_or_altered_file_is_never_handed_out(quick: Office) -> None:
    await quick.make()
    (row,) = await quick.rows(kind="certificate")
    path = quick.folder / row.storage_key
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b" ")
    with pytest.raises(StoredFileError, match="altered"):
        quick.papers.store.get(row.storage_key)
    path.unlink()
    with pytest.raises(StoredFileError, match="missing"):
        quick.papers.store.get(row.storage_key)
    assert quick.papers.store.put(whole) == row.storage_key
    assert quick.papers.store.get(row.storage_key) == whole


async def test_without_a_key_it_is_refused(quick: Office) -> None:
    quick.papers = Papers(quick.database, PaperConfig(quick.folder))
    done = await quick.make()
    assert done.field == "signing_key_file"
    assert "ZHICHENG_SIGNING_KEY_FILE" in (done.refused_en or "")
    assert await quick.rows() == []


def test_a_made_key_is_its_owners_alone(made_key: Path, tmp_path: Path) -> None:
    assert (made_key / KEY_FILE).stat().st_mode & 0o777 == 0o600
    shutil.copytree(made_key / "signing", tmp_path / "signing")
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(SigningKeyError, match="chmod 600"):
        rehearsal_key(tmp_path)


def test_a_given_key_needs_its_passphrase_and_its_certificate(made_key: Path, tmp_path: Path) -> None:
    """An elliptic-curve key under a passphrase; no message holds the passphrase."""
    key = rehearsal_key(made_key).key
    file = tmp_path / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    own = made_key / CERTIFICATE_FILE
    assert not PaperConfig(tmp_path, URL, file, own, "secret").key().rehearsal
    with pytest.raises(SigningKeyError, match="under this passphrase") as refused:
        PaperConfig(tmp_path, URL, file, own, "hunter2").key()
    assert "hunter2" not in str(refused.value)
    other = ec.generate_private_key(ec.SECP256R1())
    file.write_bytes(
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    )
    with pytest.raises(SigningKeyError, match="not that of the key"):
        PaperConfig(tmp_path, URL, file, own, "secret").key()
    with pytest.raises(SigningKeyError, match="cannot be read"):
        PaperConfig(tmp_path, URL, tmp_path / "none.pem", own).key()


def test_the_fonts_have_every_ideograph_of_gbk() -> None:
    blocks = [range(0x4E00, 0x9FA6), range(0x3400, 0x4DB6)]
    assert all(code in font.characters() for block in blocks for code in block)


def test_a_broken_form_is_a_fault_of_the_form() -> None:
    with pytest.raises(FormError, match="certificate"):
        typeset("certificate", {"title": "x"}, datetime(2024, 1, 1, tzinfo=UTC))
