"""Who sees what: the condition on the read model says the same as the rule."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from activities.visibility import kept_by, visible_to
from models.roles import Role
from models.tables import AgendaEntry, AgendaItem, Application, Base, ReviewMeeting
from models.visibility import Grant, Ties, archive_of, may_see
from tests.support import unique
from tests.workers.gateway.rows import a_draft

ORGANISATIONS = st.sampled_from(["one", "two", "three", None])
PEOPLE = st.sampled_from(["p-1", "p-2"])
GRANTS = st.lists(st.builds(Grant, role=st.sampled_from(list(Role)), organisation=ORGANISATIONS), max_size=3)
NAMED = st.sampled_from(["one", "two", "three"])


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('seeing') / 'seeing.db'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@settings(max_examples=150, deadline=None)
@given(
    subject=PEOPLE,
    grants=GRANTS,
    applicant=PEOPLE,
    employer=NAMED,
    department=NAMED,
    keeper=ORGANISATIONS,
    committee=ORGANISATIONS,
    elsewhere=ORGANISATIONS,
    offices=st.dictionaries(st.sampled_from([r.value for r in Role]), NAMED),
)
def test_the_list_shows_what_the_rule_says(
    tables: Any,
    subject: str,
    grants: list[Grant],
    applicant: str,
    employer: str,
    department: str,
    keeper: str | None,
    committee: str | None,
    elsewhere: str | None,
    offices: dict[str, str],
) -> None:
    ref, at = unique("v"), datetime(2023, 9, 20, tzinfo=UTC)
    ties = Ties(
        applicant=applicant,
        employer=employer,
        department=department,
        archive_keeper=keeper,
        offices=offices,
        committees=frozenset({committee, elsewhere} - {None}),
    )
    with Session(tables) as session:
        session.add(_row(ref, applicant, employer, department, keeper, at))
        if committee is not None:
            session.add(_meeting(ref, committee, at))
            session.flush()
            session.add(
                AgendaItem(plan_id="p", meeting_ref=ref, application_ref=ref, status="x", added_at=at)
            )
        if elsewhere is not None:
            session.add(_scheduled(ref, elsewhere, at))
        session.flush()
        question = select(Application).where(
            Application.application_ref == ref, visible_to(subject, grants, offices)
        )
        assert (session.scalar(question) is not None) is may_see(subject, grants, ties)
        session.rollback()


@pytest.mark.parametrize("organisation", ["one", "two", "three"])
@pytest.mark.parametrize("of_plan", ["one", "two", None])
@pytest.mark.parametrize("keeper", ["one", "two", None])
def test_the_rows_that_an_archive_keeps_are_those_that_the_rule_gives_it(
    tables: Any, keeper: str | None, of_plan: str | None, organisation: str
) -> None:
    ref, at = unique("k"), datetime(2023, 9, 20, tzinfo=UTC)
    offices = {"office": "three"} | ({"archive": of_plan} if of_plan else {})
    with Session(tables) as session:
        session.add(_row(ref, "p-1", "two", "three", keeper, at))
        session.flush()
        row = select(Application).where(Application.application_ref == ref)
        found = session.scalar(row.where(kept_by(organisation, offices))) is not None
        seen = session.scalar(
            row.where(visible_to("p-2", [Grant(role=Role.ARCHIVE, organisation=organisation)], offices))
        )
        session.rollback()
    assert found is (archive_of(keeper, offices) == organisation)
    assert (seen is not None) is found


def _row(ref: str, applicant: str, employer: str, department: str, keeper: str | None, at: datetime) -> Any:
    people = {"applicant": applicant, "employer": employer, "department": department}
    return a_draft("p", ref, at, archive_keeper=keeper, **people)


def _scheduled(ref: str, committee: str, at: datetime) -> Any:
    """For a meeting that is not held here: only the application knows of it."""
    return AgendaEntry(
        plan_id="p",
        application_ref=ref,
        seq=1,
        at=at,
        meeting_ref=ref,
        committee_ref=committee,
        committee_size=11,
        committee_valid_until=at.date(),
        drawn_on=at.date(),
        meeting_on=at.date(),
        conflicts_cleared=True,
    )


def _meeting(ref: str, committee: str, at: datetime) -> Any:
    return ReviewMeeting(
        plan_id="p",
        meeting_ref=ref,
        committee_ref=committee,
        committee_size=11,
        committee_valid_until=at.date(),
        meeting_on=at.date(),
        status="planned",
        planned_at=at,
    )
