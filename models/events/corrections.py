"""Events that correct a decision recorded on the wrong application: proposed, dismissed, approved.

An approval leads back to the stage that was stored with the decision: one event a stage, so that the chart
stays flat. The corrected fact stays in the chain; the new one names it (`fact`).
"""

from __future__ import annotations

from models.conditions import CONDITIONS as C
from models.corrections import CORRECTION, CORRECTORS, WHERE, event_to
from models.guards import goes_back_to
from models.roles import Role
from models.stages import STAGES, Stage
from models.transitions import Transition, event

_CITATION = "correction of a record, by design (decision 14); process (a) separation"


def _told(stage: Stage) -> tuple[Role, ...]:
    """The applicant, the employer, and whoever has the application now or had it."""
    roles = (Role.APPLICANT, Role.EMPLOYER, STAGES[stage].lane)
    since = tuple(STAGES[source].lane for source in CORRECTION[stage])
    return tuple(dict.fromkeys((*roles, *since)))


CORRECTIONS: tuple[Transition, ...] = (
    event(
        "correction_proposed",
        WHERE,
        None,
        CORRECTORS,
        "提出更正（决定记错人）",
        "propose to correct a decision recorded on the wrong person",
        _CITATION,
        "records",
        "correct",
        when={"step": "propose"},
        guards=(C["correctable"], C["corrector"], C["none_proposed"]),
        evidence=("被更正事项、原因、文号", "the fact, the reason, the document number"),
        every_stage=True,
        while_held=True,
    ),
    event(
        "correction_dismissed",
        WHERE,
        None,
        CORRECTORS,
        "驳回更正",
        "dismiss the proposed correction",
        _CITATION,
        "records",
        "correct",
        when={"step": "dismiss"},
        guards=(C["proposal"], C["corrector"]),
        evidence=("原因", "the reason"),
        every_stage=True,
        while_held=True,
    ),
    *(
        event(
            event_to(stage),
            sources,
            stage,
            CORRECTORS,
            f"批准更正，回到：{STAGES[stage].label.zh}",
            f"approve the correction, back to: {STAGES[stage].label.en}",
            _CITATION,
            "records",
            "correct",
            when={"step": "approve"},
            chosen=goes_back_to(stage),
            guards=(C["proposal"], C["correctable"], C["corrector"], C["second"], C["bar_left"]),
            evidence=("第二人批准、文号", "the approval of a second person, the document number"),
            notify=_told(stage),
            every_stage=True,
        )
        for stage, sources in CORRECTION.items()
    ),
)
