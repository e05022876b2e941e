"""The short form of `make chaos`, and proof that its account finds what is lost or doubled."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models.audit import Fact
from models.stages import Stage
from tests.chaos.faults import LINKS, LONG, PROCESSES, SHORT, plan
from tests.chaos.ledger import Answer
from tests.chaos.link import Link
from tests.chaos.reckoning import Account, Doings, Row, deliveries, reckon
from tests.chaos.run import BRIEF, chaos
from tests.models.life import Cast, Life, submitted


async def test_a_short_chaos_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    report = await chaos(3, 6, BRIEF, tmp_path, print)
    print(report.words())
    assert report.clean
    assert report.doctor == "clean"
    assert report.account.line() == f"acknowledged {report.account.acknowledged}, lost 0, doubled 0"
    assert report.account.acknowledged >= 6 * 9
    assert report.done.total() == len(plan(3, SHORT)) == 7


# --- the plan ----------------------------------------------------------------------------------------


def test_a_seed_gives_the_same_plan_and_another_one_another() -> None:
    assert plan(1, LONG) == plan(1, LONG)
    assert plan(1, LONG) != plan(2, LONG)


@pytest.mark.parametrize("seed", range(5))
def test_the_long_plan_hits_every_process_and_every_link_in_every_way(seed: int) -> None:
    faults = plan(seed, LONG)
    assert {fault.target for fault in faults if fault.kind == "kill"} == set(PROCESSES)
    assert {fault.target for fault in faults if fault.kind in ("cut", "delay", "hole", "half-close")} == set(
        LINKS
    )
    assert Counter(fault.kind for fault in faults).keys() == {
        *("kill", "cut", "delay", "hole", "half-close", "disk full", "database away")
    }
    (away,) = [fault for fault in faults if fault.kind == "database away"]
    assert away.seconds >= 60
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)


# --- the account -------------------------------------------------------------------------------------

REF = "one"


def _told() -> tuple[list[Answer], list[Fact], list[Row]]:
    """An application that was submitted: what the client was told, the chain, and its rows."""
    facts = list(submitted(Life(Cast(REF))).state.history)
    rows = [Row(REF, fact.seq, fact.hash, fact.command_id, fact.event) for fact in facts]
    (key,) = [fact.command_id for fact in facts if fact.command_id]
    return [Answer(key, REF, "http", "accepted", {"revision": 1})], facts, rows


def _account(change: Callable[[list[Answer], list[Fact], list[Row]], object] = lambda *_: None) -> Account:
    answers, facts, rows = _told()
    change(answers, facts, rows)
    return reckon(answers, {REF: facts}, rows)


def test_what_adds_up_is_whole() -> None:
    account = _account()
    assert account.whole
    assert account.line() == "acknowledged 1, lost 0, doubled 0"


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        (lambda a, _f, _r: a.append(replace(a[0], key="gone")), "lost", "is in no history"),
        (lambda a, _f, _r: a.append(replace(a[0], key="gone", kind="taken")), "lost", "neither done nor"),
        (lambda _a, _f, r: r.pop(), "lost", "has no row in the audit"),
        (lambda a, _f, _r: a.append(replace(a[0], key="start x", ref="x")), "lost", "no application"),
        (lambda _a, f, _r: f.append(f[-1]), "doubled", "2 in histories"),
        (lambda _a, _f, r: r.append(replace(r[-1], seq=9)), "doubled", "2 in the audit"),
        (lambda a, _f, _r: a.clear(), "unexplained", "answered to nobody"),
        (lambda a, _f, _r: a.append(replace(a[0], said={"revision": 2})), "unexplained", "2 different"),
        (
            lambda a, _f, _r: a.__setitem__(0, replace(a[0], kind="refused")),
            "unexplained",
            "refused and done",
        ),
        (lambda _a, _f, r: r.__setitem__(0, replace(r[0], hash="0" * 64)), "unexplained", "not the facts"),
        (
            lambda _a, f, _r: f.__setitem__(0, f[0].model_copy(update={"to_stage": Stage.CERTIFIED})),
            "unexplained",
            REF,
        ),
    ],
)
def test_the_account_finds_every_kind_of_loss(
    change: Callable[[list[Answer], list[Fact], list[Row]], object], where: str, words: str
) -> None:
    account = _account(change)
    assert not account.whole
    assert any(words in one for one in getattr(account, where)), account


def test_a_vote_is_two_events_of_one_command_and_done_once() -> None:
    done = Doings()
    done.add("vote", REF, 7, "open_and_count")
    done.add("vote", REF, 8, "vote_passed")
    assert (done["vote"], done["other"]) == (1, 0)
    for again in ((REF, 9, "vote_passed"), (REF, 11, "close"), ("two", 9, "close")):
        more = Doings()
        more.places["vote"] = [*done.places["vote"], again]
        assert more["vote"] == 2, again


def test_a_refusal_that_the_workflow_has_forgotten_is_in_the_audit() -> None:
    def refuse(answers: list[Answer], _facts: list[Fact], rows: list[Row]) -> None:
        answers.append(replace(answers[0], key="late", kind="taken"))
        rows.append(Row(REF, rows[-1].seq + 1, "0" * 64, None, "refused", "late"))

    account = _account(refuse)
    assert account.lost == []


def test_the_account_finds_a_delivery_that_never_came_and_one_that_changed() -> None:
    account = Account()
    deliveries(account, {"w_1": {"a"}, "w_3": {"a", "b"}}, ["w_1", "w_3"], {"w_1": 2, "w_3": 1}, 3)
    assert account.lost == ["1 events were never delivered, e.g. [2]"]
    assert account.unexplained == ["delivery w_3 had 2 bodies"]
    assert account.effects["deliveries repeated under their id"] == 1


# --- the wire ----------------------------------------------------------------------------------------


async def test_a_wire_passes_on_stops_and_breaks() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(100):
            writer.write(piece)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    link = Link("test", server.sockets[0].getsockname()[1])
    await link.open()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        link.hole()
        writer.write(b"two")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.readexactly(3)
        link.heal()
        assert await reader.readexactly(3) == b"two"
        assert link.half_close() == 1
        assert await reader.read() == b""
        again, writer_2 = await asyncio.open_connection("127.0.0.1", link.port)
        writer_2.write(b"six")
        assert await again.readexactly(3) == b"six"
        assert link.cut() == 2
        with pytest.raises(ConnectionResetError):
            await again.readexactly(1)
    finally:
        for one in (writer, writer_2):
            one.transport.abort()
        await link.close()
        server.close()
