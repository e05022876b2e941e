"""What must hold before a list is stored: who publishes it, where it is posted, and when.

The applications check the same again; checked here, nothing is stored that they would all refuse.
"""

from __future__ import annotations

from datetime import datetime

from models.commands import Posting
from models.cycle_commands import PublishList
from models.plan import ReviewPlan
from models.refusal import RefusalCode, Refused, refuse
from models.roles import Role
from models.wire import local_day

RECORDED_WITHIN = 15
"""Days after which a posting that was not recorded is posted again (as in `models.guards.publicity`)."""


def check_actor(plan: ReviewPlan, command: PublishList) -> None:
    """Only the committee's office of the plan publishes (roles in docs/process.md)."""
    office = plan.organisations.get(Role.OFFICE)
    if command.actor.role is not Role.OFFICE or command.actor.organisation != office:
        raise unmet(
            "名单由本方案的评委会办事机构公示。",
            "The list is published by the committee office of the plan.",
            f"请由 {office} 办理。",
            f"Send it for the organisation '{office}' in the role 'office'.",
            "actor",
        )


def check_places(plan: ReviewPlan, postings: tuple[Posting, ...], at: datetime) -> None:
    """Every place of the plan, each once, and no moment that has not come (work plan 八)."""
    places = [posting.place for posting in postings]
    lacking = [place for place in plan.publicity.places.value if place not in places]
    if lacking:
        raise unmet(
            f"尚未在以下平台公示：{'、'.join(lacking)}。",
            f"Not yet posted in: {', '.join(lacking)}.",
            "请在全部平台发布后再登记。",
            "Post it everywhere, then record it.",
            "postings",
        )
    if len(set(places)) < len(places):
        raise unmet(
            "同一平台登记了两次。",
            "A place is named twice.",
            "每个平台登记一次，以最早可见时间为准。",
            "Name each place once, with the moment it became visible there.",
            "postings",
        )
    latest = max(posting.posted_at for posting in postings)
    if latest > at or (local_day(at) - local_day(latest)).days > RECORDED_WITHIN:
        raise unmet(
            f"发布时间不得晚于现在，且须在{RECORDED_WITHIN}天内登记。",
            f"A posting lies not in the future, and is recorded within {RECORDED_WITHIN} days.",
            "请更正 posted_at，或重新发布。",
            "Correct `posted_at`, or post it again.",
            "postings",
        )


def check_moments(postings: tuple[Posting, ...], after: datetime | None) -> None:
    """Nothing was posted before the vote, nor a correction before what it corrects."""
    if after is not None and any(posting.posted_at < after for posting in postings):
        raise unmet(
            "发布时间须在表决（更正时：原公示）之后。",
            "A posting must lie after the vote (a corrected one: after the first).",
            "请更正 posted_at。",
            "Correct `posted_at`.",
            "postings",
        )


def unmet(zh: str, en: str, fix_zh: str, fix_en: str, where: str | None) -> Refused:
    """The refusal of a condition on a list."""
    return refuse(
        RefusalCode.GUARD,
        zh=zh,
        en=en,
        fix_zh=fix_zh,
        fix_en=fix_en,
        field=where,
        citation="work plan 七(五), 八; process readings 32, 33",
    )
