"""Papers that people upload: what they may be, whom they are shown to, and which commands name them.

A file is named by the sha-256 of its content, `sha256:<hex>` in words and the bare hex in commands; the
bytes never enter a command or a workflow. File names come from strangers: they are kept to be shown, never
used as a path.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from models.refusal import legible
from models.roles import Role
from models.visibility import Grant, Ties, sees
from models.wire import Label, Wire

PREFIX = "sha256:"
_HEX = re.compile(r"[0-9a-f]{64}")

MAX_FILE_NAME = 120
"""Characters of a file name that are kept."""


class EvidenceKind(StrEnum):
    """What a file is for, by the commands that name it."""

    DOSSIER = "dossier"
    PUBLICITY = "publicity"
    OBJECTION = "objection"


KIND_LABELS: dict[EvidenceKind, Label] = {
    EvidenceKind.DOSSIER: Label(zh="佐证材料", en="part of the dossier"),
    EvidenceKind.PUBLICITY: Label(zh="公示资料", en="paper of a publicity"),
    EvidenceKind.OBJECTION: Label(zh="异议材料", en="paper of an objection"),
}

READERS: dict[EvidenceKind, frozenset[Role]] = {
    EvidenceKind.DOSSIER: frozenset(Role),
    EvidenceKind.PUBLICITY: frozenset(Role),
    EvidenceKind.OBJECTION: frozenset({Role.EMPLOYER, Role.OFFICE, Role.CONVENING_UNIT, Role.CITY_OFFICE}),
}
"""In which role somebody who sees the application sees the file, too. What an objector hands in could tell
the applicant who it was. By design."""


class MediaType(StrEnum):
    """The kinds of file that are told apart by their content. A paper is a scan: nothing that is edited."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"
    TIFF = "image/tiff"
    OFD = "application/ofd"


SUFFIXES: dict[MediaType, str] = {
    MediaType.PDF: "pdf",
    MediaType.JPEG: "jpg",
    MediaType.PNG: "png",
    MediaType.TIFF: "tif",
    MediaType.OFD: "ofd",
}


class Flag(StrEnum):
    """What a person should look at before relying on a file; never a reason to refuse it."""

    ENCRYPTED = "encrypted"
    ACTIVE = "active_content"
    ATTACHMENTS = "attachments"
    MORE_AFTER_THE_END = "more_after_the_end"


FLAG_LABELS: dict[Flag, Label] = {
    Flag.ENCRYPTED: Label(zh="文件已加密，可能无法打开", en="encrypted: it may not open"),
    Flag.ACTIVE: Label(zh="含脚本或启动动作", en="holds a script or an action that starts something"),
    Flag.ATTACHMENTS: Label(zh="含附件", en="holds other files"),
    Flag.MORE_AFTER_THE_END: Label(zh="文件结尾后仍有数据", en="goes on after its end"),
}


class EvidenceCode(StrEnum):
    """Why an upload, or a file, is refused; stable names for integrations."""

    NOT_ALLOWED = "type_not_allowed"
    FORGED = "type_forged"
    AMBIGUOUS = "type_ambiguous"
    BROKEN = "file_broken"
    EMPTY = "file_empty"
    TOO_LARGE = "file_too_large"
    QUOTA = "quota"
    TOO_MANY = "too_many_uploads"
    HASH_DIFFERS = "hash_differs"
    KEY_REUSED = "reused_key"
    OFFSET = "offset_differs"
    ENDED = "upload_ended"
    UNKNOWN = "unknown_upload"
    PIECES = "too_many_pieces"
    PIECE_LOST = "piece_lost"
    MISSING = "evidence_missing"
    NOT_STORED = "evidence_not_stored"


class EvidenceRefused(Exception):  # noqa: N818 - it is an answer, not a fault
    """A file or an upload is not taken: code, rule and remedy. `offset`: where an upload stands instead."""

    def __init__(
        self,
        code: EvidenceCode,
        *,
        zh: str,
        en: str,
        fix_zh: str,
        fix_en: str,
        field: str | None = None,
        offset: int | None = None,
    ) -> None:
        self.code, self.field, self.offset = code, field, offset
        self.rule = Label(zh=legible(zh), en=legible(en))
        self.remedy = Label(zh=legible(fix_zh), en=legible(fix_en))
        super().__init__(f"{self.rule.en} {self.remedy.en}")


class Stored(Wire):
    """A file of an application, as it is shown."""

    sha256: str
    reference: str
    kind: EvidenceKind
    media_type: MediaType
    size: int
    flags: tuple[Flag, ...] = ()
    file_name: str | None = None
    state: str


def reference(sha256: str) -> str:
    """`sha256:<hex>`."""
    return f"{PREFIX}{sha256}"


def hash_in(text: str) -> str | None:
    """The hex in `sha256:<hex>` or in bare hex; None for anything else."""
    bare = text.removeprefix(PREFIX)
    return bare if _HEX.fullmatch(bare) else None


def file_name(given: str | None) -> str | None:
    """A file name made harmless to show: the last part of a path, without control and directional signs.

    None when nothing legible is left.
    """
    if given is None:
        return None
    text = unicodedata.normalize("NFC", given.encode("utf-8", "replace").decode("utf-8"))
    last = re.split(r"[/\\]", text)[-1]
    seen = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    seen = re.sub(r"\s+", " ", re.sub(r'["*:<>?|;%]', "_", seen)).strip(" .")
    if len(seen) > MAX_FILE_NAME:
        stem, dot, suffix = seen.rpartition(".")
        short = suffix if dot and len(suffix) <= 10 else ""
        kept = MAX_FILE_NAME - len(short) - 2
        seen = f"{(stem if short else seen)[:kept]}…{'.' if short else ''}{short}"
    return seen or None


def may_read(
    subject: str, grants: Iterable[Grant], ties: Ties, files: Iterable[tuple[EvidenceKind, str]]
) -> bool:
    """Whether this person may see a file that belongs to an application as these (kind, uploader).

    Whoever uploaded it sees it for as long as the application is to be seen.
    """
    roles = {grant.role for grant in grants if sees(subject, grant, ties)}
    return any(roles & READERS[kind] or (roles and owner == subject) for kind, owner in files)


_NAMED: dict[str, tuple[tuple[str, ...], EvidenceKind]] = {
    "submit": (("dossier.achievements.*.parts.*.sha256",), EvidenceKind.DOSSIER),
    "resubmit": (("dossier.achievements.*.parts.*.sha256",), EvidenceKind.DOSSIER),
    "start_publicity": (("notice_sha256", "list_sha256"), EvidenceKind.PUBLICITY),
    "file_publicity_evidence": (("image_sha256",), EvidenceKind.PUBLICITY),
    "object": (("evidence_sha256.*",), EvidenceKind.OBJECTION),
}
"""Which fields of a command name what somebody uploaded. Hashes of what the service makes itself (lists,
minutes, review forms) are none of these."""


class Named(Wire):
    """A file that a command names, and where."""

    field: str
    sha256: str


def named_in(kind: str, body: Mapping[str, Any]) -> tuple[Named, ...]:
    """The files that a command names, in its order. What is no hash is left to the command's own rules."""
    paths, _ = _NAMED.get(kind, ((), None))
    return tuple(
        Named(field=field, sha256=value)
        for path in paths
        for field, value in _at(body, path.split("."), "")
        if isinstance(value, str) and _HEX.fullmatch(value)
    )


def kind_of(command: str) -> EvidenceKind | None:
    """As what the files of a command are uploaded."""
    found = _NAMED.get(command)
    return found[1] if found else None


def _at(value: Any, path: list[str], above: str) -> Iterator[tuple[str, Any]]:
    if not path:
        yield above, value
        return
    step, rest = path[0], path[1:]
    if step == "*":
        for position, item in enumerate(value if isinstance(value, list | tuple) else ()):
            yield from _at(item, rest, f"{above}.{position}")
    elif isinstance(value, Mapping) and step in value:
        yield from _at(value[step], rest, f"{above}.{step}" if above else step)
