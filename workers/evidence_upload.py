"""Sends a paper to the gateway over tus 1.0.0, and goes on where it stopped: after a cut, also tomorrow.

Knows only the protocol. The address of an upload under way is kept in a small file of this user.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

CHUNK = 1024 * 1024
MOST_WAIT = 8.0
"""Seconds between two tries, at most."""

_TUS = {"Tus-Resumable": "1.0.0"}
_BYTES = {"Content-Type": "application/offset+octet-stream"}
_AGAIN = frozenset({409, 423, 429, 500, 502, 503, 504})
"""Answers after which it may go on from where the upload stands."""

_ANOTHER_TOKEN = frozenset({401, 403})
"""With another token the same upload goes on."""

Progress = Callable[[int, int], None]


class UploadRefused(RuntimeError):  # noqa: N818 - it is an answer, not a fault
    """The gateway says no. `problem` is its answer."""

    def __init__(self, status: int, problem: dict[str, object]) -> None:
        self.status, self.problem = status, problem
        super().__init__(self.sentence("en"))

    def sentence(self, lang: str) -> str:
        """Rule and remedy, as the gateway says them."""
        return _words(self.problem, lang) or f"The gateway answered {self.status}."


class UploadCutError(RuntimeError):
    """Nobody answered for too long; what came is stored, and the same command goes on."""


class StateFile:
    """Which uploads are under way, by a key: their addresses. Readable by this user only."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, key: str) -> str | None:
        """The address of an upload."""
        return self._read().get(key)

    def keep(self, key: str, url: str) -> None:
        """An upload is under way."""
        self._write(self._read() | {key: url})

    def drop(self, key: str) -> None:
        """It is finished, or gone."""
        self._write({name: url for name, url in self._read().items() if name != key})

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, known: dict[str, str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(known, file, indent=1)
        draft.replace(self._path)


def state_file() -> Path:
    """Where this user's uploads under way are remembered."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "zhicheng" / "uploads.json"


class Sender:
    """One file for one application. `patience`: seconds of failing without a byte more until it gives up."""

    def __init__(
        self,
        http: httpx.Client,
        state: StateFile,
        plan: str,
        application: str,
        kind: str,
        file: Path,
        *,
        patience: float = 60.0,
        progress: Progress = lambda _done, _size: None,
    ) -> None:
        self._http, self._state, self._file, self._patience = http, state, file, patience
        self._plan, self._application, self._kind = plan, application, kind
        self._progress, self._size = progress, file.stat().st_size
        self._furthest, self._failing_since = -1, 0.0

    def key(self, sha256: str) -> str:
        """By what the upload of this file is found again."""
        return f"{self._http.base_url} {self._plan} {self._application} {self._kind} {sha256}"

    def run(self) -> str:
        """Sends what is not there yet; the reference of the stored paper.

        Raises `UploadRefused`, `UploadCutError`, and `OSError` when the file cannot be read.
        """
        sha256 = self._hash()
        key, pause = self.key(sha256), 0.25
        while True:
            try:
                url = self._state.find(key)
                if url is None:
                    url = self._begin(sha256)
                    self._state.keep(key, url)
                reference = self._go_on(url, key)
                if reference is not None:
                    self._state.drop(key)
                    return reference
                pause = 0.25
                continue
            except httpx.TransportError as error:
                why = type(error).__name__
            except UploadRefused as refused:
                if refused.status not in _AGAIN:
                    if refused.status not in _ANOTHER_TOKEN:
                        self._state.drop(key)
                    raise
                why = str(refused)
            self._failing_since = self._failing_since or time.monotonic()
            if time.monotonic() - self._failing_since > self._patience:
                raise UploadCutError(f"{why} What came is stored: the same command goes on from there.")
            time.sleep(pause)
            pause = min(MOST_WAIT, pause * 2)

    def _hash(self) -> str:
        counted = hashlib.sha256()
        with self._file.open("rb") as file:
            while chunk := file.read(CHUNK):
                counted.update(chunk)
        return counted.hexdigest()

    def _begin(self, sha256: str) -> str:
        said = {
            "plan": self._plan,
            "application": self._application,
            "kind": self._kind,
            "filename": self._file.name,
            "sha256": sha256,
        }
        metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())
        answer = self._http.post(
            "/v1/evidence/uploads",
            headers=_TUS | {"Upload-Length": str(self._size), "Upload-Metadata": metadata},
        )
        return str(_good(answer).headers["Location"])

    def _go_on(self, url: str, key: str) -> str | None:
        """Sends the rest; the reference once it is stored, None when it is to begin anew."""
        standing = self._http.head(url, headers=_TUS)
        if standing.status_code in (404, 410):
            self._state.drop(key)
            return None
        done = _good(standing)
        if "Zhicheng-Evidence" in done.headers:
            return str(done.headers["Zhicheng-Evidence"])
        at = int(done.headers["Upload-Offset"])
        if at > self._furthest:
            self._furthest, self._failing_since = at, 0.0
        answer = self._http.patch(
            url, headers=_TUS | _BYTES | {"Upload-Offset": str(at)}, content=self._rest(at)
        )
        stored = _good(answer).headers.get("Zhicheng-Evidence")
        return str(stored) if stored else None

    def _rest(self, at: int) -> Iterator[bytes]:
        with self._file.open("rb") as file:
            file.seek(at)
            while chunk := file.read(CHUNK):
                yield chunk
                at += len(chunk)
                self._progress(at, self._size)


def _good(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    raise UploadRefused(answer.status_code, problem if isinstance(problem, dict) else {})


def _words(problem: dict[str, object], lang: str) -> str:
    parts = [problem.get(name) for name in ("rule", "remedy")]
    said = [str(part[lang]) for part in parts if isinstance(part, dict) and lang in part]
    return ("" if lang == "zh" else " ").join(said)
