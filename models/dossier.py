"""The dossier an applicant submits: what is applied for, the facts, the achievements.

It holds references and hashes, never documents, names or identity numbers.
"""

from __future__ import annotations

from pydantic import Field

from models.audit import digest
from models.eligibility import ApplicantFacts
from models.materials import Achievement
from models.roles import Reference
from models.wire import Wire


class Dossier(Wire):
    """Specialty, level and route applied for, the facts of the person, and the achievements."""

    specialty: Reference
    level: Reference
    route: Reference
    facts: ApplicantFacts
    achievements: tuple[Achievement, ...] = Field(default=(), max_length=40)

    @property
    def digest(self) -> str:
        """sha-256 over the canonical JSON, in hex."""
        return digest(self.model_dump(mode="json"))


def substantive_differences(old: Dossier, new: Dossier) -> tuple[str, ...]:
    """Field paths whose change needs a new publicity; empty when the repair is formal.

    Level, specialty, route, the facts, and any achievement added, removed or altered in kind or title
    are substantive; replaced scans of the same achievement are formal.
    Source: process reading 9 (adding a document defaults to substantive).
    """
    changed = [name for name in ("specialty", "level", "route") if getattr(old, name) != getattr(new, name)]
    if old.facts != new.facts:
        changed.append("facts")
    before, after = ([(a.kind, a.title) for a in dossier.achievements] for dossier in (old, new))
    if before != after:
        changed.append("achievements")
    return tuple(changed)
