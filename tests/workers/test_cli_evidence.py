"""`zhicheng evidence` as an operator types it; sending over a gateway that comes and goes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import stat
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from activities.database import Database
from tests.activities.recorded import Desk, RecordedLife
from tests.cli import CliRunner, Result
from tests.databases import sqlite_template, sqlite_url
from tests.evidence_material import EXE, pdf
from tests.models.life import Cast
from workers import evidence_upload
from workers.cli import app
from workers.evidence_upload import Sender, StateFile, UploadCutError, UploadRefused, state_file
from workers.processes import free_port

__all__ = ["sqlite_template", "sqlite_url"]

FILE = pdf(30_000)
SHA = hashlib.sha256(FILE).hexdigest()
Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path) -> Run:
    """The command line on a database with one application."""

    async def prepare() -> None:
        database = Database(sqlite_url)
        await Desk(database).open(RecordedLife(Cast("a-1")))
        await database.close()

    asyncio.run(prepare())
    (tmp_path / "论文.pdf").write_bytes(FILE)
    environment = {
        "ZHICHENG_DATABASE_URL": sqlite_url.replace("sqlite:", "sqlite+aiosqlite:"),
        "ZHICHENG_DATA_DIR": str(tmp_path / "data"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "ZHICHENG_TOKEN": "",
        "COLUMNS": "230",
        "NO_COLOR": "1",
    }

    def invoke(*words: str, status: int = 0, **more: str) -> Result:
        done = CliRunner().invoke(app, ["evidence", *words], env=environment | more)
        assert done.exit_code == status, done.output
        return done

    return invoke


def test_a_paper_is_sent_listed_saved_and_looked_at_again(run: Run, tmp_path: Path) -> None:
    sent = json.loads(
        run("upload", str(tmp_path / "论文.pdf"), "--application", "a-1", "--direct", "--json").stdout
    )
    assert sent == {"reference": f"sha256:{SHA}", "sha256": SHA, "application": "a-1", "kind": "dossier"}
    (listed,) = json.loads(run("list", "a-1", "--json").stdout)
    assert (listed["file_name"], listed["media_type"]) == ("论文.pdf", "application/pdf")
    assert SHA in run("list", "a-1", "--lang", "zh").stdout
    run("get", f"sha256:{SHA}", "--to", str(tmp_path / "copy.pdf"))
    assert (tmp_path / "copy.pdf").read_bytes() == FILE
    assert "1 papers, 30000 bytes: 0 missing, 0 altered" in run("check").stdout
    (stored,) = (tmp_path / "data" / "evidence" / "files").rglob(SHA)
    stored.write_bytes(FILE[:-1] + b" ")
    found = json.loads(run("check", "--sample", "5", "--json", status=1).stdout)
    assert (found["sound"], found["altered"]) == (False, [SHA])
    assert "was altered" in run("get", SHA, "--to", str(tmp_path / "bad.pdf"), status=1).output
    stored.unlink()
    assert f"missing {SHA}" in run("check", status=1).stdout
    assert "not in the store" in run("get", SHA, "--to", str(tmp_path / "bad.pdf"), status=1).output
    assert [path.name for path in tmp_path.glob("*.part")] == []
    assert not (tmp_path / "bad.pdf").exists()
    assert "0 uploads ended" in run("sweep").stdout


def test_what_cannot_be_sent_is_said_in_a_sentence(run: Run, tmp_path: Path) -> None:
    forged, paper = tmp_path / "forged.pdf", str(tmp_path / "论文.pdf")
    forged.write_bytes(EXE)
    told = run("upload", str(forged), "--application", "a-1", "--direct", "--lang", "zh", status=1)
    assert "x-msdownload" in told.output
    assert "no file" in run("upload", "nothing.pdf", "--application", "a-1", status=2).output
    assert "ZHICHENG_TOKEN" in run("upload", paper, "--application", "a-1", status=2).output
    assert "no application" in run("upload", paper, "--application", "b", "--direct", status=2).output
    assert "sha-256" in run("get", "beef", "--to", "x", status=2).output
    wrong = run("check", status=2, ZHICHENG_EVIDENCE_URL="ftp://x")
    assert "ZHICHENG_EVIDENCE_URL" in wrong.output
    nobody = f"http://127.0.0.1:{free_port()}"
    away = run(
        *("upload", paper, "--application", "a-1", "--gateway", nobody, "--timeout", "1"),
        status=3,
        ZHICHENG_TOKEN="t",
    )
    assert "goes on from there" in away.output


class Flaky:
    """A gateway's transport that fails in turn, and takes uploads in between."""

    def __init__(self, *faults: str) -> None:
        self.faults, self.received, self.begun, self.seen = list(faults), b"", 0, [""]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request.method)
        fault = self.faults.pop(0) if request.method == "PATCH" and self.faults else ""
        if request.method == "POST":
            self.begun += 1
            self.received = b""
            return httpx.Response(201, headers={"Location": f"/v1/evidence/uploads/{self.begun}"})
        if request.method == "HEAD":
            if fault == "" and request.url.path.endswith("/0"):
                return httpx.Response(410)
            return httpx.Response(200, headers={"Upload-Offset": str(len(self.received))})
        content = request.read()
        assert request.headers["Upload-Offset"] == str(len(self.received))
        if fault == "cut":
            self.received += content[: len(content) // 2]
            raise httpx.ReadError("cut")
        if fault.isdecimal():
            rule = {"zh": "不行。", "en": "No."}
            return httpx.Response(int(fault), json={"rule": rule, "remedy": rule})
        self.received += content
        return httpx.Response(204, headers={"Zhicheng-Evidence": f"sha256:{SHA}"})


@pytest.fixture
def sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Flaky], Sender]:
    monkeypatch.setattr(evidence_upload, "MOST_WAIT", 0.0)
    (tmp_path / "a.pdf").write_bytes(FILE)

    def make(gateway: Flaky) -> Sender:
        http = httpx.Client(transport=httpx.MockTransport(gateway), base_url="http://gateway")
        return Sender(
            http,
            StateFile(tmp_path / "uploads.json"),
            "p",
            "a-1",
            "dossier",
            tmp_path / "a.pdf",
            patience=0.6,
        )

    return make


def test_the_sender_goes_on_after_cuts_and_answers_that_pass(sender: Callable[[Flaky], Sender]) -> None:
    gateway = Flaky("cut", "409", "503", "cut")
    assert sender(gateway).run() == f"sha256:{SHA}"
    assert (gateway.received, gateway.begun) == (FILE, 1)


def test_another_day_the_same_upload_goes_on_and_one_that_is_gone_begins_anew(
    sender: Callable[[Flaky], Sender], tmp_path: Path
) -> None:
    gateway = Flaky(*["503"] * 100_000)
    with pytest.raises(UploadCutError, match="the same command"):
        sender(gateway).run()
    state = tmp_path / "uploads.json"
    assert list(json.loads(state.read_text()).values()) == ["/v1/evidence/uploads/1"]
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    gateway.faults.clear()
    assert sender(gateway).run() == f"sha256:{SHA}"
    assert gateway.begun == 1
    assert json.loads(state.read_text()) == {}
    other = sender(gateway)
    StateFile(state).keep(other.key(SHA), "/v1/evidence/uploads/0")
    assert other.run() == f"sha256:{SHA}"
    assert gateway.begun == 2


def test_a_no_is_no(sender: Callable[[Flaky], Sender], tmp_path: Path) -> None:
    with pytest.raises(UploadRefused) as refused:
        sender(Flaky("415")).run()
    assert (refused.value.status, refused.value.sentence("zh")) == (415, "不行。不行。")
    assert json.loads((tmp_path / "uploads.json").read_text()) == {}
    (tmp_path / "uploads.json").write_text("spoilt")
    assert StateFile(tmp_path / "uploads.json").find("x") is None
    assert state_file().name == "uploads.json"
