"""A synthetic committee and the commands of its meeting, ready to be varied. All data are made up."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from models.committee import CommitteeOnFile
from models.draw import PoolEntry, commitment
from models.roles import Actor, Role
from workers.rehearsal.cast import CITY_OFFICE, COMMITTEE, CONVENING_UNIT, OFFICE, Json

NUMBERS = (("metrology", 5), ("quality", 4), ("standardization", 2))
"""Experts to draw for each specialty: eleven."""

HOMES = ("tj-university", "tj-polytechnic", "bohai-laboratory", "tj-metrology-institute", "haihe-pharma")
"""Where the experts of the pool work; some of these recommend applicants too."""


def pool(prefix: str = "expert", size: int = 30) -> list[PoolEntry]:
    """So many experts, spread over the specialties of `NUMBERS` and the employers of `HOMES`."""
    specialties = [name for name, _ in NUMBERS]
    return [
        PoolEntry(
            expert_ref=f"{prefix}-{n:02d}",
            employer=HOMES[n % len(HOMES)],
            specialties=(specialties[n % len(specialties)],),
        )
        for n in range(size)
    ]


def committee(committee_ref: str = COMMITTEE, size: int = 11) -> CommitteeOnFile:
    """The committee as filed in 2022, for three years."""
    return CommitteeOnFile(
        committee_ref=committee_ref,
        size=size,
        filed_on=date(2022, 6, 1),
        valid_until=date(2025, 5, 31),
        document_no="津人社评备〔2022〕18号",
    )


def in_person(expert_ref: str) -> Actor:
    """The expert, as the door of the meeting room knows one."""
    return Actor(id=expert_ref, role=Role.EXPERT)


@dataclass
class MeetingCast:
    """The office, its witness and the chair of one meeting, and the commands they send.

    `chair` is the reference of the duty, known once the meeting is open.
    """

    meeting_ref: str
    meeting_on: date = date(2023, 12, 8)
    plan_id: str = "tianjin-quality-2023"
    committee_ref: str = COMMITTEE
    numbers: tuple[tuple[str, int], ...] = NUMBERS
    drawer_nonce: str = "drawer-0123456789abcdef"
    witness_nonce: str = "witness-fedcba9876543210"
    chair: str | None = None
    _ids: Any = field(default_factory=lambda: itertools.count(1), repr=False)

    def start(self, **change: Any) -> Json:
        """The `MeetingInput`."""
        body: Json = {
            "plan_id": self.plan_id,
            "meeting_ref": self.meeting_ref,
            "committee_ref": self.committee_ref,
            "meeting_on": self.meeting_on.isoformat(),
        }
        return body | change

    def actor(self, role: str, person: str | None = None) -> Json:
        """The usual person of a role."""
        holders = {"office": OFFICE, "convening_unit": CONVENING_UNIT, "city_office": CITY_OFFICE}
        if role == "chair":
            return {"id": person or self.chair, "role": role, "organisation": self.committee_ref}
        return {"id": person or f"{role}-clerk", "role": role, "organisation": holders[role]}

    def commit(self, side: str, nonce: str | None = None, **change: Any) -> Json:
        """One side binds itself to its secret number."""
        default = self.drawer_nonce if side == "drawer" else self.witness_nonce
        numbers = [{"specialty": name, "number": number} for name, number in self.numbers]
        role = "office" if side == "drawer" else "convening_unit"
        return self._command(
            "commit_draw",
            role,
            change,
            side=side,
            commitment=commitment(nonce or default),
            numbers=numbers,
        )

    def draw(self, **change: Any) -> Json:
        """Both numbers are shown."""
        return self._command(
            "draw",
            "office",
            change,
            witness=self.actor("convening_unit"),
            drawer_nonce=self.drawer_nonce,
            witness_nonce=self.witness_nonce,
        )

    def replace(self, seat: int, **change: Any) -> Json:
        """The expert on a seat cannot come."""
        return self._command("replace", "office", change, seat=seat, reason="unavailable")

    def agenda(self, *refs: str, **change: Any) -> Json:
        """The office puts applications on the agenda."""
        return self._command("set_agenda", "office", change, application_refs=list(refs))

    def open_meeting(self, chair_seat: int, *deputies: int, **change: Any) -> Json:
        """The meeting begins."""
        return self._command(
            "open_meeting", "office", change, chair_seat=chair_seat, deputy_seats=list(deputies)
        )

    def open_ballot(self, ref: str, **change: Any) -> Json:
        """The chair opens the ballot on an application."""
        return self._command("open_ballot", "chair", change, application_ref=ref)

    def close_ballot(self, ref: str, **change: Any) -> Json:
        """The chair closes it and counts."""
        return self._command("close_ballot", "chair", change, application_ref=ref)

    def void_ballot(self, ref: str, **change: Any) -> Json:
        """A slip was lost."""
        return self._command("void_ballot", "chair", change, application_ref=ref, reason="slip_lost")

    def break_off(self, *refs: str, **change: Any) -> Json:
        """The quorum is lost."""
        return self._command("break_off", "chair", change, application_refs=list(refs))

    def sign(self, *refs: str, **change: Any) -> Json:
        """The chair announces and signs."""
        return self._command("sign", "chair", change, application_refs=list(refs))

    def close_meeting(self, **change: Any) -> Json:
        """The meeting ends."""
        return self._command("close_meeting", "office", change)

    def call_off(self, **change: Any) -> Json:
        """The meeting is not held."""
        return self._command("call_off", "office", change, reason="no_quorum")

    def _command(self, kind: str, role: str, change: Json, **fields: Any) -> Json:
        body: Json = {
            "kind": kind,
            "actor": self.actor(role, change.pop("person", None)),
            "command_id": f"{self.meeting_ref}-{next(self._ids):03d}-{kind}",
        }
        return body | fields | change
