"""The cycle that is lived with the planted data: from the registration to the archive.

Whatever people can write somewhere is written: every text of every command carries the planted words.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import Any

import httpx

from activities.database import Database
from activities.letters import set_contact
from activities.papers.making import Papers
from tests.evidence_material import pdf
from tests.privacy.house import PLAN, House
from tests.privacy.needles import APPLICANT, OBJECTOR, told_by
from tests.support import eventually, unique
from tests.workers.conftest import rehearsal_clock
from tests.workers.courier.receiver import Receiver
from workers.client import ReviewClient
from workers.connect import connect
from workers.rehearsal.cast import CITY_OFFICE, OFFICE, Cast

_TEXTS = frozenset({"text", "title", "reason", "statement", "record", "words"})


def planted(body: Any) -> Any:
    """The same body, every text in it followed by the planted words."""
    if isinstance(body, dict):
        return {
            key: f"{value}：{APPLICANT.words}" if key in _TEXTS and isinstance(value, str) else planted(value)
            for key, value in body.items()
        }
    return [planted(item) for item in body] if isinstance(body, list) else body


async def live(house: House) -> str:
    """Lives it, from the registration to the archive; gives the reference of the application."""
    cast = Cast(unique("planted"))
    async with httpx.AsyncClient(base_url=house.gateway, timeout=30) as http:
        await _register(house, http, cast)
        await _apply(house, http, cast)
        await _review(house, http, cast)
        await _decide(house, http, cast)
        await _look(house, http, cast)
        await eventually(lambda: _delivered(house), 20.0)
    return cast.ref


def _delivered(house: House) -> None:
    assert any(b"certificate_made" in one.raw for one in _receiver(house).deliveries)


def _receiver(house: House) -> Receiver:
    assert house.receiver is not None
    return house.receiver


async def _register(house: House, http: httpx.AsyncClient, cast: Cast) -> None:
    """Name, identity number and contact of the applicant; a webhook of the employer; the name of the unit."""
    office = house.bearer("office", "office-clerk", OFFICE)
    identity = f"/v1/plans/{PLAN}/people/p-{cast.ref}/identity"
    given = await http.put(identity, json={"number": APPLICANT.number}, headers=office)
    assert given.is_success, given.text
    wrong = APPLICANT.number[:-1] + ("1" if APPLICANT.number[-1] != "1" else "2")
    assert (await http.put(identity, json={"number": wrong}, headers=office)).status_code == 422
    found = await http.post(
        f"/v1/plans/{PLAN}/people/find", json={"number": APPLICANT.number}, headers=office
    )
    assert found.json()["persons"] == [f"p-{cast.ref}"]
    hook = await http.post(
        f"/v1/plans/{PLAN}/webhooks",
        json={"url": _receiver(house).url},
        headers=house.bearer("employer", "employer-clerk", cast.employer),
    )
    assert hook.is_success, hook.text
    database = Database(house.settings.database_url.get_secret_value())
    try:
        await set_contact(database, f"p-{cast.ref}", "mailbox", APPLICANT.mail, datetime.now(UTC))
        async with database.transaction() as session:
            from activities.people import record_name
            from models.tables import Unit

            await record_name(session, Unit, cast.employer, "天津市计量监督检测科学研究院", datetime.now(UTC))
    finally:
        await database.close()


async def _apply(house: House, http: httpx.AsyncClient, cast: Cast) -> None:
    """Begun, named, a scan uploaded under a telling name, handed in, returned once and repaired."""
    body = cast.start(clock=rehearsal_clock("2023-09-20T09:00:00+08:00"))
    start = {k: v for k, v in body.items() if k not in ("plan_id", "application_ref")}
    path = f"/v1/plans/{PLAN}/applications/{cast.ref}"
    applicant = house.bearer("applicant", f"p-{cast.ref}", None)
    begun = await http.put(path, json=start, headers=applicant)
    assert begun.status_code == 201, begun.text
    office = house.bearer("office", "office-clerk", OFFICE)
    named = await http.put(f"{path}/name", json={"name": APPLICANT.name}, headers=office)
    assert named.is_success, named.text
    content = pdf(4_000)
    await _upload(http, cast.ref, applicant, content, f"{APPLICANT.file}.pdf")
    await house.send(http, cast.ref, planted(cast.submit()))
    await house.send(http, cast.ref, planted(cast.employer_return()))
    await house.send(http, cast.ref, planted(cast.resubmit("e1")))


async def _upload(
    http: httpx.AsyncClient, ref: str, headers: dict[str, str], content: bytes, name: str
) -> None:
    from base64 import b64encode

    def coded(text: str) -> str:
        return b64encode(text.encode()).decode()

    digest = hashlib.sha256(content).hexdigest()
    said = {"plan": PLAN, "application": ref, "kind": "dossier", "filename": name, "sha256": digest}
    meta = ",".join(f"{key} {coded(value)}" for key, value in said.items())
    tus = {"Tus-Resumable": "1.0.0"}
    begun = await http.post(
        "/v1/evidence/uploads",
        headers=headers | tus | {"Upload-Length": str(len(content)), "Upload-Metadata": meta},
    )
    assert begun.status_code == 201, begun.text
    sent = await http.patch(
        begun.headers["location"],
        content=content,
        headers=headers | tus | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
    )
    assert sent.status_code == 204, sent.text


async def _review(house: House, http: httpx.AsyncClient, cast: Cast) -> None:
    """Recommended, shown, objected to with everything somebody knows, ruled on, accepted by the office."""
    for command in (cast.recommend(), cast.start_publicity()):
        await house.send(http, cast.ref, planted(command))
    await house.send(http, cast.ref, cast.objects(grounds=told_by(OBJECTOR)))
    await _refused(house, http, cast)
    await house.send(http, cast.ref, planted(cast.rule("employer-objection-1", "unfounded")))
    await _forward(house, cast, 9, "publicity_ended")
    for command in (cast.file_evidence(), cast.department_submit(), cast.accept()):
        await house.send(http, cast.ref, planted(command))


async def _refused(house: House, http: httpx.AsyncClient, cast: Cast) -> None:
    """Commands that break a rule, with the data in them: what the answer and the logs say of it."""
    path = f"/v1/plans/{PLAN}/applications/{cast.ref}/commands"
    office = house.bearer("office", "office-clerk", OFFICE) | {"Idempotency-Key": unique("wrong")}
    early = {"hop": "office", "outcome": "reject", "reasons": [{"code": "x", "text": told_by(APPLICANT)}]}
    assert (await http.post(f"{path}/review", json=early, headers=office)).status_code in (409, 422)
    wrong = {"hop": told_by(APPLICANT), "outcome": 7, APPLICANT.name: APPLICANT.number}
    assert (await http.post(f"{path}/review", json=wrong, headers=office)).status_code == 422
    client = ReviewClient(await connect(house.settings), house.settings.task_queue)
    strange = cast.office_refuse(reasons=[{"code": "ineligible", "text": APPLICANT.words}])
    strange["actor"] |= {"organisation": "another-office"}
    await client.signal(f"application/{PLAN}/{cast.ref}", strange)


async def _decide(house: House, http: httpx.AsyncClient, cast: Cast) -> None:
    """Scheduled, voted on, published, confirmed, certified, archived; the papers are made."""
    await house.send(http, cast.ref, planted(cast.schedule(date(2023, 12, 8), date(2023, 9, 28))))
    await _forward(house, cast, 70, "expert_review")
    chair = ReviewClient(await connect(house.settings), house.settings.task_queue)
    await chair.send(f"application/{PLAN}/{cast.ref}", planted(cast.vote(8)))
    await _forward(house, cast, 3, "passed")
    await house.send(http, cast.ref, cast.publish("2023-12-11T08:00:00+08:00"))
    await _forward(house, cast, 9, "confirm_pending")
    await house.send(http, cast.ref, planted(cast.confirm()))
    await _stands_in(house, cast, "certified")
    database = Database(house.settings.database_url.get_secret_value())
    try:
        counts = await Papers(database, house.settings.papers()).make_missing(PLAN, datetime.now(UTC))
        assert counts == {"made": 2, "faults": 0}, counts
    finally:
        await database.close()
    await house.send(http, cast.ref, planted(cast.archive()))


async def _forward(house: House, cast: Cast, days: int, stage: str) -> None:
    await house.put_forward(cast.ref, days)
    await _stands_in(house, cast, stage)


async def _stands_in(house: House, cast: Cast, stage: str) -> None:
    door = ReviewClient(await connect(house.settings), house.settings.task_queue)
    await door.watch(f"application/{PLAN}/{cast.ref}", stage, within=30)


async def _look(house: House, http: httpx.AsyncClient, cast: Cast) -> None:
    """What machines read: the feed, the numbers, lists, the public answers; and a look at the number."""
    office = house.bearer("office", "office-clerk", OFFICE)
    city = house.bearer("city_office", "city-clerk", CITY_OFFICE)
    base = f"/v1/plans/{PLAN}"
    whole = await http.post(
        f"{base}/people/p-{cast.ref}/identity/reveal", json={"reason": "学历核验"}, headers=city
    )
    assert whole.json()["number"] == APPLICANT.number
    asked: dict[str, tuple[str, dict[str, str]]] = {
        "feed": (f"{base}/events", office),
        "list": (f"{base}/applications", office),
        "risk": (f"{base}/at-risk", office),
        "statistics": (f"{base}/statistics", office),
        "looks": (f"{base}/applications/{cast.ref}/looks", office),
        "doctor": ("/v1/doctor", office),
        "public statistics": (f"{base}/public-statistics", {}),
        "health": ("/v1/health", {}),
    }
    for name, (path, headers) in asked.items():
        house.pages[name] = (await http.get(path, headers=headers)).content
    metrics = house.pages["metrics"].decode()
    house.pages["metrics"] = (await http.get(metrics)).content
