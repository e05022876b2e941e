"""The described distribution: the shape of `population.toml`, read strictly.

Shares run from 0 to 1, tables are rows of [value, weight], days are working days unless said otherwise.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, NonNegativeFloat, model_validator

from models.criteria import EmploymentKind
from models.roles import Reference
from models.wire import Label, Wire

Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=0, le=250)]
Row = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]
Rows = Annotated[tuple[Row, ...], Field(min_length=1)]
Weights = Annotated[dict[str, NonNegativeFloat], Field(min_length=1)]


class Cohort(Wire):
    """Applicants and units come in blocks."""

    block: int = Field(ge=1, le=1000)
    units: int = Field(ge=1, le=1000)
    unit_size: Rows


class UnitKind(Wire):
    """One kind of unit; the posts are those free at each level, for units that are bound by posts."""

    weight: NonNegativeFloat
    employment_kind: EmploymentKind
    full_post_management: bool
    departments: Weights
    posts_deputy_senior: Rows = ((0, 1),)
    posts_intermediate: Rows = ((0, 1),)
    extra_delay: Rows

    def posts(self, level: str) -> Rows:
        """The table of free posts at a level."""
        return self.posts_deputy_senior if level == "deputy_senior" else self.posts_intermediate


class DepartmentPace(Wire):
    """How much longer a department always takes."""

    extra_delay: Days


class Applicants(Wire):
    """What people apply for."""

    specialties: Weights
    levels: Weights
    routes_deputy_senior: Weights
    routes_intermediate: Weights

    def routes(self, level: str) -> dict[str, float]:
        """The weights of the routes at a level."""
        return self.routes_deputy_senior if level == "deputy_senior" else self.routes_intermediate


class Quality(Wire):
    """How good a dossier is."""

    weight: NonNegativeFloat
    defects: NonNegativeFloat
    yes: Share


class Arrival(Wire):
    """When dossiers are handed in; `weeks` are rows of (first of five working days after the opening)."""

    weeks: Rows
    never: Share
    drafted_before: Rows
    incomplete: Share


class ApplicantHabits(Wire):
    """What applicants do."""

    repair: Rows
    abandons: Share
    withdraws: Share
    withdraws_at: Weights
    withdraws_after: Rows
    recheck: Share
    recheck_after: Rows
    substantive: Share


class EmployerHabits(Wire):
    """What units do."""

    review: Rows
    returns: Share
    reasons: Weights
    declines: Share
    reopens: Share
    reopens_after: Rows
    posts: Rows
    hurries: Share
    evidence: Rows
    cancels: Share
    objections: Share
    objection_day: Rows
    rules_at_once: Share
    rules_after: Rows
    findings: Weights
    blocked_again: Rows
    blocked_declines: Share


class DepartmentHabits(Wire):
    """What departments in charge do."""

    review: Rows
    returns: Share
    reasons: Weights
    substantive: Share
    rejects: Share
    hurries: Share
    confirms: Rows


class OfficeHabits(Wire):
    """What the committee office does."""

    review: Rows
    returns: Share
    reasons: Weights
    again: Share
    substantive: Share
    refuses: Share
    holds: Share
    hold_lasts: Rows
    hold_rejects: Share
    hurries: Share


class ExamHabits(Wire):
    """The professional examination: one sitting, and another for those accepted after it."""

    days_before_end: Days
    results_after: Rows
    results: Weights


class MeetingHabits(Wire):
    """The committee's meetings."""

    first_after: Days
    every: Annotated[int, Field(ge=1, le=60)]
    agenda_closes: Days
    drawn_before: Annotated[int, Field(ge=1, le=60)]
    committee: Annotated[int, Field(ge=3, le=99)]
    attending: Rows
    recused: Rows
    abstains: Share
    list_after: Rows


class ResultHabits(Wire):
    """From the list to the archive."""

    objections: Share
    objection_day: Rows
    rules_after: Rows
    findings: Weights
    report_after: Rows
    confirms: Rows
    questions: Share
    archives: Rows
    never_archived: Share
    revoked: Share
    revoked_after: Rows
    recheck_rules_after: Rows
    recheck_founded: Share
    cancelled: Share


class CityOfficeHabits(Wire):
    """What the city title office does."""

    admits_late: Share
    admits_after: Rows
    extra_days: Annotated[int, Field(ge=1, le=30)]


class Horizon(Wire):
    """How long is simulated: calendar days after the last day for meetings."""

    days_after_window: Annotated[int, Field(ge=1, le=1000)]


class Distribution(Wire):
    """Everything that is drawn from. `id` and `note` go into every result."""

    id: Reference
    note: Label
    cohort: Cohort
    unit_kinds: Annotated[dict[str, UnitKind], Field(min_length=1)]
    departments: dict[Reference, DepartmentPace]
    applicants: Applicants
    quality: Annotated[dict[str, Quality], Field(min_length=1)]
    arrival: Arrival
    applicant: ApplicantHabits
    employer: EmployerHabits
    department: DepartmentHabits
    office: OfficeHabits
    exam: ExamHabits
    meeting: MeetingHabits
    result: ResultHabits
    city_office: CityOfficeHabits
    horizon: Horizon

    @model_validator(mode="after")
    def _weighted(self) -> Self:
        """Every table and every set of weights must be able to give something."""
        for path, value in _leaves(self.model_dump(), ""):
            if isinstance(value, tuple | list) and sum(row[1] for row in value) <= 0:
                raise ValueError(f"{path}: the weights add up to nothing")
            if isinstance(value, dict) and sum(value.values()) <= 0:
                raise ValueError(f"{path}: the weights add up to nothing")
        named = {name for kind in self.unit_kinds.values() for name in kind.departments}
        unknown = sorted(named - set(self.departments))
        if unknown:
            raise ValueError(f"departments: no pace is given for {', '.join(unknown)}")
        return self

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """The distribution in a TOML file, by default the one that comes with the service.

        Raises `OSError`, `tomllib.TOMLDecodeError` or `pydantic.ValidationError`.
        """
        source = path if path is not None else files("workers.simulate") / "population.toml"
        return cls.model_validate(tomllib.loads(source.read_text("utf-8")))


def _leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    """The tables and the sets of weights, with their dotted paths."""
    if isinstance(value, tuple | list):
        return [(path, value)]
    if not isinstance(value, dict):
        return []
    if value and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value.values()):
        return [(path, value)] if path.split(".")[-1] in _WEIGHTED else []
    return [leaf for key, item in value.items() for leaf in _leaves(item, f"{path}.{key}".lstrip("."))]


_WEIGHTED = {
    "departments",
    "specialties",
    "levels",
    "routes_deputy_senior",
    "routes_intermediate",
    "withdraws_at",
    "findings",
    "reasons",
    "results",
}
