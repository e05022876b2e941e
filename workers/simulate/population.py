"""Draws who applies: units, and applicants with what they apply for, when they come and how good they are.

An applicant is a pure function of seed, number and distribution: one more applicant changes nobody else, and
the same people can be run on two plans. All names are made up of syllables.
"""

from __future__ import annotations

from models.roles import Reference
from models.wire import Wire
from workers.rehearsal.cast import Cast, Json, paper, sha
from workers.simulate.distribution import Distribution
from workers.simulate.luck import Luck

LEVELS = ("deputy_senior", "intermediate")

_PLACES = ("津源", "海晏", "北辰", "静安", "蓟州", "宁河", "河滨", "东丽", "西青", "武清", "宝坻", "新港")
_TRADES = ("计量", "质量", "标准化", "药品检验", "仪器", "检测技术", "精密制造", "生物制药")
_FORMS = {
    "institution": "研究院",
    "enterprise": "有限公司",
    "non_public": "科技有限公司",
    "agency": "人才服务中心（人事代理）",
}
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
_GIVEN = (
    "一禾",
    "子墨",
    "文博",
    "可心",
    "思远",
    "雨桐",
    "佳音",
    "明哲",
    "若水",
    "承志",
    "安然",
    "立言",
    "清扬",
)


class Unit(Wire):
    """A unit that recommends: its kind, its department, and the posts free at each level."""

    ref: Reference
    name: str
    kind: str
    employment_kind: str
    full_post_management: bool
    department: Reference
    posts: dict[str, int]
    extra_delay: int


class Applicant(Wire):
    """One person and the application. `arrives` counts working days from the opening; None: never.

    `idles` is the day around which a draft that is never handed in was begun.
    """

    number: int
    ref: Reference
    person: Reference
    name: str
    unit: Unit
    specialty: str
    level: str
    route: str
    quality: str
    arrives: int | None
    idles: int
    drafted: int

    @property
    def pool(self) -> str | None:
        """The pool of posts that the recommendation draws on, if it is bound by posts."""
        return f"{self.unit.ref}/{self.level}" if self.unit.full_post_management else None

    def cast(self, plan_id: str, committee_size: int) -> Cast:
        """Everybody around this application, who send its commands."""
        return Cast(
            ref=self.ref,
            plan_id=plan_id,
            employer=self.unit.ref,
            department=self.unit.department,
            specialty=self.specialty,
            level=self.level,
            route=self.route,
            full_post_management=self.unit.full_post_management,
            committee_size=committee_size,
        )

    def dossier(self, cast: Cast, *, complete: bool = True, edition: int = 1) -> Json:
        """The dossier, with what the declared route needs; an incomplete one lacks the copyright page."""
        title = f"Work of {self.ref}" if edition == 1 else f"Work of {self.ref}, edition {edition}"
        achievements = [paper(title)]
        if not complete:
            achievements[0]["parts"] = [p for p in achievements[0]["parts"] if p["name"] != "copyright_page"]
        if self.route == "exception":
            achievements.append(_document(self.ref, "exception_request", "破格申请", ("request",)))
        if self.route == "qualification":
            parts = ("certificate", "employer_appointment")
            achievements.append(_document(self.ref, "qualification", "职业资格证书", parts))
        body = cast.dossier(achievements=achievements)
        body["facts"]["employment_kind"] = self.unit.employment_kind
        body["facts"]["full_post_management"] = self.unit.full_post_management
        return body


class Population:
    """The people and units of one seed and one distribution."""

    def __init__(self, distribution: Distribution, seed: int) -> None:
        self.distribution, self.seed = distribution, seed
        self._units: dict[int, list[tuple[Unit, int]]] = {}

    def applicants(self, count: int) -> list[Applicant]:
        """The first `count` applicants."""
        return [self.applicant(number) for number in range(1, count + 1)]

    def units_of(self, applicants: list[Applicant]) -> list[Unit]:
        """The units of these applicants, each once, in the order of their references."""
        return [unit for _, unit in sorted({a.unit.ref: a.unit for a in applicants}.items())]

    def applicant(self, number: int) -> Applicant:
        """The applicant with this number, from 1."""
        luck, given = self.luck(number), self.distribution
        block = (number - 1) // given.cohort.block
        units = self._block(block)
        places = tuple((place, size) for place, (_, size) in enumerate(units))
        level = luck.pick("level", given.applicants.levels)
        ref = f"sim-{number:05d}"
        return Applicant(
            number=number,
            ref=ref,
            person=f"p-{ref}",
            name=_person_name(luck),
            unit=units[luck.draw("unit", places)][0],
            specialty=luck.pick("specialty", given.applicants.specialties),
            level=level,
            route=luck.pick("route", given.applicants.routes(level)),
            quality=luck.pick("quality", {name: q.weight for name, q in given.quality.items()}),
            arrives=None if luck.chance("never", given.arrival.never) else _arrival(luck, given),
            idles=_arrival(luck, given),
            drafted=luck.draw("drafted", given.arrival.drafted_before),
        )

    def luck(self, number: int) -> Luck:
        """The draws of one applicant."""
        return Luck(self.seed, f"applicant-{number}")

    def _block(self, block: int) -> list[tuple[Unit, int]]:
        if block not in self._units:
            count = self.distribution.cohort.units
            self._units[block] = [self._unit(block * count + place + 1) for place in range(count)]
        return self._units[block]

    def _unit(self, number: int) -> tuple[Unit, int]:
        luck, given = Luck(self.seed, f"unit-{number}"), self.distribution
        kind = luck.pick("kind", {name: k.weight for name, k in given.unit_kinds.items()})
        spec = given.unit_kinds[kind]
        place, trade = luck.random("name").choice(_PLACES), luck.random("trade").choice(_TRADES)
        unit = Unit(
            ref=f"sim-unit-{number:04d}",
            name=f"{place}{trade}第{number}{_FORMS.get(kind, '单位')}",
            kind=kind,
            employment_kind=spec.employment_kind.value,
            full_post_management=spec.full_post_management,
            department=luck.pick("department", spec.departments),
            posts={level: luck.draw(f"posts/{level}", spec.posts(level)) for level in LEVELS}
            if spec.full_post_management
            else {},
            extra_delay=luck.draw("extra_delay", spec.extra_delay),
        )
        return unit, luck.draw("size", given.cohort.unit_size)


def _arrival(luck: Luck, given: Distribution) -> int:
    return luck.draw("week", given.arrival.weeks) + luck.between("weekday", 0, 4)


def _person_name(luck: Luck) -> str:
    return luck.random("surname").choice(_SURNAMES) + luck.random("given").choice(_GIVEN)


def _document(ref: str, kind: str, title: str, names: tuple[str, ...]) -> Json:
    parts = [
        {
            "name": name,
            "first_page": page,
            "last_page": page,
            "sha256": sha(f"{ref}/{kind}/{name}"),
            "sealed_first_page": True,
            "colour": True,
            "dpi": 300,
        }
        for page, name in enumerate(names, start=1)
    ]
    return {"id": kind.replace("_", "-"), "kind": kind, "title": title, "parts": parts}
