"""What each kind of document must contain, and what a machine may only remark on."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from models.materials import (
    KIND_LABELS,
    PART_LABELS,
    REQUIRED_PARTS,
    Achievement,
    AchievementKind,
    Part,
    PartName,
    missing,
    unsealed,
    warnings,
)


def part(name: PartName, **of: object) -> Part:
    facts = {"name": name, "first_page": 1, "last_page": 2, "sha256": "0" * 64, "sealed_first_page": True}
    return Part.model_validate(facts | of)


def complete(kind: AchievementKind, **of: object) -> Achievement:
    """An achievement of `kind` with every required part."""
    facts = {"id": f"a-{kind}", "kind": kind, "title": "甲", "parts": tuple(map(part, REQUIRED_PARTS[kind]))}
    return Achievement.model_validate(facts | of)


PAPER = complete(AchievementKind.PAPER, cn="CN 11-2345/TB", issn="0378-5955")


@pytest.mark.parametrize("kind", list(AchievementKind))
def test_a_complete_document_of_any_kind_lacks_nothing(kind: AchievementKind) -> None:
    assert missing((complete(kind),), "normal") == ()


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in REQUIRED_PARTS.items() for name in names]
)
def test_each_required_part_is_named_when_it_is_missing(kind: AchievementKind, name: PartName) -> None:
    others = tuple(part(other) for other in REQUIRED_PARTS[kind] if other != name)
    (found,) = missing((complete(kind, parts=others),), "normal")
    assert (found.severity, found.code, found.subject) == ("bar", "materials.part", f"a-{kind}.{name}")
    assert PART_LABELS[name].zh in found.words.zh
    assert KIND_LABELS[kind].zh in found.words.zh
    assert PART_LABELS[name].en in found.words.en
    assert found.citation.startswith("work plan")


def test_the_paper_of_the_work_plan_has_four_parts() -> None:
    assert [PART_LABELS[name].zh for name in REQUIRED_PARTS[AchievementKind.PAPER]] == [
        "封面",
        "版权页",
        "目录",
        "全文",
    ]


def test_the_exception_route_needs_exactly_one_request() -> None:
    request = complete(AchievementKind.EXCEPTION_REQUEST)
    assert missing((PAPER, request), "exception") == ()
    again = request.model_copy(update={"id": "b"})
    for wrong in ((PAPER,), (PAPER, request, again)):
        (found,) = missing(wrong, "exception")
        assert found.code == "materials.exception_request"


def test_the_qualification_route_needs_certificate_and_appointment() -> None:
    (found,) = missing((PAPER,), "qualification")
    assert "聘任证明" in found.words.zh
    assert missing((PAPER, complete(AchievementKind.QUALIFICATION)), "qualification") == ()


def test_the_employer_sees_which_first_pages_lack_the_seal() -> None:
    bare = complete(AchievementKind.AWARD, parts=(part(PartName.CERTIFICATE, sealed_first_page=False),))
    (found,) = unsealed((PAPER, bare))
    assert (found.severity, found.subject) == ("flag", "a-award.certificate")


@pytest.mark.parametrize(
    ("achievement", "code"),
    [
        (complete(AchievementKind.PAPER, cn="CN 11-2345/TB", issn="0378-5954"), "materials.issn"),
        (complete(AchievementKind.PAPER, cn="11-2345", issn="0378-5955"), "materials.cn"),
        (complete(AchievementKind.PAPER, cn="CN 11-2345/TB"), "materials.issn"),
        (complete(AchievementKind.BOOK, isbn="9780306406158", chapters_marked=True), "materials.isbn"),
        (complete(AchievementKind.BOOK, isbn="9780306406157"), "materials.chapters"),
        (complete(AchievementKind.AWARD, applicant_named=False), "materials.name"),
        (
            complete(AchievementKind.AWARD, parts=(part(PartName.CERTIFICATE, colour=False),)),
            "materials.colour",
        ),
        (
            complete(AchievementKind.AWARD, parts=(part(PartName.CERTIFICATE, dpi=72),)),
            "materials.resolution",
        ),
    ],
)
def test_what_a_machine_notices_is_a_flag_and_never_a_refusal(achievement: Achievement, code: str) -> None:
    assert [(found.code, found.severity) for found in warnings((achievement,))] == [(code, "flag")]
    assert missing((achievement,), "normal") == ()


def test_a_sound_paper_causes_no_remark_and_no_achievement_causes_one() -> None:
    assert warnings((PAPER,)) == ()
    assert [found.code for found in warnings(())] == ["materials.none"]


@pytest.mark.parametrize("wrong", [{"first_page": 3}, {"first_page": 0}, {"sha256": "zz"}, {"dpi": 0}])
def test_a_part_is_refused_when_it_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        part(PartName.FULL_TEXT, **wrong)
