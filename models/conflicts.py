"""Conflicts of interest: which expert may not judge which application.

Source: Order 40 Art. 25 (whoever has an interest, or a tie that may impair fairness, is recused; the office
tells those who do not say so themselves).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from models.roles import Reference
from models.wire import Label, Wire

Tie = Literal["kin", "teacher_student", "co_author", "same_project", "superior", "other"]
"""What an expert and a person have to do with each other."""

ConflictReason = Literal["own_application", "own_employer", "related", "co_author", "declared"]

REASON_LABELS: dict[ConflictReason, Label] = {
    "own_application": Label(zh="本人申报", en="the expert's own application"),
    "own_employer": Label(zh="同一用人单位", en="the same employer"),
    "related": Label(zh="存在利害关系", en="a named relation"),
    "co_author": Label(zh="成果合作者", en="a co-author"),
    "declared": Label(zh="本人申请回避", en="declared by the expert"),
}


class KnownTie(Wire):
    """A tie of an expert to a person (an applicant's reference)."""

    person: Reference
    kind: Tie


class ExpertTies(Wire):
    """What is known of an expert: the employer, and ties to persons."""

    expert_ref: Reference
    employer: Reference
    ties: tuple[KnownTie, ...] = ()


class Applicant(Wire):
    """Whose application it is, and who recommends it."""

    application_ref: Reference
    person: Reference
    employer: Reference


def conflict(expert: ExpertTies, application: Applicant) -> ConflictReason | None:
    """Why this expert may not judge this application; None when nothing is known against it."""
    if expert.expert_ref == application.person:
        return "own_application"
    if expert.employer == application.employer:
        return "own_employer"
    kinds = {tie.kind for tie in expert.ties if tie.person == application.person}
    if kinds - {"co_author"}:
        return "related"
    return "co_author" if kinds else None


def conflicts(
    experts: Iterable[ExpertTies], application: Applicant
) -> tuple[tuple[str, ConflictReason], ...]:
    """Every expert who may not judge the application, with the reason, in the order given."""
    found = ((expert.expert_ref, conflict(expert, application)) for expert in experts)
    return tuple((ref, reason) for ref, reason in found if reason is not None)
