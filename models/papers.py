"""Papers and their verification: the kinds, and what is said of a number or a file that is shown.

A verdict holds no name: whoever checks a paper has it before them. Days are days in Asia/Shanghai.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from models.wire import Label, Wire


class PaperKind(StrEnum):
    """The papers of a confirmed application (work plan 七(六))."""

    CERTIFICATE = "certificate"
    REVIEW_FORM = "review_form"


KIND_LABELS: dict[PaperKind, Label] = {
    PaperKind.CERTIFICATE: Label(zh="电子职称证书", en="electronic title certificate"),
    PaperKind.REVIEW_FORM: Label(zh="天津市专业技术职称评审表", en="professional-title review form"),
}


class Standing(StrEnum):
    """What is known of a number or a file."""

    VALID = "valid"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"
    ALTERED = "altered"


GROUND_LABELS: dict[str, Label] = {
    "fraud": Label(zh="弄虚作假", en="fraud"),
    "improper_influence": Label(zh="暗箱操作", en="improper influence"),
    "ce_commitment_false": Label(zh="继续教育承诺不实", en="false commitment on continuing education"),
}
"""Grounds of a revocation (work plan 九(二), 九(四))."""


class Verdict(Wire):
    """The answer of a verification, in words, with what it rests on.

    `version` is that of the file shown (or of the paper in force), `by_version` the one that replaced it.
    `rehearsal`: signed with a self-made key. `trusted`: the signature leads to a trusted certificate; None
    when only a number was asked for.
    """

    standing: Standing
    words: Label
    number: str | None = None
    kind: PaperKind | None = None
    title_date: date | None = None
    content_sha256: str | None = None
    version: int | None = None
    since: date | None = None
    ground: Label | None = None
    document_no: str | None = None
    by_version: int | None = None
    reason: str | None = None
    rehearsal: bool = False
    trusted: bool | None = None
    signer: str | None = None

    @property
    def valid(self) -> bool:
        """True only for a paper, or a number, that is in force."""
        return self.standing is Standing.VALID


def valid_words(number: str, title_date: date) -> Label:
    """In force."""
    return Label(
        zh=f"证书{number}有效，取得日期{title_date.isoformat()}。",
        en=f"Certificate {number} is valid; the title dates from {title_date.isoformat()}.",
    )


def revoked_words(number: str, since: date, ground: Label, document_no: str) -> Label:
    """Taken back."""
    return Label(
        zh=f"证书{number}已于{since.isoformat()}撤销，事由：{ground.zh}，文号：{document_no}。",
        en=f"Certificate {number} was revoked on {since.isoformat()}: {ground.en}, document {document_no}.",
    )


def superseded_words(number: str, version: int, by: int, reason: str) -> Label:
    """An older version of a paper."""
    return Label(
        zh=f"所示为{number}的第{version}版，已由第{by}版代替：{reason}。请出示新版。",
        en=f"This is version {version} of {number}; version {by} replaced it: {reason}. Ask for the new one.",
    )


def unknown_words(number: str | None) -> Label:
    """Not on record."""
    if number is None:
        return Label(
            zh="该文件不是本系统出具的文件：请向持证人索取原始电子文件，或按证书编号查询。",
            en="This file was not issued here: ask the holder for the original file, or check the number.",
        )
    return Label(
        zh=f"没有编号为{number}的证书：请核对编号。",
        en=f"There is no certificate {number}: check the number.",
    )


def altered_words(number: str | None) -> Label:
    """Looks like a paper of ours and is not what was issued."""
    of = f"（证书{number}）" if number else ""
    return Label(
        zh=f"该文件与出具的原件不一致{of}：内容已被改动，不能作为凭证。",
        en=f"This file is not as it was issued{f' (certificate {number})' if number else ''}: it was altered "
        "and proves nothing.",
    )
