"""The draw of the experts for one meeting, and who follows when one cannot come.

Both sides are bound by a commitment before either secret number is shown, and the pool is fixed with the
first commitment: nobody can choose a number, or change the pool, with the result in sight.
"""

from __future__ import annotations

from sqlalchemy import func, select

from activities.meeting_agenda import clear_conflicts
from activities.meeting_case import Case, agenda_refs, panel, unable_on, unmet
from activities.writing import write_new
from models import draw as d
from models.meeting_commands import WITNESSES, CommitDraw, Draw, Replace
from models.meeting_messages import MeetingActDone
from models.refusal import RefusalCode, Refused, refuse
from models.roles import Role
from models.tables import DrawCommitment, Expert, ExpertDraw, PanelMember, PassedOver
from models.wire import local_day

_SIDES_ZH = {"drawer": "抽取人", "witness": "监督人"}


async def commit_draw(case: Case) -> MeetingActDone:
    """Binds one side to its secret number, over the pool as it is now."""
    said = case.command
    assert isinstance(said, CommitDraw)
    _in_time(case)
    if said.side == "drawer" and said.actor.role is not Role.OFFICE:
        raise refuse(
            RefusalCode.WRONG_ROLE,
            zh="抽取人应为评委会办事机构人员。",
            en="The drawer is of the committee office.",
            fix_zh="监督人请使用 side=witness。",
            fix_en="Whoever watches commits as side 'witness'.",
            field="side",
            citation="津人社办函〔2023〕355号",
        )
    total, size = sum(order.number for order in said.numbers), case.meeting.committee_size
    if total != size or len({order.specialty for order in said.numbers}) != len(said.numbers):
        raise unmet(
            f"各专业抽取人数合计{total}人，备案评委会为{size}人（每个专业填写一次）。",
            f"The numbers add up to {total}; the committee on file has {size} (each specialty once).",
            "请更正 numbers。",
            "Correct `numbers`.",
            "numbers",
            "Order 40 Art. 9, 11",
        )
    pool = await pool_of(case, tuple(order.specialty for order in said.numbers))
    numbers = [order.model_dump() for order in sorted(said.numbers, key=lambda order: order.specialty)]
    d.draw(pool, said.numbers, "0" * 64)
    other = await case.session.get(DrawCommitment, (*case.key.values(), _other(said.side)))
    dropped = 0
    if other is not None and other.committed_by == said.actor.id:
        raise _two_persons()
    mine = await case.session.get(DrawCommitment, (*case.key.values(), said.side))
    another = mine is not None and mine.commitment != said.commitment
    if other is not None and (another or other.pool_sha256 != d.pool_hash(pool)):
        await case.session.delete(other)
        dropped = 1
    elif other is not None and other.numbers != numbers:
        raise unmet(
            "双方承诺的抽取人数不一致。",
            "The two sides have committed to different numbers.",
            "请双方以相同的 numbers 提交承诺。",
            "Commit with the numbers that the other side has given.",
            "numbers",
            "Order 40 Art. 11",
        )
    await case.session.merge(
        DrawCommitment(
            **case.key,
            side=said.side,
            commitment=said.commitment,
            committed_by=said.actor.id,
            numbers=numbers,
            pool_sha256=d.pool_hash(pool),
            at=case.at,
        )
    )
    return MeetingActDone(counts={"pool": len(pool), "to_draw": total, "other_side_must_commit": dropped})


async def draw(case: Case) -> MeetingActDone:
    """Both secret numbers are shown; the panel follows."""
    said, session = case.command, case.session
    assert isinstance(said, Draw)
    _in_time(case)
    _check_witness(case, said)
    sides = {row.side: row for row in await session.scalars(select(DrawCommitment).filter_by(**case.key))}
    for side, nonce, person in (
        ("drawer", said.drawer_nonce, said.actor.id),
        ("witness", said.witness_nonce, said.witness.id),
    ):
        bound = sides.get(side)
        if bound is None or bound.committed_by != person or bound.commitment != d.commitment(nonce):
            raise unmet(
                f"{_SIDES_ZH[side]}未提交承诺，或随机数与其承诺不符。",
                f"The {side} has not committed, or the number is not the one committed to.",
                "请双方先提交承诺（commit_draw），再公布随机数。",
                "Both commit first (commit_draw), then show their numbers.",
                f"{side}_nonce",
                "Order 40 Art. 11",
            )
    numbers = tuple(d.DrawNumber.model_validate(order) for order in sides["drawer"].numbers)
    pool = await pool_of(case, tuple(order.specialty for order in numbers))
    pool_sha256 = d.pool_hash(pool)
    if {pool_sha256} != {row.pool_sha256 for row in sides.values()}:
        raise unmet(
            "承诺之后专家库发生变化。",
            "The pool has changed since the commitments.",
            "请双方重新提交承诺。",
            "Both must commit again.",
            "numbers",
            "Order 40 Art. 11",
        )
    seed = d.seed_of(
        said.drawer_nonce,
        said.witness_nonce,
        case.meeting.plan_id,
        case.meeting.meeting_ref,
        pool_sha256,
    )
    seats = d.draw(pool, numbers, seed)
    session.add(
        ExpertDraw(
            **case.key,
            algorithm=d.ALGORITHM,
            numbers=[order.model_dump() for order in numbers],
            pool=[entry.model_dump(mode="json") for entry in pool],
            pool_sha256=pool_sha256,
            drawer_commitment=sides["drawer"].commitment,
            witness_commitment=sides["witness"].commitment,
            drawer_nonce=said.drawer_nonce,
            witness_nonce=said.witness_nonce,
            seed=seed,
            result=[seat.model_dump() for seat in seats],
            drawn_by=said.actor.id,
            witnessed_by=said.witness.id,
            drawn_at=case.at,
        )
    )
    session.add_all(
        PanelMember(**case.key, **seat.model_dump(), follows=None, duty="member") for seat in seats
    )
    case.meeting.status, case.meeting.drawn_on = "drawn", local_day(case.at)
    await session.flush()
    return MeetingActDone(counts={"pool": len(pool), "drawn": len(seats)})


async def replace(case: Case) -> MeetingActDone:
    """The next rank of the same draw takes the seat; conflicts with the agenda are looked for at once."""
    said, session = case.command, case.session
    assert isinstance(said, Replace)
    leaving = next((m for m in await panel(session, case.key) if m.seat == said.seat), None)
    if leaving is None:
        raise unmet(
            f"没有{said.seat}号席位。",
            f"There is no seat {said.seat}.",
            "请用 zhicheng meeting show 查看席位。",
            "Look at the seats with `zhicheng meeting show`.",
            "seat",
            "Order 40 Art. 11",
        )
    drawn = await session.get_one(ExpertDraw, tuple(case.key.values()))
    pool = [d.PoolEntry.model_validate(entry) for entry in drawn.pool]
    ever = set(await session.scalars(select(PanelMember.expert_ref).filter_by(**case.key)))
    follower = None
    for ref in d.next_in_rank(pool, leaving.specialty, drawn.seed, ever):
        unable = unable_on(await session.get(Expert, ref), case.meeting.meeting_on)
        if unable is None:
            follower = ref
            break
        row = {**case.key, "expert_ref": ref, "seat": said.seat, "reason": unable, "at": case.at}
        await write_new(session, PassedOver, [row])
    if follower is None:
        raise unmet(
            f"{leaving.specialty}专业已无可递补的专家。",
            f"Nobody of '{leaving.specialty}' is left to follow.",
            "请另行安排会议并重新抽取。",
            "Plan another meeting and draw anew.",
            "seat",
            "Order 40 Art. 11",
        )
    leaving.replaced_by, leaving.reason, leaving.replaced_at = follower, said.reason, case.at
    followers = select(func.count()).select_from(PanelMember).filter_by(**case.key)
    place = 1 + (await session.scalar(followers.where(PanelMember.follows.is_not(None))) or 0)
    session.add(
        PanelMember(
            **case.key,
            expert_ref=follower,
            seat=leaving.seat,
            specialty=leaving.specialty,
            follows=place,
            duty="member",
        )
    )
    await session.flush()
    recusals = 0
    for ref in await agenda_refs(session, case.key):
        recusals += await clear_conflicts(case, ref, {follower})
    return MeetingActDone(counts={"seat": said.seat, "replaced": place, "new_recusals": recusals})


async def pool_of(case: Case, specialties: tuple[str, ...]) -> tuple[d.PoolEntry, ...]:
    """Who may be drawn: active, with a term through the meeting day, of one of the specialties."""
    rows = await case.session.scalars(select(Expert).filter_by(status="active").order_by(Expert.expert_ref))
    return tuple(
        d.PoolEntry(expert_ref=e.expert_ref, employer=e.employer, specialties=tuple(sorted(e.specialties)))
        for e in rows
        if e.term_until >= case.meeting.meeting_on and set(e.specialties) & set(specialties)
    )


def _in_time(case: Case) -> None:
    last = d.last_draw_day(case.meeting.meeting_on, case.terms.draw_lead_days)
    if local_day(case.at) > last:
        lead, day = case.terms.draw_lead_days, case.meeting.meeting_on
        raise unmet(
            f"专家应在会议（{day}）召开{lead}日前抽取完成，最迟{last}。",
            f"The draw must be done {lead} days before the meeting on {day}: {last} was the last day.",
            "请另行安排较晚的会议。",
            "Plan a later meeting.",
            "meeting_on",
            "津人社办函〔2023〕355号",
        )


def _check_witness(case: Case, said: Draw) -> None:
    if said.witness.id == said.actor.id:
        raise _two_persons()
    holder = case.terms.organisations.get(said.witness.role.value)
    if said.witness.role not in WITNESSES or said.witness.organisation != holder:
        raise refuse(
            RefusalCode.WRONG_ORGANISATION,
            zh="监督人须来自组建单位、市职称办或办事机构。",
            en="The witness comes from the convening unit, the city title office or the committee office.",
            fix_zh="请更正 witness。",
            fix_en="Correct `witness`.",
            field="witness",
            citation="separation of duties, by design",
        )


def _two_persons() -> Refused:
    return refuse(
        RefusalCode.SEPARATION_OF_DUTIES,
        zh="抽取人和监督人须为两人。",
        en="The drawer and the witness are two persons.",
        fix_zh="请由另一人监督。",
        fix_en="Let somebody else watch.",
        field="witness",
        citation="separation of duties, by design",
    )


def _other(side: str) -> str:
    return "witness" if side == "drawer" else "drawer"
