"""A refusal: what was asked, the rule that forbids it, the state, what may come next, and the remedy.

Every received command is answered; this is the answer "no". It carries no personal data.
"""

from __future__ import annotations

from enum import StrEnum

from models.wire import Label, Wire


class RefusalCode(StrEnum):
    """Why a command was not accepted; stable names for integrations."""

    MALFORMED = "malformed"
    UNKNOWN_KIND = "unknown_kind"
    OVERSIZED = "oversized"
    NOT_OPEN_YET = "not_open_yet"
    PLAN_PENDING = "plan_pending"
    CLOSED = "closed"
    WRONG_ROLE = "wrong_role"
    WRONG_ORGANISATION = "wrong_organisation"
    WRONG_PERSON = "wrong_person"
    SEPARATION_OF_DUTIES = "separation_of_duties"
    NOT_IN_THIS_STAGE = "not_in_this_stage"
    STALE_REVISION = "stale_revision"
    REUSED_COMMAND_ID = "reused_command_id"
    EXPIRED = "expired"
    ON_HOLD = "on_hold"
    TOO_EARLY = "too_early"
    GUARD = "guard"


class Option(Wire):
    """Something that may come next: the command, who sends it, and where it leads."""

    command: str
    event: str
    by: tuple[str, ...]
    to: str


class Refusal(Wire):
    """The answer "no", in words, with the rule and the remedy.

    `field` names the offending field as a dotted path, when one is to blame. `next` lists what may
    come next in the present stage.
    """

    code: RefusalCode
    rule: Label
    remedy: Label
    field: str | None = None
    citation: str | None = None
    command: str | None = None
    command_id: str | None = None
    stage: str | None = None
    revision: int | None = None
    next: tuple[Option, ...] = ()

    def sentence(self, lang: str = "en") -> str:
        """One sentence with the rule and the remedy."""
        rule, remedy = (self.rule.zh, self.remedy.zh) if lang == "zh" else (self.rule.en, self.remedy.en)
        where = f"{self.field}: " if self.field else ""
        return f"{where}{rule} {remedy}" if lang == "en" else f"{where}{rule}{remedy}"


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """Raised by the pure domain when a command may not be carried out."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence())
        self.refusal = refusal


MAX_SENTENCE, MAX_FIELD = 2_000, 200
"""Characters of a text and of a field's path: what a sender wrote is quoted, never repeated at length."""

_CONTROL = dict.fromkeys([*range(32), 127], "?")


def legible(text: str, most: int = MAX_SENTENCE) -> str:
    """The text in at most so many characters, without what a store or a terminal cannot show.

    JSON may carry lone surrogates, UTF-8 (every store and hash) may not; control characters go too.
    """
    shown = text.encode("utf-8", "replace").decode("utf-8").translate(_CONTROL)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def refuse(
    code: RefusalCode,
    *,
    zh: str,
    en: str,
    fix_zh: str,
    fix_en: str,
    field: str | None = None,
    citation: str | None = None,
) -> Refused:
    """Builds the exception for one rule; stage, revision and options are added where it is caught.

    What a sender wrote may be quoted: it is made legible first.
    """
    return Refused(
        Refusal(
            code=code,
            rule=Label(zh=legible(zh), en=legible(en)),
            remedy=Label(zh=legible(fix_zh), en=legible(fix_en)),
            field=legible(field, MAX_FIELD) if field else None,
            citation=citation,
        )
    )
