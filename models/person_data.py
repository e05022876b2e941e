"""What a person may have of the data on them (PIPL Art. 45), and what not: pure choices, no database.

Not theirs to see: experts, their opinions, the ballot, who objected or complained and in which words, and the
accounts of the officers who decided (their office is named).
"""

from __future__ import annotations

from typing import Any

from models.audit import ABRIDGED, Fact, digest
from models.lifecycle import BY_EVENT
from models.roles import ROLE_LABELS, Actor, Role
from models.stages import STAGES, Stage
from models.wire import SHANGHAI, Label

_OF_OTHERS = frozenset({Role.PUBLIC, Role.EXPERT, Role.CHAIR})
"""Roles in which somebody else speaks: that it happened is told, not who and not what was said."""

_SECRET_COMMANDS = frozenset({"record_vote", "object", "schedule"})
_NEVER = frozenset(
    {
        *("grounds", "evidence_sha256", "yes", "no", "abstain", "attending", "recused", "opinions"),
        *("committee_ref", "committee_size", "committee_valid_until", "minutes_sha256", "real_name", "by"),
        *("drawn_on", "conflicts_cleared", "signed", "sealed"),
    }
)
"""Details of the meeting and of objectors."""

_OWN_WORDS = frozenset({"grounds", "evidence_sha256", "real_name"})
"""What somebody wrote who objects on the own case is theirs."""

_WORDS = {
    "opened": Label(zh="建立申报", en="opened"),
    "refused": Label(zh="指令被拒绝", en="a command was refused"),
    "reminded": Label(zh="期限提醒", en="reminded of a deadline"),
    "escalated": Label(zh="逾期督办", en="an office was reminded of its duty"),
    "deadline_moved": Label(zh="期限变更", en="a deadline was moved"),
    "calendar_missing": Label(zh="缺少工作日安排", en="the working days of a year were missing"),
    "complaint": Label(zh="收到举报", en="a complaint came"),
    "attest_post": Label(zh="岗位核定", en="posts were attested"),
    "post_regained": Label(zh="重新占用岗位", en="a post was regained"),
    "post_lacking": Label(zh="岗位不足", en="a post was lacking"),
}


def event_label(event: str) -> Label:
    """What an entry of the chain is called."""
    known = BY_EVENT.get(event)
    return known.label if known is not None else _WORDS.get(event, Label(zh=event, en=event))


def told(fact: Fact, person: str) -> dict[str, Any]:
    """One step of an application as its applicant may have it."""
    role = fact.actor.role
    own = fact.actor.id == person and role is Role.APPLICANT
    hidden = _NEVER - _OWN_WORDS if own else _NEVER
    details = {} if _in_confidence(fact) and not own else _details(fact.details, hidden)
    by = "本人 / you" if own else str(ROLE_LABELS[role])
    step = {
        "at": fact.at.astimezone(SHANGHAI).isoformat(),
        "what": event_label(fact.event).model_dump(),
        "stage": STAGES[Stage(fact.to_stage)].label.model_dump(),
        "by": by,
        "organisation": None if role in _OF_OTHERS else fact.actor.organisation,
        "rule": fact.rule,
        "plan": fact.plan,
    }
    return {**step, "details": details} if details else step


def without_others(fact: Fact) -> Fact:
    """The entry as an applicant reads it over HTTP: of what others said in confidence only that it happened.

    The details are replaced by their digest and the actor by the role; the hash is that of the whole entry,
    so the chain's links still hold (`models.audit.verify` with `kept`).
    """
    if not _in_confidence(fact):
        return fact
    actor = Actor(id=fact.actor.role.value, role=fact.actor.role)
    return fact.model_copy(update={"actor": actor, "details": {ABRIDGED: digest(fact.details)}})


def _in_confidence(fact: Fact) -> bool:
    known = BY_EVENT.get(fact.event)
    if fact.actor.role in _OF_OTHERS or fact.event == "complaint":
        return True
    return known is not None and known.command in _SECRET_COMMANDS


def _details(details: dict[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    if set(details) == {ABRIDGED}:
        return {}
    return {name: value for name, value in details.items() if name not in hidden}


def case_told(kind: str, question: str, words: str | None) -> dict[str, Any]:
    """A case beside an application: of a complaint neither what was written nor the finding in words."""
    if kind == "complaint":
        return {"kind": kind}
    return {"kind": kind, "question": question, "words": words}


README_ZH = """# 您的个人信息副本

对象编号：{person}
制作时间：{at}

依据《中华人民共和国个人信息保护法》第四十五条，本压缩包包含职称评审系统中有关您的个人信息：

- person.json：登记的姓名（各版本）、证件号码（{number}）、联系方式、
  与您证件号码相同的其他编号；
- applications/：每项申报的状态、经过、您提交的内容、退回与答复、决定、发给您的通知、
  诚信记录和核查，以及您的材料与证书文件（files/）；
- looks.json：谁（何种身份）在何时查阅过您的信息。

不包含：评审专家及其评议意见、投票情况、异议人和举报人的身份与陈述、经办人账户：
依法保密，或属他人的个人信息。保存期限已满的内容已按规定删除，仅保留事项、时间和校验值。

**更正**（第四十六条）：信息有误的，请向评委会办事机构提出，并附依据文件。
姓名和证件号码的每次更正均记录其依据文件
（zhicheng people record / identify --document-no，或网关的更正接口），证书将重新制作。

**删除**（第四十七条）：保存期限届满自动删除；归档材料依档案法规保存（第七十二条）。

各文件的校验值见 manifest.json。
"""
README_EN = """# A copy of the data on you

Reference: {person}
Made at: {at}

By Art. 45 of the Personal Information Protection Law this archive holds what the review system has on
you:

- person.json: your names as recorded (every version), identity number ({number}), contact, and other
  references with the same identity number;
- applications/: for each application where it stands, what happened, what you handed in, returns and
  answers, decisions, notices to you, credit entries and checks, and the files of your papers and
  certificates (files/);
- looks.json: who (in which role) looked at your data, and when.

Not in it: experts and their opinions, ballots, who objected or complained and what they said, the accounts
of officers. They are secret by law or other people's data. What was kept long enough has been removed: what
remains is what happened, when, and the hashes.

**Correction** (Art. 46): tell the committee office, with a document. Each correction of a name or an
identity number names its document (`zhicheng people record` / `identify --document-no`, or the gateway's
routes), and certificates are made anew.

**Deletion** (Art. 47): by itself when the time of keeping is over; archived files follow the archives law
(Art. 72).

The hashes of all files are in manifest.json.
"""
