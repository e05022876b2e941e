"""A batch: one command for a frozen selection of applications, on behalf of one person.

What starts its workflow, the command that each application gets, and which commands cannot be taken back.
Pure. The template holds what is the same for all; the fields of an item are its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from models.clock import REAL_TIME, BusinessClock
from models.commands import COMMAND_ID, COMMANDS, Command, Sha256
from models.decide import ROLES_OF
from models.field_errors import first_field_error
from models.reading import read_command
from models.refusal import RefusalCode, refuse
from models.roles import ROLE_LABELS, Actor, Reference, Role
from models.selection import Selection
from models.wire import ShortText, Wire

BatchRef = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,39}$"),
]
"""Names a batch: 3 to 40 letters, digits and . _ - only; the command ids of its items begin with it."""

MOST_ITEMS = 20_000
"""A larger selection is refused: make several batches."""

FOUR_EYES_ABOVE = 50
"""Items up to which one person is enough, unless the operator says otherwise."""

REMIND = "remind"

TAKEN_FROM_ELSEWHERE = frozenset({"actor", "command_id", "expected_revision", "expires_at"})
"""Fields of a command that the batch gives itself."""

ONE_BY_ONE = frozenset({"correct"})
"""Commands that no batch sends: each is about one person, and is looked at by two."""

FOR_MANY = tuple(kind for kind in COMMANDS if kind not in ONE_BY_ONE)

REMINDERS = (Role.EMPLOYER, Role.DEPARTMENT, Role.OFFICE, Role.CONVENING_UNIT, Role.CITY_OFFICE)

NOT_FOR_MANY = frozenset({Role.APPLICANT, Role.PUBLIC, Role.SYSTEM, Role.EXPERT})
"""Who acts on single applications only."""

VERBS: dict[str, dict[str, Any]] = {
    "accept": {"kind": "review", "outcome": "approve"},
    "return": {"kind": "review", "outcome": "return"},
    "reject": {"kind": "review", "outcome": "reject"},
    "extend": {"kind": "revise_deadlines", "ground": "extension"},
    "admit_late": {"kind": "revise_deadlines", "ground": "late_admission"},
}
"""Words of the office for what a command does with these fields."""

IRREVERSIBLE: dict[str, tuple[str, tuple[str, ...]]] = {
    "revoke": ("kind", ("revoke",)),
    "cancel": ("kind", ("cancel",)),
    "withdraw": ("kind", ("withdraw",)),
    "publish_result": ("kind", ("publish_result",)),
    "review": ("outcome", ("reject",)),
    "release": ("outcome", ("reject",)),
    "rule_on_objection": ("finding", ("founded", "fraud", "ineligible")),
    "rule_on_recheck": ("finding", ("upheld",)),
    "record_exam": ("result", ("failed", "absent", "cheated")),
    "record_vote": ("step", ("counted",)),
    "confirm": ("outcome", ("confirm",)),
}
"""Kind -> the field and the values that end an application, or tell the public (process (b))."""


class Remind(Wire):
    """Not a command: a notice to whoever is to act, once an application, template and day."""

    kind: Literal["remind"] = "remind"
    template: Reference = "batch_reminder"
    text: ShortText


class BatchInput(Wire):
    """What starts a `BatchWorkflow`, id `batch/{batch_ref}`.

    `command` is the template: `kind` and what is the same for all. Either `selection`, or `items_sha256`: the
    digest of items that were written beside it before. `maker` acts on every item. `expect_revision`: an item
    that has moved on since it was frozen is refused. At most `per_second` commands a second.
    """

    batch_ref: BatchRef
    plan_id: Reference
    maker: Actor
    command: dict[str, Any]
    selection: Selection | None = None
    items_sha256: Sha256 | None = None
    expect_revision: bool = True
    per_second: int = Field(default=20, ge=1, le=200)
    clock: BusinessClock = Field(default=REAL_TIME)

    @model_validator(mode="after")
    def _one_source(self) -> BatchInput:
        if (self.selection is None) == (self.items_sha256 is None):
            raise ValueError("give selection or items, one of them")
        return self

    @property
    def workflow_id(self) -> str:
        """`batch/{batch_ref}`."""
        return batch_id(self.batch_ref)

    @property
    def kind(self) -> str:
        """What is sent: the kind of a command, or `remind`."""
        return str(self.command.get("kind"))


def batch_id(batch_ref: str) -> str:
    """The id of the workflow of a batch."""
    return f"batch/{batch_ref}"


def item_command_id(batch_ref: str, application_ref: str) -> str:
    """The command id of an item: `{batch_ref}:{ref}`; with a digest where that is no command id."""
    whole = f"{batch_ref}:{application_ref}"
    if COMMAND_ID.fullmatch(whole):
        return whole
    return f"{batch_ref}:{sha256(application_ref.encode()).hexdigest()[:40]}"


def template_of(words: Mapping[str, Any], maker: Actor) -> dict[str, Any]:
    """The template from words: an office's verb becomes its command; the hop of a review is the maker's."""
    given = dict(words)
    verb = str(given.get("kind", ""))
    if verb in VERBS:
        given = {**given, **VERBS[verb]}
    if given.get("kind") == "review" and "hop" not in given:
        given["hop"] = maker.role.value
    return given


def item_body(
    given: BatchInput, application_ref: str, fields: Mapping[str, Any] | None, revision: int | None
) -> dict[str, Any]:
    """The command for one application, as it is sent."""
    body = {
        **given.command,
        **(fields or {}),
        "kind": given.kind,
        "actor": given.maker.model_dump(mode="json"),
        "command_id": item_command_id(given.batch_ref, application_ref),
    }
    if given.expect_revision and revision is not None:
        body["expected_revision"] = revision
    return body


def irreversible(body: Mapping[str, Any]) -> bool:
    """Whether this cannot be taken back by the next decision: it ends applications, or tells the public."""
    rule = IRREVERSIBLE.get(str(body.get("kind")))
    if rule is None:
        return False
    field, values = rule
    default = COMMANDS[str(body["kind"])].model_fields[field].default
    return str(body.get(field, default)) in values


def check_start(given: BatchInput) -> None:
    """The batch may be made: such a command, by such a role, for such an organisation. Raises `Refused`."""
    kind, role = given.kind, given.maker.role
    if kind != REMIND and kind not in COMMANDS:
        raise refuse(
            RefusalCode.UNKNOWN_KIND,
            zh=f"没有名为“{kind[:60]}”的指令。",
            en=f"There is no command named '{kind[:60]}'.",
            fix_zh=f"可用：{'、'.join((REMIND, *FOR_MANY))}。",
            fix_en=f"Use one of: {', '.join((REMIND, *FOR_MANY))}.",
            field="command.kind",
        )
    if kind in ONE_BY_ONE:
        raise refuse(
            RefusalCode.UNKNOWN_KIND,
            zh="更正须逐件办理，不能成批。",
            en="A correction is made one by one, never in a batch.",
            fix_zh="请对每件申报单独发送 correct，由第二人批准。",
            fix_en="Send `correct` for each application by itself; a second person approves it.",
            field="command.kind",
            citation="correction of a record, by design; process (a) separation",
        )
    allowed = [r for r in (REMINDERS if kind == REMIND else ROLES_OF[kind]) if r not in NOT_FOR_MANY]
    if role not in allowed:
        raise refuse(
            RefusalCode.WRONG_ROLE,
            zh=f"{ROLE_LABELS[role].zh}不能成批发送此指令。",
            en=f"The role '{role.value}' may not send this to many.",
            fix_zh=f"应由{'、'.join(ROLE_LABELS[r].zh for r in allowed) or '申报人本人逐件'}办理。",
            fix_en=f"It is for: {', '.join(r.value for r in allowed) or 'the applicant, one by one'}.",
            field="maker.role",
            citation="process (a) roles",
        )
    if given.maker.organisation is None:
        raise refuse(
            RefusalCode.WRONG_ORGANISATION,
            zh="成批办理须代表一个机构。",
            en="A batch is made for an organisation.",
            fix_zh="请填写 maker.organisation。",
            fix_en="Give maker.organisation.",
            field="maker.organisation",
            citation="separation of duties, by design",
        )
    for name in given.command:
        if name in TAKEN_FROM_ELSEWHERE:
            raise refuse(
                RefusalCode.MALFORMED,
                zh=f"模板中不得有 {name}。",
                en=f"The template must not hold {name}.",
                fix_zh="该字段由批次自行填写。",
                fix_en="Leave it out: the batch gives it.",
                field=f"command.{name}",
            )
    if given.selection is not None:
        check_item(given, "a", None)


def check_item(given: BatchInput, application_ref: str, fields: Mapping[str, Any] | None) -> Command | Remind:
    """The command of an item can be read. Raises `Refused` that names the field."""
    body = item_body(given, application_ref, fields, 0)
    if given.kind != REMIND:
        return read_command(COMMANDS, given.kind, body)
    own = {name: value for name, value in body.items() if name not in TAKEN_FROM_ELSEWHERE}
    try:
        return Remind.model_validate(own)
    except ValidationError as error:
        path, rule = first_field_error(error)
        raise refuse(
            RefusalCode.MALFORMED,
            zh=f"字段 {path} 不符合要求：{rule.zh}。",
            en=f"The field {path} breaks a rule: {rule.en}.",
            fix_zh="提醒须有 text。",
            fix_en="A reminder has a `text`, and may have a `template`.",
            field=path,
        ) from None


def same_house(one: Actor, other: Actor) -> bool:
    """The two act in the same role for the same organisation."""
    return (one.role, one.organisation) == (other.role, other.organisation)
