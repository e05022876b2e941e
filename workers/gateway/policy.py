"""Who may use which route: one entry a route, by its name. A route without an entry does not start.

Deny by default. What a caller sees of an application is a question of its own (`models.visibility`); what a
caller may do with it is answered by the lifecycle again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.batch import NOT_FOR_MANY
from models.batch_commands import BATCH_COMMANDS
from models.cycle_decide import SENDERS
from models.decide import ROLES_OF
from models.meeting_commands import ROLES_OF as ROLES_OF_MEETING
from models.roles import Role

EVERY_ROLE = frozenset(Role) - {Role.SYSTEM, Role.PUBLIC}
UPLOADERS = EVERY_ROLE - {Role.EXPERT, Role.CHAIR, Role.ARCHIVE}
"""Who hands in papers; the others only read them."""

OF_ORGANISATIONS = EVERY_ROLE - {Role.APPLICANT}
OFFICES = frozenset({Role.OFFICE, Role.CONVENING_UNIT, Role.CITY_OFFICE})


@dataclass(frozen=True)
class Access:
    """`public`: without a token. `anyone`: with any valid one. Otherwise the caller holds one of `roles`."""

    roles: frozenset[Role] = frozenset()
    public: bool = False
    anyone: bool = False


def _of(senders: Iterable[Role]) -> Access:
    roles = frozenset(senders)
    return Access(roles=roles - {Role.SYSTEM, Role.PUBLIC}, anyone=Role.PUBLIC in roles)


PUBLIC = Access(public=True)
_WEBHOOKS = (
    *("add_webhook", "list_webhooks", "webhook_state", "remove_webhook", "test_webhook", "replay_webhook"),
    *("pause_webhook", "resume_webhook", "rotate_webhook_secret", "dead_deliveries", "retry_dead_deliveries"),
)

OF_BATCHES = (
    "make_batch",
    "list_batches",
    "batch_state",
    "batch_items",
    "batch_results",
    *(f"batch_{kind}" for kind in BATCH_COMMANDS),
)

POLICY: dict[str, Access] = {
    "health": PUBLIC,
    "lifecycle": PUBLIC,
    "lifecycle_diagram": PUBLIC,
    "errors": PUBLIC,
    "verify_certificate": PUBLIC,
    "verify_file": PUBLIC,
    "public_lists": PUBLIC,
    "public_statistics": PUBLIC,
    "audit_roots": PUBLIC,
    "who_am_i": Access(anyone=True),
    "start_application": Access(roles=frozenset({Role.APPLICANT, Role.EMPLOYER, Role.OFFICE})),
    "start_applications": Access(roles=frozenset({Role.EMPLOYER, Role.OFFICE})),
    "application_state": Access(roles=EVERY_ROLE),
    "application_history": Access(roles=EVERY_ROLE),
    "application_proof": Access(roles=EVERY_ROLE),
    "application_deadlines": Access(roles=EVERY_ROLE),
    "application_refused": Access(roles=EVERY_ROLE),
    "application_next": Access(roles=EVERY_ROLE),
    "application_explain": Access(roles=EVERY_ROLE),
    "application_looks": Access(roles=OFFICES),
    "list_applications": Access(roles=EVERY_ROLE),
    "list_searches": Access(roles=EVERY_ROLE),
    "save_search": Access(roles=EVERY_ROLE),
    "remove_search": Access(roles=EVERY_ROLE),
    "at_risk": Access(roles=EVERY_ROLE),
    "court": Access(roles=EVERY_ROLE),
    "publicities": Access(roles=EVERY_ROLE),
    "posts": Access(roles=OFFICES | {Role.EMPLOYER}),
    "left_behind": Access(roles=OFFICES),
    "incidents": Access(roles=OFFICES),
    "retry_incident": Access(roles=OFFICES),
    "list_exports": Access(roles=OFFICES),
    "make_export": Access(roles=EVERY_ROLE - {Role.APPLICANT, Role.EXPERT, Role.CHAIR}),
    "application_diagram": Access(roles=EVERY_ROLE),
    "application_notices": Access(roles=OFFICES),
    "applicant_name": Access(roles=OFFICES),
    "correct_applicant_name": Access(roles=OFFICES),
    "record_identity": Access(roles=OFFICES),
    "person_identity": Access(roles=OFFICES),
    "reveal_identity": Access(roles=frozenset({Role.OFFICE, Role.CITY_OFFICE})),
    "find_person": Access(roles=OFFICES),
    "person_data": Access(roles=frozenset({Role.OFFICE, Role.CITY_OFFICE})),
    "my_data": Access(roles=frozenset({Role.APPLICANT})),
    "preview_calendar": Access(roles=OFFICES),
    "inbox": Access(roles=EVERY_ROLE),
    "statistics": Access(roles=OFFICES),
    "doctor": Access(roles=OFFICES),
    "audit_verify": Access(roles=OFFICES),
    "events": Access(roles=EVERY_ROLE),
    "event_stream": Access(roles=EVERY_ROLE),
    "decide": _of(ROLES_OF["review"]),
    **{kind: _of(senders) for kind, senders in ROLES_OF.items()},
    "start_cycle": Access(roles=frozenset({Role.OFFICE, Role.CITY_OFFICE})),
    "cycle_state": Access(roles=OFFICES),
    "cycle_history": Access(roles=OFFICES),
    "cycle_refused": Access(roles=OFFICES),
    **{f"cycle_{kind}": _of(senders) for kind, senders in SENDERS.items()},
    "list_meetings": Access(roles=OFFICES),
    "start_meeting": Access(roles=frozenset({Role.OFFICE})),
    "meeting_state": Access(roles=OFFICES | {Role.CHAIR}),
    "meeting_history": Access(roles=OFFICES | {Role.CHAIR}),
    **{f"meeting_{kind}": _of(senders) for kind, senders in ROLES_OF_MEETING.items()},
    "evidence_protocol": PUBLIC,
    "begin_upload": Access(roles=UPLOADERS),
    "upload_offset": Access(roles=EVERY_ROLE),
    "upload_bytes": Access(roles=UPLOADERS),
    "discard_upload": Access(roles=EVERY_ROLE),
    "evidence_file": Access(roles=EVERY_ROLE),
    "application_evidence": Access(roles=EVERY_ROLE),
    **{name: Access(roles=OF_ORGANISATIONS) for name in _WEBHOOKS},
    **dict.fromkeys(OF_BATCHES, Access(roles=EVERY_ROLE - NOT_FOR_MANY)),
}
"""By the route's name (`operation_id`)."""

BOARD_POLICY: dict[str, Access] = {
    "board_sign_in": PUBLIC,
    "board_signed_in": PUBLIC,
    "board_begin_login": PUBLIC,
    "board_end_login": PUBLIC,
    "board_sign_out": Access(anyone=True),
    "board_home": Access(anyone=True),
    "board_cycle": POLICY["list_applications"],
    "board_risk": POLICY["at_risk"],
    "board_search": POLICY["list_applications"],
    "board_save_search": POLICY["save_search"],
    "board_application": POLICY["application_state"],
    "board_inbox": POLICY["inbox"],
    "board_batches": POLICY["list_batches"],
    "board_make_batch": POLICY["make_batch"],
    "board_batch": POLICY["batch_state"],
    "board_order_batch": POLICY["batch_apply"],
    "board_meetings": POLICY["meeting_state"],
    "board_meeting": POLICY["meeting_state"],
    "board_minutes": POLICY["meeting_state"],
    "board_results": POLICY["list_applications"],
    "board_posts": POLICY["posts"],
    "board_left_behind": POLICY["left_behind"],
    "board_calendar": POLICY["preview_calendar"],
    "board_preview_calendar": POLICY["preview_calendar"],
    "board_incidents": POLICY["incidents"],
    "board_ask_retry": POLICY["retry_incident"],
    "board_retry": POLICY["retry_incident"],
    "board_service": POLICY["doctor"],
    "board_examine": POLICY["doctor"],
    "board_exports": POLICY["list_exports"],
    "board_correct_name": POLICY["correct_applicant_name"],
    "board_act": Access(roles=EVERY_ROLE),
}
"""The same for the pages of the board: each page asks for what the route behind it asks for."""


def access_to(operation_id: str) -> Access:
    """Who may use a route or a page. Raises `KeyError` for one that has no entry."""
    return POLICY[operation_id] if operation_id in POLICY else BOARD_POLICY[operation_id]
