"""What can be wrong with a running service (`zhicheng doctor`): what it is, and where the remedy stands.

Pure words. The checks are in `activities.doctor` (the database by itself) and `workers.doctor` (against the
workflows). A trouble names an application, a pool, a notice by its opaque reference, never a person.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from models.wire import Label, Wire

RUNBOOK = "docs/runbooks/doctor.md"


class Symptom(StrEnum):
    """What is wrong. Each has its section in the runbook, under this name."""

    CHAIN_BROKEN = "chain_broken"
    RECORD_DIFFERS = "record_differs"
    INVARIANT_BROKEN = "invariant_broken"
    POSTS_DIFFER = "posts_differ"
    PUBLICITY_UNPROVED = "publicity_unproved"
    INBOX_ORPHANED = "inbox_orphaned"
    RESERVATION_DIFFERS = "reservation_differs"
    OUTBOX_STUCK = "outbox_stuck"
    CALENDAR_MISSING = "calendar_missing"
    DEADLINE_PASSED = "deadline_passed"
    PAPER_DAMAGED = "paper_damaged"
    CERTIFICATE_UNFOUNDED = "certificate_unfounded"
    IDENTITY_DOUBLED = "identity_doubled"
    RETENTION_OVERDUE = "retention_overdue"
    WORKFLOW_MISSING = "workflow_missing"
    WORKFLOW_DIFFERS = "workflow_differs"
    ATTRIBUTES_DRIFT = "attributes_drift"


Severity = Literal["error", "warning"]
"""`error`: what the service promised is not so. `warning`: somebody should act before it becomes one."""


class Trouble(Wire):
    """One thing that is wrong. `subject`: an application as plan/reference, or what else is meant."""

    symptom: Symptom
    severity: Severity
    subject: str
    what: Label
    runbook: str


LABELS: dict[Symptom, Label] = {
    Symptom.CHAIN_BROKEN: Label(zh="审计链断裂", en="an audit chain is broken"),
    Symptom.RECORD_DIFFERS: Label(zh="读模型与审计链不一致", en="the read model is not what its chain says"),
    Symptom.INVARIANT_BROKEN: Label(zh="违反不变量", en="an invariant is broken"),
    Symptom.POSTS_DIFFER: Label(zh="岗位台账不平", en="the register of posts does not add up"),
    Symptom.PUBLICITY_UNPROVED: Label(zh="公示缺少证明", en="a publicity lacks its proof"),
    Symptom.INBOX_ORPHANED: Label(zh="待办与所处环节不符", en="the inbox disagrees with the stage"),
    Symptom.RESERVATION_DIFFERS: Label(zh="一人一件占用记录不符", en="a person's reservation is not right"),
    Symptom.OUTBOX_STUCK: Label(zh="通知积压", en="notices or deliveries are stuck"),
    Symptom.CALENDAR_MISSING: Label(zh="缺少年度工作日安排", en="the working days of a year are missing"),
    Symptom.DEADLINE_PASSED: Label(zh="期限已过而未处理", en="a deadline is over and nothing happened"),
    Symptom.PAPER_DAMAGED: Label(zh="证书文件缺失或被改动", en="a paper is missing or was altered"),
    Symptom.CERTIFICATE_UNFOUNDED: Label(zh="证书与审计链不符", en="a certificate has no decision behind it"),
    Symptom.IDENTITY_DOUBLED: Label(
        zh="一人以两个编号同时在办", en="one person has two live applications, under two references"
    ),
    Symptom.RETENTION_OVERDUE: Label(zh="保存期满而未删除", en="what was kept long enough is still there"),
    Symptom.WORKFLOW_MISSING: Label(zh="工作流缺失或异常结束", en="a workflow is missing or ended badly"),
    Symptom.WORKFLOW_DIFFERS: Label(zh="工作流与数据库不一致", en="workflow and database disagree"),
    Symptom.ATTRIBUTES_DRIFT: Label(zh="检索属性不符", en="search attributes are not what they should be"),
}


def trouble(symptom: Symptom, subject: str, zh: str, en: str, severity: Severity = "error") -> Trouble:
    """One trouble, with the section of the runbook that says what to do."""
    return Trouble(
        symptom=symptom,
        severity=severity,
        subject=subject,
        what=Label(zh=zh, en=en),
        runbook=f"{RUNBOOK}#{symptom.value}",
    )


class Examination(Wire):
    """A whole examination: what was looked at, and what is wrong. `looked_at`: how many of each kind."""

    looked_at: dict[str, int]
    troubles: tuple[Trouble, ...]

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return not self.troubles
