"""The search attributes of the contract, typed: what an operator may list and count by.

No personal data: employers, departments and specialties are codes, a plan is its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from temporalio.common import SearchAttributeKey

TITLE_PLAN: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("TitlePlan")
TITLE_STAGE: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("TitleStage")
TITLE_STATUS: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("TitleStatus")
TITLE_ACTION_BY: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("TitleActionBy")
"""Whose court it is in: a role."""
TITLE_EMPLOYER: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("TitleEmployer")
TITLE_DEPARTMENT: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("TitleDepartment")
TITLE_SPECIALTY: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("TitleSpecialty")
TITLE_LEVEL: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("TitleLevel")
TITLE_DUE_AT: SearchAttributeKey[datetime] = SearchAttributeKey.for_datetime("TitleDueAt")
TITLE_RETURNS: SearchAttributeKey[int] = SearchAttributeKey.for_int("TitleReturns")

SEARCH_ATTRIBUTES: Mapping[str, SearchAttributeKey[Any]] = MappingProxyType(
    {
        key.name: key
        for key in (
            TITLE_PLAN,
            TITLE_STAGE,
            TITLE_STATUS,
            TITLE_ACTION_BY,
            TITLE_EMPLOYER,
            TITLE_DEPARTMENT,
            TITLE_SPECIALTY,
            TITLE_LEVEL,
            TITLE_DUE_AT,
            TITLE_RETURNS,
        )
    }
)
"""By name, in the order of the contract."""
