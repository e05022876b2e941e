"""Names of files and hashes, who reads which paper, and which papers a command names."""

from __future__ import annotations

import pytest

from models.commands import parse
from models.evidence import EvidenceKind, file_name, hash_in, may_read, named_in, reference
from models.roles import Role
from models.visibility import Grant, Ties
from workers.rehearsal.cast import Cast, paper, sha

HASH = sha("a")
TIES = Ties(applicant="p-1", employer="unit", department="d", offices={"office": "o"})


def test_a_reference_is_read_with_and_without_its_prefix() -> None:
    assert hash_in(reference(HASH)) == hash_in(HASH) == HASH
    assert [hash_in(text) for text in ("", "sha256:", HASH.upper(), HASH + "0", f"md5:{HASH}")] == [None] * 5


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("论文.pdf", "论文.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\证书.jpg", "证书.jpg"),
        ("a\x00b\r\nSet-Cookie: x.pdf", "abSet-Cookie_ x.pdf"),
        ("evil\u202efdp.exe", "evilfdp.exe"),
        ('"; filename=x.html', "__ filename=x.html"),
        ("..", None),
        ("", None),
        (None, None),
        ("\ud800.pdf", "_.pdf"),
    ],
)
def test_file_names_are_made_harmless(given: str | None, kept: str | None) -> None:
    assert file_name(given) == kept


def test_a_long_name_keeps_its_suffix() -> None:
    short = file_name("长" * 300 + ".pdf")
    assert short is not None
    assert (len(short), short[-5:]) == (120, "….pdf")


@pytest.mark.parametrize(
    ("subject", "grant", "kind", "owner", "reads"),
    [
        ("p-1", (Role.APPLICANT, None), EvidenceKind.DOSSIER, "p-1", True),
        ("p-1", (Role.APPLICANT, None), EvidenceKind.PUBLICITY, "clerk", True),
        ("p-1", (Role.APPLICANT, None), EvidenceKind.OBJECTION, "clerk", False),
        ("p-2", (Role.APPLICANT, None), EvidenceKind.DOSSIER, "p-1", False),
        ("clerk", (Role.EMPLOYER, "unit"), EvidenceKind.OBJECTION, "another", True),
        ("clerk", (Role.EMPLOYER, "elsewhere"), EvidenceKind.DOSSIER, "p-1", False),
        ("d", (Role.DEPARTMENT, "d"), EvidenceKind.OBJECTION, "another", False),
        ("d", (Role.DEPARTMENT, "d"), EvidenceKind.OBJECTION, "d", True),
        ("clerk", (Role.EMPLOYER, "elsewhere"), EvidenceKind.OBJECTION, "clerk", False),
        ("o", (Role.OFFICE, "o"), EvidenceKind.OBJECTION, "another", True),
    ],
)
def test_who_reads_a_paper(
    subject: str, grant: tuple[Role, str | None], kind: EvidenceKind, owner: str, reads: bool
) -> None:
    grants = [Grant(role=grant[0], organisation=grant[1])]
    assert may_read(subject, grants, TIES, [(kind, owner)]) is reads


def test_the_papers_that_commands_name_are_found_where_the_commands_have_them() -> None:
    cast = Cast("a-1")
    submit = cast.submit()
    named = named_in("submit", submit)
    assert [one.sha256 for one in named] == [part["sha256"] for part in paper()["parts"]]
    assert named[1].field == "dossier.achievements.0.parts.1.sha256"
    assert named_in("submit", parse("submit", submit).model_dump()) == named
    assert [one.field for one in named_in("start_publicity", cast.start_publicity())] == [
        "notice_sha256",
        "list_sha256",
    ]
    assert [one.field for one in named_in("file_publicity_evidence", cast.file_evidence())] == [
        "image_sha256"
    ]
    assert [one.field for one in named_in("object", {"evidence_sha256": [HASH, "x", HASH]})] == [
        "evidence_sha256.0",
        "evidence_sha256.2",
    ]
    for kind, body in (
        ("archive", cast.archive()),
        ("record_vote", cast.vote(7)),
        ("submit", {"dossier": 3}),
    ):
        assert named_in(kind, body) == ()
