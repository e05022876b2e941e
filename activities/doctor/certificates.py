"""Whether each certificate is what the chain of its application decided: made and revoked by a decision.

The public verifies a number against the row of the certificate alone, so a row that says more than its chain
is a false title.
"""

from __future__ import annotations

from collections.abc import Iterator

from activities.certification import certificate_sha256
from activities.doctor.cases import Case
from models.audit import ABRIDGED, Fact
from models.tables import Certificate
from models.wire import Label, local_day


def certificate_faults(case: Case) -> Iterator[Label]:
    """What the certificate says otherwise than the chain, and what of the two is lacking."""
    made = [fact for fact in case.facts if fact.event == "certificate_made"]
    valid = [one for one in case.certificates if one.status == "valid"]
    if valid and not made:
        yield Label(zh="证书有效，但审计链中没有发证", en="a valid certificate, and no fact that made one")
    if made and case.row.stage in ("certified", "archived") and not valid:
        yield Label(zh="已发证，但没有有效证书", en="it was certified, and there is no valid certificate")
    if case.row.stage == "revoked" and not case.certificates:
        yield Label(zh="已发证，证书登记已不在", en="a certificate was made, and its row is gone")
    by_number = {fact.seq: fact for fact in case.facts}
    for one in case.certificates:
        if one.status != "void" and made:
            yield from _as_confirmed(case, one, by_number.get(one.seq))
            yield from _as_revoked(one, case.facts)


def _as_confirmed(case: Case, one: Certificate, fact: Fact | None) -> Iterator[Label]:
    if fact is None or fact.event != "confirm":
        zh, en = "所据之条不是确认", "the entry that it rests on confirms nothing"
        yield Label(zh=f"证书{one.number}：{zh}", en=f"certificate {one.number}: {en}")
    elif (one.sha256, one.title_date, one.issued_at) != (
        certificate_sha256(case.row, fact, one.number),
        local_day(fact.at),
        fact.at,
    ):
        zh, en = f"与第{fact.seq}条的确认不符", f"not what entry {fact.seq} confirmed"
        yield Label(zh=f"证书{one.number}：{zh}", en=f"certificate {one.number}: {en}")


def _as_revoked(one: Certificate, facts: list[Fact]) -> Iterator[Label]:
    """The last decision counts; of one whose words were removed the ground can no longer be compared."""
    revoked = next((fact for fact in reversed(facts) if fact.event == "revoke" and fact.seq > one.seq), None)
    if revoked is None:
        if one.status != "valid":
            zh, en = "登记为已撤销，审计链中没有撤销", "on record as revoked, and no entry revokes it"
            yield Label(zh=f"证书{one.number}：{zh}", en=f"certificate {one.number}: {en}")
        return
    said = revoked.details
    told = (one.revoked_ground, one.revoked_document_no)
    if (
        one.status != "revoked"
        or (one.revoked_seq, one.revoked_at) != (revoked.seq, revoked.at)
        or (set(said) != {ABRIDGED} and told != (said.get("ground"), said.get("document_no")))
    ):
        zh, en = f"与第{revoked.seq}条的撤销不符", f"not what entry {revoked.seq} says, which revokes it"
        yield Label(zh=f"证书{one.number}：{zh}", en=f"certificate {one.number}: {en}")
