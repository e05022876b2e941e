"""What a site is made of, without a database: a list on view, one that it corrects, one taken down."""

from __future__ import annotations

from datetime import date

from activities.list_public import Period, PublicList
from models.plan import ReviewPlan
from models.result_list import ResultList, Shown, number
from tests.models.life import moment
from workers.site.pages import Material

PLAN = ReviewPlan.load("tianjin-quality-2023")
NASTY = "<script>alert(1)</script>&\"'"
CERTIFICATES: list[dict[str, str | int | None]] = [
    {
        "number": "TJ-2023-ENG-000001",
        "status": "valid",
        "title_date": "2023-12-27",
        "content_sha256": "ab" * 32,
        "version": 1,
        "revoked_on": None,
    },
    {
        "number": "TJ-2023-ENG-000002",
        "status": "revoked",
        "title_date": "2023-12-27",
        "content_sha256": "cd" * 32,
        "version": 1,
        "revoked_on": "2024-03-01",
    },
]


def a_list(*names: str, n: int = 2, nonce: str = "0f" * 16, corrects: str | None = "1" * 64) -> ResultList:
    """A list of metrologists, in the order of their names."""
    people = [
        (
            (1, 0),
            f"app-{k}",
            Shown(person=name, unit="天津市计量监督检测科学研究院", specialty="计量", level="副高级"),
        )
        for k, name in enumerate(names)
    ]
    return ResultList(
        plan_id=PLAN.id,
        n=n,
        corrects=corrects,
        nonce=nonce,
        columns=PLAN.publicity.result_columns.value,
        entries=number(people),
    )


def material(*names: str, plan: ReviewPlan = PLAN) -> Material:
    """List 2 is on view and corrects list 1; list 3 was taken down."""
    shown = a_list(*(names or ("李明", "王建国", "欧阳晓琳", NASTY)))
    posted, later = moment("2023-12-18 09:00"), moment("2023-12-20 09:00")
    places = tuple((place, later) for place in PLAN.publicity.places.value)
    count = len(shown.entries)
    periods = (
        Period(posted, date(2023, 12, 25), tuple(range(1, count))),
        Period(later, date(2023, 12, 27), (count,)),
    )
    old = PublicList(1, "corrected", "1" * 64, None, 2, (), None, None)
    now = PublicList(2, "published", shown.sha256, 1, None, places, None, shown, periods)
    gone = PublicList(3, "taken_down", "3" * 64, None, None, (), date(2024, 1, 28), None)
    return Material(plan, [old, now, gone], CERTIFICATES)
