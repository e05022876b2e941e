"""The documents of an application: kinds of achievement, the parts each must have, and what is missing.

Source of the required parts: work plan 九(三), and 二 for the qualification route. A missing required part
is a "bar" for submission. What a machine can see of a scan (seal ticked, colour, resolution, serial numbers)
is a "flag" for a person and never a refusal. Files are named by their hash; no document enters here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from models.findings import Finding
from models.roles import Reference
from models.serials import is_cn_serial, is_isbn, is_issn
from models.wire import Label, ShortText, Wire

Sha256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

MIN_DPI = 200
"""Below this a scan is flagged as perhaps not clear; the plan says 清晰 and gives no number."""

CITATION = "work plan 九(三)"


class AchievementKind(StrEnum):
    """The kinds of document that the work plan tells apart."""

    PAPER = "paper"
    BOOK = "book"
    TECHNICAL_REPORT = "technical_report"
    PATENT = "patent"
    STANDARD = "standard"
    AWARD = "award"
    PEER_STATEMENT = "peer_statement"
    EXCEPTION_REQUEST = "exception_request"
    QUALIFICATION = "qualification"
    CE_COMMITMENT = "ce_commitment"
    EDUCATION_PROOF = "education_proof"
    TITLE_PROOF = "title_proof"
    OTHER = "other"


class PartName(StrEnum):
    """The parts of a document."""

    COVER = "cover"
    COPYRIGHT_PAGE = "copyright_page"
    ISBN_PAGE = "isbn_page"
    CONTENTS = "contents"
    FULL_TEXT = "full_text"
    CERTIFICATE = "certificate"
    STATEMENT = "statement"
    PEER_TITLE_CERTIFICATE = "peer_title_certificate"
    REQUEST = "request"
    EMPLOYER_APPOINTMENT = "employer_appointment"
    COMMITMENT = "commitment"


KIND_LABELS: dict[AchievementKind, Label] = {
    AchievementKind.PAPER: Label(zh="论文", en="paper"),
    AchievementKind.BOOK: Label(zh="著作", en="book"),
    AchievementKind.TECHNICAL_REPORT: Label(zh="技术报告", en="technical report"),
    AchievementKind.PATENT: Label(zh="专利", en="patent"),
    AchievementKind.STANDARD: Label(zh="标准", en="standard"),
    AchievementKind.AWARD: Label(zh="奖励证书", en="award"),
    AchievementKind.PEER_STATEMENT: Label(zh="同行专家评议证明", en="peer statement"),
    AchievementKind.EXCEPTION_REQUEST: Label(zh="破格申请", en="exception request"),
    AchievementKind.QUALIFICATION: Label(zh="职业资格", en="professional qualification"),
    AchievementKind.CE_COMMITMENT: Label(zh="继续教育承诺", en="continuing-education commitment"),
    AchievementKind.EDUCATION_PROOF: Label(zh="学历证明", en="proof of education"),
    AchievementKind.TITLE_PROOF: Label(zh="现有职称证明", en="proof of the prior title"),
    AchievementKind.OTHER: Label(zh="其他佐证材料", en="other evidence"),
}

PART_LABELS: dict[PartName, Label] = {
    PartName.COVER: Label(zh="封面", en="cover"),
    PartName.COPYRIGHT_PAGE: Label(zh="版权页", en="copyright page"),
    PartName.ISBN_PAGE: Label(zh="书号", en="page with the ISBN"),
    PartName.CONTENTS: Label(zh="目录", en="contents"),
    PartName.FULL_TEXT: Label(zh="全文", en="full text"),
    PartName.CERTIFICATE: Label(zh="证书", en="certificate"),
    PartName.STATEMENT: Label(zh="专家本人签名的证明", en="statement signed by the expert"),
    PartName.PEER_TITLE_CERTIFICATE: Label(zh="专家职称资格证书", en="the expert's title certificate"),
    PartName.REQUEST: Label(zh="加盖公章的申请", en="sealed request"),
    PartName.EMPLOYER_APPOINTMENT: Label(zh="用人单位聘任证明", en="employer's certificate of appointment"),
    PartName.COMMITMENT: Label(zh="承诺书", en="signed commitment"),
}

REQUIRED_PARTS: dict[AchievementKind, tuple[PartName, ...]] = {
    AchievementKind.PAPER: (
        PartName.COVER,
        PartName.COPYRIGHT_PAGE,
        PartName.CONTENTS,
        PartName.FULL_TEXT,
    ),
    AchievementKind.BOOK: (PartName.COVER, PartName.ISBN_PAGE, PartName.CONTENTS),
    AchievementKind.TECHNICAL_REPORT: (PartName.FULL_TEXT,),
    AchievementKind.PATENT: (PartName.FULL_TEXT,),
    AchievementKind.STANDARD: (PartName.FULL_TEXT,),
    AchievementKind.AWARD: (PartName.CERTIFICATE,),
    AchievementKind.PEER_STATEMENT: (PartName.STATEMENT, PartName.PEER_TITLE_CERTIFICATE),
    AchievementKind.EXCEPTION_REQUEST: (PartName.REQUEST,),
    AchievementKind.QUALIFICATION: (PartName.CERTIFICATE, PartName.EMPLOYER_APPOINTMENT),
    AchievementKind.CE_COMMITMENT: (PartName.COMMITMENT,),
    AchievementKind.EDUCATION_PROOF: (PartName.CERTIFICATE,),
    AchievementKind.TITLE_PROOF: (PartName.CERTIFICATE,),
    AchievementKind.OTHER: (),
}


class Part(Wire):
    """One uploaded scan: its pages, its file's hash, and what the uploader or the machine saw of it."""

    name: PartName
    first_page: int = Field(ge=1)
    last_page: int = Field(ge=1)
    sha256: Sha256Hex
    sealed_first_page: bool = False
    colour: bool = True
    dpi: int = Field(default=300, ge=1, le=4800)

    @model_validator(mode="after")
    def _pages_in_order(self) -> Self:
        if self.last_page < self.first_page:
            raise ValueError("last_page is before first_page")
        return self


class Achievement(Wire):
    """One piece of evidence with its parts and, for publications, its serial numbers."""

    id: Reference
    kind: AchievementKind
    title: ShortText
    parts: tuple[Part, ...] = Field(default=(), max_length=20)
    applicant_named: bool = True
    chapters_marked: bool = False
    cn: Annotated[str, StringConstraints(max_length=30)] | None = None
    issn: Annotated[str, StringConstraints(max_length=20)] | None = None
    isbn: Annotated[str, StringConstraints(max_length=30)] | None = None

    def has(self, name: PartName) -> bool:
        """True when a part of this name was uploaded."""
        return any(part.name == name for part in self.parts)


def missing(achievements: tuple[Achievement, ...], route: str) -> tuple[Finding, ...]:
    """What must still be supplied before submission; empty when complete. All findings are bars.

    Source: work plan 九(三) for the parts and the 破格申请, 二 for the qualification route.
    """
    return (*_missing_parts(achievements), *_missing_for_route(achievements, route))


def _missing_parts(achievements: tuple[Achievement, ...]) -> list[Finding]:
    return [
        _bar(
            "materials.part",
            f"{achievement.id}.{name}",
            zh=f"{KIND_LABELS[achievement.kind].zh}《{achievement.title}》缺少{PART_LABELS[name].zh}",
            en=f"“{achievement.title}” ({KIND_LABELS[achievement.kind].en}) lacks: {PART_LABELS[name].en}.",
            citation=_citation(achievement.kind),
        )
        for achievement in achievements
        for name in REQUIRED_PARTS[achievement.kind]
        if not achievement.has(name)
    ]


def _citation(kind: AchievementKind) -> str:
    return "work plan 二" if kind is AchievementKind.QUALIFICATION else CITATION


def _missing_for_route(achievements: tuple[Achievement, ...], route: str) -> list[Finding]:
    kinds = [achievement.kind for achievement in achievements]
    findings = []
    if route == "exception" and kinds.count(AchievementKind.EXCEPTION_REQUEST) != 1:
        findings.append(
            _bar(
                "materials.exception_request",
                "exception_request",
                zh="破格申报须由用人单位出具一份破格申请并加盖公章",
                en="The exceptional route needs exactly one request, issued and sealed by the employer.",
                citation=CITATION,
            )
        )
    if route == "qualification" and AchievementKind.QUALIFICATION not in kinds:
        findings.append(
            _bar(
                "materials.qualification",
                "qualification",
                zh="职业资格途径须提供职业资格证书和用人单位聘任证明",
                en="The qualification route needs the certificate and the employer's appointment.",
                citation="work plan 二",
            )
        )
    return findings


def _bar(code: str, subject: str, *, zh: str, en: str, citation: str) -> Finding:
    return Finding(
        code=code, severity="bar", subject=subject, words=Label(zh=zh, en=en), citation=citation, mark="V"
    )


def unsealed(achievements: tuple[Achievement, ...]) -> tuple[Finding, ...]:
    """The parts whose first page does not carry the employer's seal, for the employer's review."""
    return tuple(
        _flag(
            "materials.seal",
            f"{achievement.id}.{part.name}",
            zh=f"《{achievement.title}》{PART_LABELS[part.name].zh}首页未加盖用人单位公章",
            en=f"“{achievement.title}”: no employer's seal on page one of: {PART_LABELS[part.name].en}.",
        )
        for achievement in achievements
        for part in achievement.parts
        if not part.sealed_first_page
    )


def warnings(achievements: tuple[Achievement, ...]) -> tuple[Finding, ...]:
    """What a machine noticed and a person should look at; never a reason to refuse by itself."""
    findings: list[Finding] = []
    if not achievements:
        findings.append(
            _flag("materials.none", "achievements", zh="未填报任何业绩成果", en="No achievement is listed.")
        )
    for achievement in achievements:
        findings += _serial_warnings(achievement)
        findings += _scan_warnings(achievement)
        findings += _content_warnings(achievement)
    return tuple(findings)


def _serial_warnings(achievement: Achievement) -> list[Finding]:
    checks = (
        ("cn", achievement.cn, is_cn_serial, "CN号", "CN number"),
        ("issn", achievement.issn, is_issn, "ISSN号", "ISSN"),
        ("isbn", achievement.isbn, is_isbn, "书号（ISBN）", "ISBN"),
    )
    expected = {AchievementKind.PAPER: ("cn", "issn"), AchievementKind.BOOK: ("isbn",)}
    findings = []
    for name, text, valid, zh, en in checks:
        subject = f"{achievement.id}.{name}"
        if text is None:
            if name in expected.get(achievement.kind, ()):
                findings.append(
                    _flag(
                        f"materials.{name}",
                        subject,
                        zh=f"《{achievement.title}》未填{zh}",
                        en=f"“{achievement.title}” gives no {en}.",
                    )
                )
        elif not valid(text):
            findings.append(
                _flag(
                    f"materials.{name}",
                    subject,
                    zh=f"《{achievement.title}》的{zh}“{text}”格式或校验位不符",
                    en=f"The {en} {text!r} of “{achievement.title}” has a wrong form or check digit.",
                )
            )
    return findings


def _scan_warnings(achievement: Achievement) -> list[Finding]:
    findings = []
    for part in achievement.parts:
        subject, name = f"{achievement.id}.{part.name}", PART_LABELS[part.name]
        if not part.colour:
            findings.append(
                _flag(
                    "materials.colour",
                    subject,
                    zh=f"《{achievement.title}》{name.zh}不是彩色扫描件",
                    en=f"The {name.en} of “{achievement.title}” is not a colour scan.",
                )
            )
        if part.dpi < MIN_DPI:
            findings.append(
                _flag(
                    "materials.resolution",
                    subject,
                    zh=f"《{achievement.title}》{name.zh}分辨率仅{part.dpi}dpi，可能不清晰",
                    en=f"The {name.en} of “{achievement.title}” has only {part.dpi} dpi and may be unclear.",
                )
            )
    return findings


def _content_warnings(achievement: Achievement) -> list[Finding]:
    findings = []
    if not achievement.applicant_named:
        findings.append(
            _flag(
                "materials.name",
                f"{achievement.id}.applicant_named",
                zh=f"《{achievement.title}》未体现申报人姓名",
                en=f"“{achievement.title}” does not show the applicant's name.",
            )
        )
    if achievement.kind is AchievementKind.BOOK and not achievement.chapters_marked:
        findings.append(
            _flag(
                "materials.chapters",
                f"{achievement.id}.chapters_marked",
                zh=f"《{achievement.title}》目录未标明本人作为主要作者完成的章节",
                en=f"The contents of “{achievement.title}” do not mark the applicant's own chapters.",
            )
        )
    return findings


def _flag(code: str, subject: str, *, zh: str, en: str) -> Finding:
    return Finding(
        code=code,
        severity="flag",
        subject=subject,
        words=Label(zh=zh, en=en),
        citation=CITATION,
        mark="V",
    )
