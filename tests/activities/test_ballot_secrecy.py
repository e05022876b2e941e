"""No column, no order and no transaction links an expert and a ballot; and twenty at once count once."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent

from activities.database import Database
from models.refusal import Refused
from models.tables import Base
from tests.activities.hall import ON_THE_DAY, Hall
from tests.payloads import payloads_of
from workers.rehearsal.meeting_cast import in_person

ROUNDS = 8
"""Ballots whose order of slips is looked at."""

EXPERTS = 11


@pytest.fixture
async def database(postgres_url: str):  # type: ignore[no-untyped-def]
    """PostgreSQL: transactions run side by side; ctid tells the order of rows, xmin who wrote them."""
    opened = Database(postgres_url)
    yield opened
    await opened.close()


async def _column(database: Database, query: str) -> list[str]:
    async with database.reading() as session:
        return [str(value) for value in (await session.execute(text(query))).scalars()]


# --- secrecy -----------------------------------------------------------------------------------------


async def test_nothing_in_the_database_tells_who_has_which_slip(database: Database) -> None:
    """Rows are where they were written: hashes by hash, slips at random, and taken at random again."""
    hall, written_to_taken = Hall(database), []
    refs = [f"a{n}" for n in range(ROUNDS)]
    panel = await hall.opened(*refs)
    for ref in refs:
        await hall.do(hall.cast.open_ballot(ref))
        hashes = await _column(database, "SELECT slip_sha256 FROM ballot_slips ORDER BY ctid")
        assert hashes == sorted(hashes)
        written = await _column(database, "SELECT slip FROM slips_to_take ORDER BY ctid")
        taken = [await hall.slip(expert, ref) for expert in panel]
        assert sorted(taken) == sorted(written)
        assert await _column(database, "SELECT slip FROM slips_to_take") == []
        written_to_taken.append([written.index(slip) for slip in taken])
        for slip in taken:
            await hall.room.cast(*hall.key, ref, slip, "yes")
        await _no_transaction_is_shared(database)
        await hall.do(hall.cast.close_ballot(ref))
    assert len({tuple(order) for order in written_to_taken}) == ROUNDS
    for place in range(EXPERTS):
        assert len({order[place] for order in written_to_taken}) > 1, f"expert {place} always gets the same"
    for table in ("ballot_roll", "ballot_slips", "slips_to_take"):
        assert await _column(database, f"SELECT box_ref FROM {table}") == []


async def _no_transaction_is_shared(database: Database) -> None:
    """No live row that names an expert was written by the transaction that wrote one of a slip or counter."""
    tables = ("ballot_slips", "slips_to_take", "ballot_boxes")
    ballots = " UNION ".join(f"SELECT xmin FROM {table}" for table in tables)
    shared = f"SELECT expert_ref FROM ballot_roll WHERE taken AND xmin IN ({ballots})"
    assert await _column(database, shared) == []
    for table in ("attendance", "opinions", "recusals"):
        query = f"SELECT expert_ref FROM {table} WHERE xmin IN (SELECT xmin FROM ballot_slips WHERE used)"
        assert await _column(database, query) == []


def test_no_table_has_a_column_for_an_expert_and_one_for_a_ballot() -> None:
    of_a_ballot = {"slip", "slip_sha256", "used", "yes", "no", "abstain", "choice"}
    for table in Base.metadata.sorted_tables:
        columns = {column.name for column in table.columns}
        assert not ("expert_ref" in columns and columns & of_a_ballot), table.name
    columns_of = {name: {c.name for c in table.columns} for name, table in Base.metadata.tables.items()}
    assert columns_of["ballot_slips"] == {"box_ref", "slip_sha256", "used"}
    assert columns_of["slips_to_take"] == {"box_ref", "slip"}
    assert columns_of["ballot_roll"] == {"box_ref", "expert_ref", "taken"}


def test_the_search_through_histories_finds_what_is_there() -> None:
    event = HistoryEvent()
    attributes = event.workflow_execution_started_event_attributes
    attributes.input.payloads.append(Payload(data=b"an-expert"))
    attributes.header.fields["kept"].data = b"a-slip"
    assert {b"an-expert", b"a-slip"} <= set(payloads_of(event))


# --- twenty at once ----------------------------------------------------------------------------------


async def test_one_slip_cast_twenty_times_at_once_counts_once(database: Database) -> None:
    hall = Hall(database)
    panel = await hall.opened("a")
    await hall.do(hall.cast.open_ballot("a"))
    slip = await hall.slip(panel[0], "a")
    sent = [hall.room.cast(*hall.key, "a", slip, "yes" if n % 2 else "no") for n in range(20)]
    answers = await asyncio.gather(*sent, return_exceptions=True)
    assert sum(answer is None for answer in answers) == 1
    refusals = [answer.refusal.rule.en for answer in answers if isinstance(answer, Refused)]
    assert len(refusals) == 19
    assert all("used" in words for words in refusals)
    counts = (await hall.do(hall.cast.close_ballot("a"))).counts
    assert (counts["yes"] + counts["no"], counts["blank"]) == (1, EXPERTS - 1)


async def test_one_expert_at_twenty_desks_gets_one_slip(database: Database) -> None:
    hall = Hall(database)
    panel = await hall.opened("a")
    await hall.do(hall.cast.open_ballot("a"))
    answers = await asyncio.gather(*(hall.slip(panel[0], "a") for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert sum(isinstance(answer, Refused) for answer in answers) == 19
    assert len(await _column(database, "SELECT slip FROM slips_to_take")) == EXPERTS - 1


async def test_the_whole_panel_takes_and_casts_at_once(database: Database) -> None:
    hall = Hall(database)
    panel = await hall.opened("a")
    await hall.do(hall.cast.open_ballot("a"))

    async def vote(expert: str) -> None:
        await hall.room.cast(*hall.key, "a", await hall.slip(expert, "a"), "yes")

    await asyncio.gather(*(vote(expert) for expert in panel))
    counts = (await hall.do(hall.cast.close_ballot("a"))).counts
    assert (counts["yes"], counts["blank"]) == (EXPERTS, 0)


async def test_of_two_openings_of_one_ballot_at_once_one_opens(database: Database) -> None:
    hall = Hall(database)
    await hall.opened("a")
    answers = await asyncio.gather(
        hall.do(hall.cast.open_ballot("a")), hall.do(hall.cast.open_ballot("a")), return_exceptions=True
    )
    assert sum(isinstance(answer, Refused) for answer in answers) == 1, answers
    assert await _column(database, "SELECT status FROM ballot_boxes WHERE status = 'open'") == ["open"]
    assert len(await _column(database, "SELECT slip FROM slips_to_take")) == EXPERTS


async def test_a_vote_and_the_closing_at_once_agree(database: Database) -> None:
    hall = Hall(database)
    panel = await hall.opened("a")
    await hall.do(hall.cast.open_ballot("a"))
    slips = [await hall.slip(expert, "a") for expert in panel]
    cast = [hall.room.cast(*hall.key, "a", slip, "yes") for slip in slips]
    *votes, closed = await asyncio.gather(
        *cast, hall.step(hall.cast.close_ballot("a"), ON_THE_DAY), return_exceptions=True
    )
    counted = sum(answer is None for answer in votes)
    assert closed.counts["yes"] == counted  # type: ignore[union-attr]
    assert all(answer is None or "late vote" in str(answer) for answer in votes)


async def test_an_arrival_and_a_recusal_wait_for_the_opening(database: Database) -> None:
    """Whoever is first: the roll, the counts and the slips agree."""
    hall = Hall(database)
    panel = await hall.opened("a", absent=1)
    late = (await hall.panel())[10]
    await asyncio.gather(
        hall.do(hall.cast.open_ballot("a")),
        hall.room.sign_in(*hall.key, in_person(late), late, ON_THE_DAY),
        hall.room.declare_recusal(*hall.key, in_person(panel[5]), panel[5], "a", ON_THE_DAY),
        return_exceptions=True,
    )
    rows = "SELECT attending - recused FROM ballot_boxes WHERE status = 'open'"
    [able] = await _column(database, rows)
    assert len(await _column(database, "SELECT expert_ref FROM ballot_roll")) == int(able)
    assert len(await _column(database, "SELECT slip FROM slips_to_take")) == int(able)
