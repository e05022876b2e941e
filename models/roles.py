"""Who acts: the roles of the review and the actor that every command names.

An actor's id is an opaque reference, never a name or an identity number.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from models.wire import Label, Wire

_NUMBER_OF_A_PERSON = re.compile(r"\d{17}[\dXx]|1[3-9]\d{9}")


def _opaque(reference: str) -> str:
    if _NUMBER_OF_A_PERSON.fullmatch(reference):
        raise ValueError("looks like an identity or mobile number: give an opaque reference")
    return reference


Reference = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,79}$"), AfterValidator(_opaque)
]
"""An opaque identifier: letters, digits and . _ : @ - only, at most 80 characters.

It stands in workflow ids, search attributes and logs: an identity number or a mobile number is refused.
"""


class Role(StrEnum):
    """The roles of the review (ROLES in docs/process.md)."""

    APPLICANT = "applicant"
    EMPLOYER = "employer"
    DEPARTMENT = "department"
    OFFICE = "office"
    CONVENING_UNIT = "convening_unit"
    EXPERT = "expert"
    CHAIR = "chair"
    CITY_OFFICE = "city_office"
    ARCHIVE = "archive"
    PUBLIC = "public"
    SYSTEM = "system"


ROLE_LABELS: dict[Role, Label] = {
    Role.APPLICANT: Label(zh="申报人", en="applicant"),
    Role.EMPLOYER: Label(zh="用人单位", en="employer"),
    Role.DEPARTMENT: Label(zh="业务主管部门", en="department in charge"),
    Role.OFFICE: Label(zh="评委会办事机构", en="committee office"),
    Role.CONVENING_UNIT: Label(zh="评委会组建单位", en="convening unit"),
    Role.EXPERT: Label(zh="评审专家", en="expert"),
    Role.CHAIR: Label(zh="主任委员", en="chair"),
    Role.CITY_OFFICE: Label(zh="市职称办", en="city title office"),
    Role.ARCHIVE: Label(zh="存档部门", en="archive keeper"),
    Role.PUBLIC: Label(zh="公众", en="public"),
    Role.SYSTEM: Label(zh="系统", en="system"),
}


class Actor(Wire):
    """Who sends a command: an opaque person, in a role, for an organisation."""

    id: Reference
    role: Role
    organisation: Reference | None = None


SYSTEM = Actor(id="system", role=Role.SYSTEM)
"""The service itself: timers and computed steps. Never accepted from outside."""
