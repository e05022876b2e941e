"""Rows of applications as no life has made them: for what is looked for, shown or written beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models.tables import Application


def a_draft(plan_id: str, ref: str, at: datetime, **change: Any) -> Application:
    """The row of an application that was just begun."""
    given: dict[str, Any] = {
        "plan_version": 1,
        "workflow_id": ref,
        "run_id": ref,
        "applicant": f"p-{ref}",
        "employer": "unit",
        "department": "department",
        "specialty": "s",
        "level": "l",
        "archive_keeper": None,
        "stage": "draft",
        "status": "open",
        "revision": 0,
        "seq": 0,
        "chain": "0" * 64,
        "returns": 0,
        "entered_at": at,
        "at": at,
    }
    return Application(plan_id=plan_id, application_ref=ref, **(given | change))
