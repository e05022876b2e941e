"""What anyone may ask of an application: one model a command, a union discriminated on `kind`.

Each command names its `actor` and a `command_id` (sending the same one twice gives the same answer).
`expected_revision` makes a decision on materials that have changed since a stale one;
`expires_at` bounds how long an early message is kept. Instants carry an offset; dates are days in
Asia/Shanghai; hashes are sha-256 in lower-case hex.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from models.deadlines import DeadlineName
from models.dossier import Dossier
from models.reading import read_command
from models.roles import Actor, Reference
from models.terms import PlanDates
from models.wire import Instant, LongText, ShortText, Wire

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
COMMAND_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")
CommandId = Annotated[str, StringConstraints(pattern=COMMAND_ID.pattern)]
DocumentNumber = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=120)]

Share = Annotated[int, Field(ge=1, le=10_000)]

MAX_COMMAND_BYTES = 256 * 1024
"""A larger command is refused: documents travel as references, never inside a command."""


class Hop(StrEnum):
    """The three review hops."""

    EMPLOYER = "employer"
    DEPARTMENT = "department"
    OFFICE = "office"


class ChangeClass(StrEnum):
    """FORMAL repairs keep the publicity valid; SUBSTANTIVE ones need a new one (invariant 8)."""

    FORMAL = "formal"
    SUBSTANTIVE = "substantive"


class Reason(Wire):
    """A coded reason with its words."""

    code: Reference
    text: ShortText


class Item(Wire):
    """One point of a return list: what is wrong, where, and what would repair it.

    A second list may hold only items not repaired (`unrepaired=<id>`) or newly arisen ones (一次性告知).
    """

    id: Reference
    text: ShortText
    part: ShortText | None = None
    unrepaired: Reference | None = None
    newly_arisen: bool = False


class Answer(Wire):
    """The applicant's answer to one item of a return list."""

    item: Reference
    text: ShortText


class Command(Wire):
    """What every command carries."""

    actor: Actor
    command_id: CommandId
    expected_revision: int | None = Field(default=None, ge=0)
    expires_at: Instant | None = None


class Submit(Command):
    """The applicant hands the dossier to the employer."""

    kind: Literal["submit"] = "submit"
    dossier: Dossier


class PostAttestation(Wire):
    """What a unit under full post management attests: its posts at this level.

    `available` is the number of posts for this cycle, those already held by its other applications included;
    a later attestation with another number changes it for all. Under a structural ratio the figures behind
    it may be given: `total` posts, the level's `share` as two integers (3, 10), and how many are `occupied`.
    `reranked` is the record of the decision that puts this application first in the unit's order.
    """

    basis: Literal["free_posts", "ratio"]
    available: int = Field(ge=0, le=10_000)
    record: ShortText
    total: int | None = Field(default=None, ge=0, le=100_000)
    share: tuple[Share, Share] | None = None
    occupied: int | None = Field(default=None, ge=0, le=100_000)
    reranked: ShortText | None = None


class Review(Command):
    """The decision of a hop.

    `attested` names the checks the reviewer carried out; an approval needs the hop's whole list.
    `reopen` takes an application that the employer declined back into review.
    """

    kind: Literal["review"] = "review"
    hop: Hop
    outcome: Literal["approve", "return", "reject", "reopen"]
    reasons: tuple[Reason, ...] = Field(default=(), max_length=20)
    items: tuple[Item, ...] = Field(default=(), max_length=60)
    change_class: ChangeClass | None = None
    attested: tuple[Reference, ...] = Field(default=(), max_length=30)
    post: PostAttestation | None = None
    correction_due: date | None = None


class Resubmit(Command):
    """A repaired dossier, or the employer's / department's short confirmation of one.

    The applicant answers every item and may send a new dossier; employer and department confirm.
    """

    kind: Literal["resubmit"] = "resubmit"
    answers: tuple[Answer, ...] = Field(default=(), max_length=60)
    dossier: Dossier | None = None
    change_class: ChangeClass | None = None


class Withdraw(Command):
    """The applicant withdraws, or the employer / convening unit withdraws the recommendation."""

    kind: Literal["withdraw"] = "withdraw"
    reason: ShortText


class StartPublicity(Command):
    """The employer posts the recommendation (单位公示); the day of posting is not counted."""

    kind: Literal["start_publicity"] = "start_publicity"
    notice_sha256: Sha256
    list_sha256: Sha256
    places: tuple[ShortText, ...] = Field(min_length=1, max_length=10)
    working_days: int | None = Field(default=None, ge=1, le=60)


class FilePublicityEvidence(Command):
    """The employer files the image of the notice in place and hands the case to the department."""

    kind: Literal["file_publicity_evidence"] = "file_publicity_evidence"
    image_sha256: Sha256
    statement: ShortText
    hidden_days: tuple[date, ...] = Field(default=(), max_length=60)


class Object(Command):
    """An objection to a running publicity; outside one it is recorded as a complaint."""

    kind: Literal["object"] = "object"
    grounds: LongText
    real_name: bool = True
    evidence_sha256: tuple[Sha256, ...] = Field(default=(), max_length=20)


class RuleOnObjection(Command):
    """The written finding on one objection."""

    kind: Literal["rule_on_objection"] = "rule_on_objection"
    objection_id: Reference
    finding: Literal["unfounded", "curable", "founded", "fraud", "procedure_broken", "ineligible"]
    text: LongText
    items: tuple[Item, ...] = Field(default=(), max_length=60)
    hearing_held: bool = False


class RecordExam(Command):
    """The result of the professional examination, or of the defence where a plan has one."""

    kind: Literal["record_exam"] = "record_exam"
    subject: Literal["professional_exam", "defence"] = "professional_exam"
    result: Literal["passed", "failed", "absent", "excused", "cheated"]
    held_on: date
    seat: Reference | None = None
    score: int | None = Field(default=None, ge=0, le=1000)
    pass_line: int | None = Field(default=None, ge=0, le=1000)
    record: ShortText


class Schedule(Command):
    """Puts the application on the agenda of a meeting of a committee on file.

    `replaces` names the meeting it was on before: without it a second schedule is refused, so that of two
    racing ones only one counts.
    """

    kind: Literal["schedule"] = "schedule"
    meeting_ref: Reference
    committee_ref: Reference
    committee_size: int = Field(ge=1, le=500)
    committee_valid_until: date
    drawn_on: date
    meeting_on: date
    conflicts_cleared: bool
    replaces: Reference | None = None


class RecordVote(Command):
    """Counts only: no command, row or history links an expert and a ballot.

    `opened` opens the ballot; `counted` announces it (and opens it, if that was not done before);
    `quorum_lost` sends the application back to wait for another meeting. `meeting_ref`: the meeting that says
    so; one that the application was moved from is refused.
    """

    kind: Literal["record_vote"] = "record_vote"
    meeting_ref: Reference | None = None
    step: Literal["opened", "counted", "quorum_lost"] = "counted"
    committee_size: int = Field(ge=1, le=500)
    attending: int = Field(ge=0, le=500)
    recused: int = Field(default=0, ge=0, le=500)
    opinions: int = Field(default=0, ge=0, le=500)
    yes: int = Field(default=0, ge=0, le=500)
    no: int = Field(default=0, ge=0, le=500)
    abstain: int = Field(default=0, ge=0, le=500)
    signed: bool = False
    sealed: bool = False
    minutes_sha256: Sha256 | None = None


class Posting(Wire):
    """Where and when a list became visible."""

    place: ShortText
    posted_at: Instant


class PublishResult(Command):
    """The list of the passed is visible in every place the plan names; the later posting counts.

    `corrects` is the hash of the list that this one replaces: a corrected list restarts the period.
    """

    kind: Literal["publish_result"] = "publish_result"
    list_sha256: Sha256
    postings: tuple[Posting, ...] = Field(min_length=1, max_length=10)
    corrects: Sha256 | None = None


class Confirm(Command):
    """The confirming authority acknowledges the filed result, or questions it."""

    kind: Literal["confirm"] = "confirm"
    outcome: Literal["confirm", "question"] = "confirm"
    report_ref: DocumentNumber
    text: ShortText | None = None


class RequestRecheck(Command):
    """The applicant asks for a re-check of the own result (Order 40 Art. 27)."""

    kind: Literal["request_recheck"] = "request_recheck"
    ground: Literal["procedural", "material"]
    text: LongText


class RuleOnRecheck(Command):
    """The finding on a re-check."""

    kind: Literal["rule_on_recheck"] = "rule_on_recheck"
    finding: Literal["upheld", "founded"]
    text: LongText


class Archive(Command):
    """The archive keeper has the electronic review form."""

    kind: Literal["archive"] = "archive"
    receipt_ref: DocumentNumber
    form_sha256: Sha256


class Cancel(Command):
    """`publicity`: the employer takes an erroneous notice down; `eligibility`: the city title office
    cancels this year's eligibility, or the result once the vote has passed."""

    kind: Literal["cancel"] = "cancel"
    what: Literal["publicity", "eligibility"]
    ground: Literal["error", "ce_commitment_false", "exam_cheating", "fraud", "other"]
    text: LongText
    document_no: DocumentNumber | None = None


class Revoke(Command):
    """Takes a title back after confirmation: grounds, notice and hearing, decision document."""

    kind: Literal["revoke"] = "revoke"
    ground: Literal["fraud", "improper_influence", "ce_commitment_false"]
    text: LongText
    document_no: DocumentNumber
    notice_given: bool
    hearing_offered: bool


class Hold(Command):
    """Stops the application while something is looked into; an employer reports a change of status."""

    kind: Literal["hold"] = "hold"
    ground: Literal[
        "investigation", "status_retired", "status_civil_servant", "status_left_employer", "status_discipline"
    ]
    text: ShortText


class Release(Command):
    """Ends a hold: the application goes on, or the office refuses it because the status bars it."""

    kind: Literal["release"] = "release"
    outcome: Literal["resume", "reject"]
    text: ShortText


class DeadlineChange(Wire):
    """One deadline and its new end: a date, more working days, or days that do not count."""

    name: DeadlineName
    last_day: date | None = None
    add_working_days: int | None = Field(default=None, ge=1, le=60)
    skip_days: tuple[date, ...] = Field(default=(), max_length=60)

    @model_validator(mode="after")
    def _one_way(self) -> DeadlineChange:
        given = [self.last_day is not None, self.add_working_days is not None, bool(self.skip_days)]
        if sum(given) > 1:
            raise ValueError("give one of last_day, add_working_days or skip_days, not several")
        return self


class ReviseDeadlines(Command):
    """Moves running deadlines, with the document that allows it; old and new are logged.

    `changes` empty with ground `calendar_notice` recomputes every running deadline. `plan_version` with
    `plan_dates`, ground `plan_amendment` and no `changes`: the application follows that version of the plan
    from now on; what is counted in working days and runs is not touched.
    """

    kind: Literal["revise_deadlines"] = "revise_deadlines"
    ground: Literal["calendar_notice", "plan_amendment", "extension", "late_admission", "interruption"]
    document_no: DocumentNumber
    text: ShortText
    changes: tuple[DeadlineChange, ...] = Field(default=(), max_length=20)
    plan_version: int | None = Field(default=None, ge=2, le=1_000)
    plan_dates: PlanDates | None = None

    @model_validator(mode="after")
    def _whole_version(self) -> ReviseDeadlines:
        if (self.plan_version is None) != (self.plan_dates is None):
            raise ValueError("give plan_version and plan_dates together")
        return self


class Correct(Command):
    """Corrects a decision that was recorded on the wrong application: the fact stays, a new one names it.

    `fact` is its number in `history`. One person proposes, with the document that orders it; another one
    approves with the same number of the document, or dismisses. Only the latest decision can be corrected.
    """

    kind: Literal["correct"] = "correct"
    step: Literal["propose", "approve", "dismiss"] = "propose"
    fact: int = Field(ge=1)
    document_no: DocumentNumber
    reason: ShortText


COMMANDS: dict[str, type[Command]] = {
    model.model_fields["kind"].default: model
    for model in (
        Submit,
        Review,
        Resubmit,
        Withdraw,
        StartPublicity,
        FilePublicityEvidence,
        Object,
        RuleOnObjection,
        RecordExam,
        Schedule,
        RecordVote,
        PublishResult,
        Confirm,
        RequestRecheck,
        RuleOnRecheck,
        Archive,
        Cancel,
        Revoke,
        Hold,
        Release,
        ReviseDeadlines,
        Correct,
    )
}


def parse(kind: str, body: object) -> Command:
    """Reads a command of an application from its JSON object. Raises `Refused` (`models.reading`)."""
    return read_command(COMMANDS, kind, body)
