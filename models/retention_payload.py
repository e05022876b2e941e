"""What of a record is personal or free text, and goes when its time is over; and what stays, and why.

By table and column, so that a test can hold every text column of every table against it: a new one without a
place here fails. Rows that others count on (numbers, stages, hashes) stay; their words go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WHOLE = "whole row"
"""The row goes."""

Blanked = Mapping[str, Any]
"""Column -> what stands in it afterwards."""

OF_APPLICATION: dict[str, Blanked | str] = {
    "batch_items": {"fields": None, "reason": None, "preview_reason": None},
    "case_steps": {"words": "", "details": {}},
    "confirmations": {"words": None},
    "corrected_decisions": {"reason": ""},
    "dossiers": WHOLE,
    "evidence_links": WHOLE,
    "evidence_uploads": WHOLE,
    "exams": {"record": "", "seat": None},
    "findings": WHOLE,
    "list_entries": {
        "shown_name": None,
        "shown_unit": None,
        "shown_specialty": None,
        "shown_level": None,
        "reason": None,
    },
    "meeting_agenda": {"reason": None},
    "notices": WHOLE,
    "objection_rulings": {"words": ""},
    "objections": {"grounds": "", "evidence_sha256": []},
    "opinions": {"words": ""},
    "order_refusals": {"reason": ""},
    "paper_faults": WHOLE,
    "publicity_steps": {"statement": None},
    "rechecks": {"words": ""},
    "return_answers": {"words": ""},
    "return_items": {"words": "", "part": None},
    "reviews": {"reasons": []},
    "side_cases": {"question": "", "words": None, "effect_reason": None},
}
"""Of an application whose time is over. Review forms (`papers`) and the details of `audit` go, too
(`activities.retention.removing`): the certificate stays, and the skeleton of the chain."""

RERANKED = "reranked"
"""Of `post_ledger`: the words of a decision; that there was one stays, since the order follows from it."""

OF_MEETING: dict[str, Blanked] = {
    "meeting_minutes": {"content": ""},
    "meeting_acts": {"result": {}},
}
"""Of a meeting whose time is over; the hashes stay in the minutes' rows and in the facts."""

KEPT_TEXT: dict[str, str] = {
    "audit.details": "replaced by its digest",
    "audit.rule": "the citation of a rule",
    "audit_orphans.details": "replaced by its digest",
    "audit_orphans.rule": "the citation of a rule",
    "audit_orphans.reason": "one of two fixed sentences",
    "access_log.reason": "goes with its own class",
    "archive_receipts.receipt_ref": "the keeper's number of a file",
    "batches.command": "one text for many, as its maker wrote it: no person",
    "batches.selection": "a search, or references",
    "batches.preview": "numbers by code",
    "batches.counts": "numbers by code",
    "calendar_notices.content": "a public notice",
    "certificates.revoked_document_no": "the number of a decision; kept for ever with the certificate",
    "committees.document_no": "the number of a filing",
    "confirmations.report_ref": "the number of a report",
    "credit_records.document_no": "goes with its own class",
    "credit_records.source": "goes with its own class",
    "credit_records.ban_document_no": "goes with its own class",
    "corrected_decisions.document_no": "the number of a document",
    "cycle_facts.details": "of a cycle: dates, numbers, references",
    "cycle_facts.rule": "the citation of a rule",
    "cycle_notices.subject_zh": "goes with the class messages",
    "cycle_notices.text_zh": "goes with the class messages",
    "cycle_notices.text_en": "goes with the class messages",
    "cycle_steps.document_no": "the number of a document",
    "cycle_steps.lineage": "a count of days",
    "cycles.numbers": "numbers",
    "deadlines.formula": "a count of days",
    "deadlines.lineage": "a count of days",
    "deadlines.reminders": "moments",
    "deadlines.document_no": "the number of a document",
    "deadlines.asked": "a count of days",
    "deadline_revisions.formula": "a count of days",
    "deadline_revisions.lineage": "a count of days",
    "deadline_revisions.reminders": "moments",
    "deadline_revisions.document_no": "the number of a document",
    "deadline_revisions.asked": "a count of days",
    "draw_commitments.numbers": "places in a pool",
    "draws.algorithm": "the name of an algorithm",
    "draws.numbers": "what makes the draw computable again: experts, no applicant",
    "draws.pool": "what makes the draw computable again: experts, no applicant",
    "draws.result": "what makes the draw computable again: experts, no applicant",
    "evidence_objects.flags": "codes; the row goes with its last link",
    "experts.specialties": "codes",
    "exports.search": "goes with the class access_log",
    "legal_holds.reason": "why something was kept: it outlives what it held",
    "legal_holds.document_no": "why something was kept: it outlives what it held",
    "legal_holds.lifted_document_no": "why something was kept: it outlives what it held",
    "list_postings.place": "where a list was posted",
    "meeting_minutes.content": "goes with the class meeting",
    "meeting_acts.result": "goes with the class meeting",
    "meeting_notices.text_zh": "goes with the class messages",
    "meeting_notices.text_en": "goes with the class messages",
    "operator_notices.subject_zh": "goes with the class messages",
    "operator_notices.text_zh": "goes with the class messages",
    "operator_notices.text_en": "goes with the class messages",
    "papers.reason": "why a certificate was made anew; kept for ever with it",
    "papers.document_no": "why a certificate was made anew; kept for ever with it",
    "people.name": "goes with the class person; that of a certificate's holder stays with it",
    "people.document_no": "goes with the class person",
    "person_identities.sealed": "goes with the class person",
    "person_identities.document_no": "goes with the class person",
    "plan_versions.content": "a public document",
    "plan_versions.document_no": "the number of a document",
    "post_ledger.record": "what a unit wrote of its own posts",
    "post_ledger.reranked": "blanked with its application, so that there was a decision stays",
    "post_pools.record": "what a unit wrote of its own posts",
    "publicities.places": "where a notice was posted",
    "publicities.postings": "where and when a list was posted",
    "publicity_steps.hidden_days": "dates",
    "removals.rows": "numbers by table",
    "removals.rule": "the citation of a rule",
    "result_lists.columns": "the heads of a list",
    "result_lists.meeting_refs": "references",
    "result_lists.reason": "why a list was corrected, as it was published",
    "review_meetings.clock": "of a rehearsal",
    "reviews.attested": "codes of checks",
    "reviews.post": "what a unit wrote of its own posts, and numbers",
    "samples.drawn_by": "the name of an algorithm",
    "samples.selection": "what makes a sample computable again: references",
    "samples.population": "what makes a sample computable again: references",
    "samples.drawn": "what makes a sample computable again: references",
    "samples.question": "one text for many",
    "samples.document_no": "the number of a document",
    "side_cases.document_no": "the number of a decision",
    "units.name": "an organisation's",
    "units.document_no": "the number of a document",
    "operator_reports.content": "stages, symptoms and references; nobody's words",
    "webhooks.events": "names of events",
    "webhooks.secret": "sealed, an organisation's",
    "webhooks.former_secret": "sealed, an organisation's",
    "work_reports.title": "the title of a report",
}
"""Text that stays, or goes elsewhere: `table.column` -> why."""
