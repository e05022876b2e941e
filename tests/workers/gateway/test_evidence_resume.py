"""Two hundred megabytes over real HTTP: the connection breaks, the gateway is killed, the file arrives whole.

A process of its own, as users run it; its memory is looked at while it goes.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.evidence_material import EXE, pdf
from tests.support import eventually, unique
from tests.workers.conftest import environment_of
from tests.workers.gateway.conftest import PLAN, Bearer, clock
from workers.evidence_upload import Sender, StateFile
from workers.processes import free_port
from workers.rehearsal.cast import Cast
from workers.settings import Settings

MEGABYTE = 1024 * 1024
SIZE = 200 * MEGABYTE
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


class BrokenError(RuntimeError):
    """The sender pulls the plug."""


class Process:
    """`zhicheng gateway`, started again at the same address after it was killed."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.address, self._log = f"127.0.0.1:{free_port()}", log
        self.folder = settings.data_dir
        self._environment = {
            **os.environ,
            **environment_of(settings),
            "ZHICHENG_GATEWAY_ADDRESS": self.address,
            "ZHICHENG_LOCAL_ISSUER": "true",
            "ZHICHENG_GATEWAY_CALLS_A_MINUTE": "100000",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = Path(sys.executable).with_name("zhicheng")
        with self._log.open("ab") as words:
            self._process = subprocess.Popen(
                [program, "gateway"], env=self._environment, stdout=words, stderr=words
            )
        asyncio.run(eventually(self._answers, 30.0))

    async def _answers(self) -> None:
        try:
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"http://{self.address}/v1/health")).status_code == 200
        except httpx.TransportError as error:
            raise AssertionError("nobody listens") from error

    def memory(self, what: str) -> int:
        """Bytes: `VmRSS` now, `VmHWM` the most there were."""
        assert self._process is not None
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:"))

    def said(self) -> str:
        """Its log: a request stands there once it is over."""
        return self._log.read_text()

    def end(self, how: signal.Signals) -> int:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(how)
        return self._process.wait(30)


@pytest.fixture(scope="module")
def process(served: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    running = Process(served, tmp_path_factory.mktemp("gateway") / "gateway.log")
    running.start()
    try:
        yield running
        assert running.end(signal.SIGTERM) == 0
        assert "request failed" not in running.said()
    finally:
        running.end(signal.SIGKILL)


class Person:
    """An applicant with an application that was just begun."""

    def __init__(self, process: Process, bearer: Bearer) -> None:
        self.cast = Cast(unique("up"))
        self.http = httpx.Client(
            base_url=f"http://{process.address}",
            headers=bearer(f"p-{self.cast.ref}", ("applicant", None)),
            timeout=60,
        )
        body = {
            name: value
            for name, value in self.cast.start(clock=clock()).items()
            if name not in ("plan_id", "application_ref")
        }
        path = f"/v1/plans/{PLAN}/applications/{self.cast.ref}"
        assert self.http.put(path, json=body).status_code == 201

    def begin(self, size: int, **more: str) -> str:
        """The address of a new upload."""
        said = {"plan": PLAN, "application": self.cast.ref} | more
        metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())
        begun = self.http.post(
            "/v1/evidence/uploads", headers=TUS | {"Upload-Length": str(size), "Upload-Metadata": metadata}
        )
        assert begun.status_code == 201, begun.text
        return begun.headers["Location"]

    def offset(self, url: str) -> int:
        return int(self.http.head(url, headers=TUS).headers["Upload-Offset"])

    def send(self, url: str, content: bytes, before: dict[int, Callable[[], None]]) -> httpx.Response:
        """Sends from where the upload stands; `before` the byte of that number something happens."""
        at = self.offset(url)

        def coming() -> Iterator[bytes]:
            for start in range(at, len(content), MEGABYTE):
                for place, happens in before.items():
                    if start <= place < start + MEGABYTE:
                        happens()
                yield content[start : start + MEGABYTE]

        return self.http.patch(url, headers=TUS | BYTES | {"Upload-Offset": str(at)}, content=coming())


@pytest.fixture
def person(process: Process, bearer: Bearer) -> Iterator[Person]:
    """Somebody with an application."""
    made = Person(process, bearer)
    yield made
    made.http.close()


def pull_the_plug() -> None:
    raise BrokenError


def test_two_hundred_megabytes_survive_a_broken_connection_and_a_killed_gateway(
    process: Process, person: Person, tmp_path: Path
) -> None:
    content = pdf(SIZE)
    sha256 = hashlib.sha256(content).hexdigest()
    url = person.begin(SIZE, filename="论文.pdf", filetype="application/pdf")
    idle, tops = process.memory("VmRSS"), []
    with pytest.raises(BrokenError):
        person.send(url, content, {60 * MEGABYTE: pull_the_plug})

    asyncio.run(eventually(lambda: process.said().count('"upload_bytes"') == 1))
    assert 52 * MEGABYTE < person.offset(url) <= 60 * MEGABYTE

    def kill() -> None:
        tops.append(process.memory("VmHWM"))
        process.end(signal.SIGKILL)

    with pytest.raises(httpx.TransportError):
        person.send(url, content, {120 * MEGABYTE: kill})
    process.start()
    assert 100 * MEGABYTE < person.offset(url) <= 120 * MEGABYTE
    file = tmp_path / "paper.pdf"
    file.write_bytes(content)
    state = StateFile(tmp_path / "uploads.json")
    sender = Sender(person.http, state, PLAN, person.cast.ref, "dossier", file)
    state.keep(sender.key(sha256), url)
    assert sender.run() == f"sha256:{sha256}"
    tops.append(process.memory("VmHWM"))
    end = person.http.get(f"/v1/evidence/{sha256}", headers={"Range": "bytes=-7"})
    assert (end.status_code, end.content) == (206, content[-7:])
    (stored,) = (process.folder / "evidence" / "files").rglob(sha256)
    with stored.open("rb") as opened:
        assert hashlib.file_digest(opened, "sha256").hexdigest() == sha256
    tops.append(process.memory("VmHWM"))
    assert max(tops) - idle < 100 * MEGABYTE


def test_a_forged_file_is_refused_long_before_its_end(person: Person) -> None:
    content = EXE + bytes(64 * MEGABYTE)
    url = person.begin(len(content), filename="证书.pdf", filetype="application/pdf")
    refused = person.send(url, content, {})
    assert (refused.status_code, refused.json()["code"]) == (415, "type_not_allowed")
    assert "x-msdownload" in refused.json()["rule"]["zh"]
    assert person.http.head(url, headers=TUS).status_code == 410
