"""Bad input, case by case: what is wrong, the command, its body, and the field a refusal must name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from models.refusal import RefusalCode
from tests.models.life import Cast, Json, Life, posted, scheduled, submitted, voted, with_department

Make = Callable[[Cast], Any]


def deep(levels: int) -> Json:
    """Objects within objects."""
    body: Json = {}
    for _ in range(levels):
        body = {"a": body}
    return body


def without(body: Json, *path: str) -> Json:
    """The body without one field."""
    copy = dict(body)
    if len(path) == 1:
        copy.pop(path[0])
    else:
        copy[path[0]] = without(copy[path[0]], *path[1:])
    return copy


def put(body: Json, value: Any, *path: str) -> Json:
    """The body with one field replaced."""
    inner = value if len(path) == 1 else put(body[path[0]], value, *path[1:])
    return body | {path[0]: inner}


# what is wrong, the command, the body, the field that is named
MALFORMED: list[tuple[str, str, Make, str | None]] = [
    ("no such command", "promote", lambda c: c.withdraw(), "kind"),
    ("empty name", "", lambda c: c.withdraw(), "kind"),
    ("nothing", "withdraw", lambda _: None, None),
    ("a list", "withdraw", lambda c: [c.withdraw()], None),
    ("a number", "withdraw", lambda _: 5, None),
    ("a text", "withdraw", lambda _: "withdraw", None),
    ("an empty object", "withdraw", lambda _: {}, "actor"),
    ("another kind inside", "withdraw", lambda c: c.submit(), "kind"),
    ("kind is no text", "withdraw", lambda c: c.withdraw(kind=[]), "kind"),
    ("no actor", "withdraw", lambda c: without(c.withdraw(), "actor"), "actor"),
    ("actor is a text", "withdraw", lambda c: c.withdraw(actor="me"), "actor"),
    ("no actor id", "withdraw", lambda c: without(c.withdraw(), "actor", "id"), "actor.id"),
    ("a name as actor id", "withdraw", lambda c: put(c.withdraw(), "张三", "actor", "id"), "actor.id"),
    (
        "an identity number as actor id",
        "withdraw",
        lambda c: put(c.withdraw(), "11010119900307001X", "actor", "id"),
        "actor.id",
    ),
    (
        "a mobile number as actor id",
        "withdraw",
        lambda c: put(c.withdraw(), "13800138000", "actor", "id"),
        "actor.id",
    ),
    ("an endless actor id", "withdraw", lambda c: put(c.withdraw(), "x" * 81, "actor", "id"), "actor.id"),
    ("an unknown role", "withdraw", lambda c: put(c.withdraw(), "boss", "actor", "role"), "actor.role"),
    ("an unknown field", "withdraw", lambda c: c.withdraw(comment="x"), "comment"),
    ("an unknown field within", "withdraw", lambda c: put(c.withdraw(), 1, "actor", "x"), "actor.x"),
    ("no command id", "withdraw", lambda c: without(c.withdraw(), "command_id"), "command_id"),
    ("a blank in the command id", "withdraw", lambda c: c.withdraw(command_id="a b"), "command_id"),
    ("an empty command id", "withdraw", lambda c: c.withdraw(command_id=""), "command_id"),
    ("a lone surrogate as id", "withdraw", lambda c: c.withdraw(command_id="\ud800"), "command_id"),
    ("a lone surrogate in a text", "withdraw", lambda c: c.withdraw(reason="\ud800"), "reason"),
    ("a blank reason", "withdraw", lambda c: c.withdraw(reason="  "), "reason"),
    ("a reason too long", "withdraw", lambda c: c.withdraw(reason="长" * 501), "reason"),
    ("a negative revision", "withdraw", lambda c: c.withdraw(expected_revision=-1), "expected_revision"),
    ("a revision in words", "withdraw", lambda c: c.withdraw(expected_revision="two"), "expected_revision"),
    (
        "an instant without offset",
        "withdraw",
        lambda c: c.withdraw(expires_at="2023-10-01T00:00:00"),
        "expires_at",
    ),
    ("no instant", "withdraw", lambda c: c.withdraw(expires_at="tomorrow"), "expires_at"),
    ("very deep nesting", "withdraw", lambda c: c.withdraw(reason=deep(2000)), "reason"),
    ("an unknown hop", "review", lambda c: c.recommend(hop="mayor"), "hop"),
    ("an unknown outcome", "review", lambda c: c.recommend(outcome="maybe"), "outcome"),
    (
        "61 items",
        "review",
        lambda c: c.employer_return(items=[{"id": f"i{n}", "text": "x"} for n in range(61)]),
        "items",
    ),
    ("an item without text", "review", lambda c: c.employer_return(items=[{"id": "i"}]), "items.0.text"),
    (
        "a day that is none",
        "review",
        lambda c: c.office_return(correction_due="2023-02-30"),
        "correction_due",
    ),
    (
        "negative posts",
        "review",
        lambda c: c.recommend(post={"basis": "ratio", "available": -1, "record": "x"}),
        "post.available",
    ),
    ("a short hash", "start_publicity", lambda c: c.start_publicity(list_sha256="abc"), "list_sha256"),
    (
        "a hash in capitals",
        "start_publicity",
        lambda c: c.start_publicity(list_sha256="A" * 64),
        "list_sha256",
    ),
    ("no place", "start_publicity", lambda c: c.start_publicity(places=[]), "places"),
    ("no day of publicity", "start_publicity", lambda c: c.start_publicity(working_days=0), "working_days"),
    ("no grounds", "object", lambda c: c.objects(grounds=""), "grounds"),
    ("grounds too long", "object", lambda c: c.objects(grounds="x" * 4001), "grounds"),
    ("an unknown finding", "rule_on_objection", lambda c: c.rule("x", "perhaps"), "finding"),
    ("half a vote", "record_vote", lambda c: c.vote(6, abstain=0.5), "abstain"),
    ("negative votes", "record_vote", lambda c: c.vote(6, no=-3), "no"),
    ("a vote with names", "record_vote", lambda c: c.vote(6, voters=["a"]), "voters"),
    (
        "a posting without place",
        "publish_result",
        lambda c: c.publish("x", postings=[{"posted_at": "2023-12-18T09:00:00Z"}]),
        "postings.0.place",
    ),
    (
        "two ways to move a date",
        "revise_deadlines",
        lambda c: c.revise("extension", [{"name": "exam", "last_day": "2023-12-05", "add_working_days": 1}]),
        "changes.0",
    ),
    (
        "an unknown deadline",
        "revise_deadlines",
        lambda c: c.revise("extension", [{"name": "lunch"}]),
        "changes.0.name",
    ),
    ("a fact that cannot be", "correct", lambda c: c.correct(0), "fact"),
    ("no decision number", "revoke", lambda c: c.revoke(document_no="x"), "document_no"),
    ("a dossier that is a text", "submit", lambda c: c.submit(dossier="all of it"), "dossier"),
    ("a dossier without facts", "submit", lambda c: without(c.submit(), "dossier", "facts"), "dossier.facts"),
    (
        "an unknown education",
        "submit",
        lambda c: put(c.submit(), "genius", "dossier", "facts", "education"),
        "dossier.facts.education",
    ),
]

Reach = Callable[[Life], Life]

# what is wrong, where, the body, the code, the field that is named
FORBIDDEN: list[tuple[str, Reach, Make, RefusalCode, str | None]] = [
    (
        "the system's name",
        submitted,
        lambda c: put(c.recommend(), "system", "actor", "role"),
        RefusalCode.WRONG_ROLE,
        "actor.role",
    ),
    (
        "a wrong role",
        submitted,
        lambda c: put(c.recommend(), "archive", "actor", "role"),
        RefusalCode.WRONG_ROLE,
        "actor.role",
    ),
    (
        "the public decides",
        submitted,
        lambda c: put(c.recommend(), "public", "actor", "role"),
        RefusalCode.WRONG_ROLE,
        "actor.role",
    ),
    (
        "no organisation",
        submitted,
        lambda c: put(c.recommend(), None, "actor", "organisation"),
        RefusalCode.WRONG_ORGANISATION,
        "actor.organisation",
    ),
    (
        "another employer",
        submitted,
        lambda c: put(c.recommend(), "other", "actor", "organisation"),
        RefusalCode.WRONG_ORGANISATION,
        "actor.organisation",
    ),
    (
        "another applicant",
        submitted,
        lambda c: c.withdraw(person="p-other"),
        RefusalCode.WRONG_PERSON,
        "actor.id",
    ),
    (
        "the own application",
        submitted,
        lambda c: c.recommend(person="p-life"),
        RefusalCode.SEPARATION_OF_DUTIES,
        "actor.id",
    ),
    (
        "a chair without a meeting",
        submitted,
        lambda c: c.vote(6),
        RefusalCode.WRONG_ORGANISATION,
        "actor.organisation",
    ),
    (
        "another committee's chair",
        scheduled,
        lambda c: put(c.vote(6), "other", "actor", "organisation"),
        RefusalCode.WRONG_ORGANISATION,
        "actor.organisation",
    ),
    ("submitted twice", submitted, lambda c: c.submit(), RefusalCode.NOT_IN_THIS_STAGE, None),
    (
        "an old revision",
        submitted,
        lambda c: c.recommend(expected_revision=0),
        RefusalCode.STALE_REVISION,
        "expected_revision",
    ),
    (
        "an expired command",
        submitted,
        lambda c: c.recommend(expires_at="2023-09-19T00:00:00Z"),
        RefusalCode.EXPIRED,
        "expires_at",
    ),
    (
        "the first instant of all",
        submitted,
        lambda c: c.recommend(expires_at="0001-01-01T00:00:00+14:00"),
        RefusalCode.EXPIRED,
        "expires_at",
    ),
    (
        "a check not carried out",
        submitted,
        lambda c: c.recommend(attested=["identity"]),
        RefusalCode.GUARD,
        "attested",
    ),
    ("an empty return", submitted, lambda c: c.employer_return(items=[]), RefusalCode.GUARD, "items"),
    (
        "an unreasoned decline",
        submitted,
        lambda c: c.employer_decline(reasons=[]),
        RefusalCode.GUARD,
        "reasons",
    ),
    (
        "an unknown objection",
        posted,
        lambda c: c.rule("employer-objection-7", "unfounded"),
        RefusalCode.GUARD,
        "objection_id",
    ),
    (
        "an unknown repair",
        posted,
        lambda c: c.rule("x", "curable", items=[]),
        RefusalCode.GUARD,
        "objection_id",
    ),
    (
        "a far deadline",
        posted,
        lambda c: c.revise("extension", [{"name": "meeting", "last_day": "9999-12-31"}]),
        RefusalCode.GUARD,
        "changes.0.last_day",
    ),
    (
        "a return without class",
        with_department,
        lambda c: c.department_return(change_class=None),
        RefusalCode.GUARD,
        "change_class",
    ),
    (
        "a list in one place",
        voted,
        lambda c: put(
            c.publish("2023-12-15T16:00:00+08:00"),
            [{"place": "review_system", "posted_at": "2023-12-15T16:00:00+08:00"}],
            "postings",
        ),
        RefusalCode.GUARD,
        "postings",
    ),
    ("the year 9999", voted, lambda c: c.publish("9999-12-31T23:59:59-12:00"), RefusalCode.GUARD, "postings"),
    ("a result nobody posted", voted, lambda c: c.confirm(), RefusalCode.NOT_IN_THIS_STAGE, None),
]
