"""Who applies in a simulation: the same person for the same seed and number, whoever else applies."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest
from pydantic import ValidationError

from models.calendar import WorkCalendar
from models.dossier import Dossier
from models.eligibility import screen
from models.materials import missing
from models.plan import ReviewPlan
from models.plan_periods import terms_on
from workers.simulate.distribution import Distribution
from workers.simulate.luck import Luck
from workers.simulate.mind import World
from workers.simulate.population import Population

PLAN = ReviewPlan.load("tianjin-quality-2023")
GIVEN = Distribution.load()
TEXT = (files("workers.simulate") / "population.toml").read_text("utf-8")


def test_the_same_seed_gives_the_same_people() -> None:
    assert Population(GIVEN, 7).applicants(60) == Population(GIVEN, 7).applicants(60)


def test_another_seed_gives_other_people() -> None:
    one, other = Population(GIVEN, 7).applicants(60), Population(GIVEN, 8).applicants(60)
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 5


def test_one_applicant_more_changes_nobody_else() -> None:
    few, many = Population(GIVEN, 7).applicants(51), Population(GIVEN, 7).applicants(400)
    assert many[:51] == few
    assert Population(GIVEN, 7).applicant(333) == many[332]


def test_luck_does_not_depend_on_the_order_of_asking() -> None:
    table = ((1, 1), (2, 1), (3, 1))
    forwards, backwards = Luck(7, "x"), Luck(7, "x")
    questions = [f"question-{n}" for n in range(40)]
    first = [forwards.draw(q, table) for q in questions]
    second = [backwards.draw(q, table) for q in reversed(questions)]
    assert first == second[::-1]
    assert set(first) == {1, 2, 3}


def test_weights_are_kept() -> None:
    people = Population(GIVEN, 1).applicants(2000)
    share = Counter(who.specialty for who in people)["quality"] / len(people)
    wanted = GIVEN.applicants.specialties["quality"] / sum(GIVEN.applicants.specialties.values())
    assert abs(share - wanted) < 0.05


def test_posts_are_those_of_units_under_full_post_management_only() -> None:
    people = Population(GIVEN, 1).applicants(200)
    bound = [who for who in people if who.unit.full_post_management]
    assert bound
    assert len(bound) < len(people)
    assert all(who.pool == f"{who.unit.ref}/{who.level}" for who in bound)
    assert all(who.pool is None and not who.unit.posts for who in people if who not in bound)


def test_dossiers_have_what_their_route_needs_and_incomplete_ones_lack_a_part() -> None:
    routes = set()
    for who in Population(GIVEN, 3).applicants(150):
        cast = who.cast(PLAN.id, 11)
        dossier = Dossier.model_validate(who.dossier(cast))
        assert not missing(dossier.achievements, dossier.route), who
        lacking = Dossier.model_validate(who.dossier(cast, complete=False))
        assert [f.subject for f in missing(lacking.achievements, lacking.route)] == ["paper-1.copyright_page"]
        found = screen(
            dossier.facts,
            PLAN,
            PLAN.dates.opens.first_day.value,
            specialty=dossier.specialty,
            level=dossier.level,
            route=dossier.route,
        )
        assert not [f for f in found if f.severity == "bar" and f.code.startswith("plan.")]
        routes.add(who.route)
    assert routes == {"normal", "exam", "exception", "qualification"}


def test_most_come_in_the_second_half_and_some_too_late() -> None:
    calendar = WorkCalendar.load()
    world = World(terms_on(PLAN, calendar), calendar, GIVEN)
    days = [world.submits_on(who) for who in Population(GIVEN, 5).applicants(600)]
    handed_in = [day for day in days if day is not None]
    last = world.terms.last_publicity_start
    assert last is not None
    assert 0 < days.count(None) < 60
    assert 0.02 < sum(day > last for day in handed_in) / len(handed_in) < 0.25
    assert all(calendar.is_workday(day) for day in handed_in)


def test_every_number_of_the_distribution_says_that_it_is_invented() -> None:
    bare = [
        line
        for line in TEXT.splitlines()
        if "=" in line and re.search(r"=.*\d", line.split("#")[0]) and "# invented for simulation" not in line
    ]
    assert bare == ['id = "invented-2023"']


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("abandons = 0.05", "abandons = 1.5", "applicant.abandons"),
        ("hexi-hrss = 2 }", "nowhere = 2 }", "nowhere"),
        ("results_after = [[1, 2], [2, 2], [3, 1]]", "results_after = [[1, 0]]", "exam.results_after"),
        ("block = 50", "blocks = 50", "cohort.block"),
    ],
)
def test_a_wrong_distribution_says_where(tmp_path: Path, old: str, new: str, names: str) -> None:
    assert TEXT.count(old) == 1
    file = tmp_path / "mine.toml"
    file.write_text(TEXT.replace(old, new), "utf-8")
    with pytest.raises(ValidationError) as wrong:
        Distribution.load(file)
    first = wrong.value.errors()[0]
    assert names in ".".join(str(step) for step in first["loc"]) + first["msg"]
