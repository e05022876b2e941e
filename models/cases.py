"""What may be done in a side case, and what its finding sends: the rules, without a database.

A spot check or a complaint moves nothing by itself; only the finding of the city title office does, and a
person writes it (process (b), global events). Nobody rules on the own complaint.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from pydantic import Field, model_validator

from models.commands import DocumentNumber, Sha256
from models.integrity import FINDINGS, BreachGround, CaseFinding, CaseKind, Effect
from models.refusal import RefusalCode, Refused, refuse
from models.roles import ROLE_LABELS, Actor, Role
from models.wire import LongText, Wire

_RULE = "process (b), global events: CE spot check, complaint"
_SEPARATION = "separation of duties, by design"


class CaseAnswer(Wire):
    """What somebody says in a case; the same `key` counts once."""

    actor: Actor
    key: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")
    text: LongText
    evidence_sha256: tuple[Sha256, ...] = Field(default=(), max_length=20)


class CaseRuling(Wire):
    """The finding of the city title office, its words, and the document.

    `ground` belongs to a complaint that is founded: without one it moves nothing on this application (it was
    about somebody else). `notice_given` and `hearing_offered` are needed where a title is to be revoked.
    `ban_until` belongs to the finding `ban`.
    """

    actor: Actor
    finding: CaseFinding
    words: LongText
    ground: BreachGround | None = None
    document_no: DocumentNumber | None = None
    notice_given: bool = False
    hearing_offered: bool = False
    ban_until: date | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.ground is not None and self.finding != "founded":
            raise ValueError("`ground` belongs to the finding 'founded'")
        if (self.ban_until is not None) != (self.finding == "ban"):
            raise ValueError("`ban_until` belongs to the finding 'ban', and is needed there")
        return self

    @property
    def breach(self) -> BreachGround | None:
        """The breach that the finding states; None when it moves nothing."""
        return "ce_commitment_false" if self.finding == "false" else self.ground


class CaseFile(Wire):
    """What the rules must know of a case."""

    id: str
    kind: CaseKind
    opened_by: str
    applicant: str
    employer: str
    organisations: dict[str, str]
    status: str
    answer_by: date | None = None
    answered_by: tuple[str, ...] = ()
    ruled: CaseRuling | None = None
    effect_outcome: str | None = None
    ruled_as_objection: bool = False
    record_until: date | None = None


def check_answer(case: CaseFile, answer: CaseAnswer) -> None:
    """The applicant, the employer and the offices answer, until there is a finding. Raises `Refused`."""
    actor = answer.actor
    holders = {**case.organisations, Role.EMPLOYER.value: case.employer}
    mine = (
        actor.id == case.applicant
        if actor.role is Role.APPLICANT
        else actor.organisation is not None and holders.get(actor.role.value) == actor.organisation
    )
    if not mine:
        raise refuse(
            RefusalCode.WRONG_ORGANISATION,
            zh="答复须来自申报人本人、其用人单位或本次评审的机构。",
            en="An answer comes from the applicant, the employer, or an office of this review.",
            fix_zh="请由其答复。",
            fix_en="Let one of them answer.",
            field="actor",
            citation=_RULE,
        )
    if case.status == "ruled":
        raise refuse(
            RefusalCode.CLOSED,
            zh="该个案已有结论，不再接受答复。",
            en="There is a finding in this case: it takes no more answers.",
            fix_zh="如有异议，请另行投诉。",
            fix_en="Complain, if the finding is wrong.",
            field="case",
            citation=_RULE,
        )


def check_ruling(case: CaseFile, ruling: CaseRuling, effect: Effect, on: date) -> None:
    """Who may find what, and what a finding needs; `effect` is what a breach would do now.

    The same ruling again is allowed (it is carried out to its end); another one only where the workflow has
    refused what the first one sent. Raises `Refused`.
    """
    _check_person(case, ruling)
    if case.ruled is not None and case.ruled != ruling and case.effect_outcome != "refused":
        raise refuse(
            RefusalCode.CLOSED,
            zh=f"该个案已作出结论（{case.ruled.finding}）。",
            en=f"This case has a finding already ({case.ruled.finding}).",
            fix_zh="结论不得更改；如需续办，请原样重发。",
            fix_en="A finding stays; to carry it out to its end, send the same one again.",
            field="finding",
            citation=_RULE,
        )
    if ruling.finding not in FINDINGS[case.kind]:
        allowed = FINDINGS[case.kind]
        raise _unmet(
            "finding",
            f"此类个案的结论须为：{'、'.join(allowed)}。",
            f"The finding of this kind of case is one of: {', '.join(allowed)}.",
            "请更正 finding。",
            "Correct `finding`.",
        )
    if case.ruled_as_objection:
        raise _unmet(
            "case",
            "该举报已作为公示异议核查并作出结论。",
            "This complaint was taken up as an objection to the publicity and ruled on there.",
            "无需再作结论。",
            "Nothing is left to find.",
        )
    if ruling.finding == "no_answer" and (case.answered_by or not _over(case, on)):
        raise _unmet(
            "finding",
            f"已有答复或答复期限（{case.answer_by}）未过。",
            f"There is an answer, or the time for one (until {case.answer_by}) is not over.",
            "请在期满后再认定，或作出 ok / false 结论。",
            "Wait until it is over, or find 'ok' or 'false'.",
        )
    if ruling.finding == "ban":
        _check_ban(case, ruling, on)
    if ruling.document_no is None and (ruling.breach is not None or ruling.finding == "ban"):
        raise _unmet(
            "document_no",
            "该结论须有决定文号。",
            "This finding needs the number of its decision.",
            "请填写 document_no。",
            "Give `document_no`.",
        )
    if ruling.breach is not None and effect is Effect.REVOKE:
        missing = next((f for f in ("notice_given", "hearing_offered") if not getattr(ruling, f)), None)
        if missing is not None:
            raise _unmet(
                missing,
                "该申报已取得职称：撤销前须告知本人并听取陈述申辩。",
                "The title has been given: before a revocation the holder is told and may be heard.",
                f"请完成后设置 {missing}=true。",
                f"Do so, then set `{missing}`.",
                "Order 40 Art. 39; work plan 九(二)",
            )


def _check_person(case: CaseFile, ruling: CaseRuling) -> None:
    actor = ruling.actor
    if actor.role is not Role.CITY_OFFICE:
        raise refuse(
            RefusalCode.WRONG_ROLE,
            zh=f"{ROLE_LABELS[actor.role].zh}不能作出结论。",
            en=f"The role '{actor.role.value}' does not rule on a case.",
            fix_zh="由市职称办作出；其他机构可以答复。",
            fix_en="The city title office does; others may answer.",
            field="actor.role",
            citation="process (a) roles",
        )
    holder = case.organisations.get(Role.CITY_OFFICE.value)
    if holder is not None and actor.organisation != holder:
        raise refuse(
            RefusalCode.WRONG_ORGANISATION,
            zh="该机构不是本次评审的市职称办。",
            en="This organisation is not the city title office of this review.",
            fix_zh="请由其办理。",
            fix_en="Send it for that office.",
            field="actor.organisation",
            citation="process (a) roles",
        )
    own = case.kind == "complaint" and actor.id == case.opened_by
    if own or actor.id == case.applicant or actor.id in case.answered_by:
        raise refuse(
            RefusalCode.SEPARATION_OF_DUTIES,
            zh="举报人、答复人和申报人本人不得对该个案作出结论。",
            en="Whoever complained, answered or applied does not rule on the case.",
            fix_zh="请由其他人员办理。",
            fix_en="Let somebody else of the office rule.",
            field="actor.id",
            citation=_SEPARATION,
        )


def _check_ban(case: CaseFile, ruling: CaseRuling, on: date) -> None:
    until = ruling.ban_until
    last = case.record_until
    if until is None or until <= on or (last is not None and until > last):
        raise _unmet(
            "ban_until",
            f"限制申报须在{on}之后、记录期满（{last}）之前结束。",
            f"A ban ends after {on} and not after the record does ({last}).",
            "请更正 ban_until。",
            "Correct `ban_until`.",
            "process reading 29",
        )


def _over(case: CaseFile, on: date) -> bool:
    return case.answer_by is not None and on > case.answer_by


def _unmet(field: str, zh: str, en: str, fix_zh: str, fix_en: str, citation: str = _RULE) -> Refused:
    return refuse(
        RefusalCode.GUARD, zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en, field=field, citation=citation
    )


_CANCEL_GROUND: dict[BreachGround, str] = {
    "ce_commitment_false": "ce_commitment_false",
    "fraud": "fraud",
    "improper_influence": "other",
    "exam_cheating": "exam_cheating",
}
_REVOKE_GROUND: dict[BreachGround, str] = {
    "ce_commitment_false": "ce_commitment_false",
    "fraud": "fraud",
    "improper_influence": "improper_influence",
    "exam_cheating": "fraud",
}


def command_of(case_id: str, ruling: CaseRuling, effect: Effect, tries: int) -> dict[str, Any]:
    """The command that carries a finding out, `tries` refused ones after the first.

    Its id is derived from the case, so that sending it again changes nothing; a refused command gets a new
    one, since a server may remember the refusal.
    """
    breach, kind = ruling.breach, effect.command
    assert breach is not None
    assert kind is not None
    body: dict[str, Any] = {
        "kind": kind,
        "actor": ruling.actor.model_dump(mode="json"),
        "command_id": f"{case_id}:{kind}:{tries}",
        "text": ruling.words,
        "document_no": ruling.document_no,
    }
    if kind == "cancel":
        return {**body, "what": "eligibility", "ground": _CANCEL_GROUND[breach]}
    heard = {"notice_given": ruling.notice_given, "hearing_offered": ruling.hearing_offered}
    return {**body, "ground": _REVOKE_GROUND[breach], **heard}
