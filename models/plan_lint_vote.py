"""The part of the plan lint about the committee and its ballot: size, quorum, threshold, opinions, secrecy.

Shares are compared as integers, never as floats.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.plan import ReviewPlan
from models.plan_finding import PlanFinding, finding

SIZE_FLOOR = {"specialty": 11, "series": 25}
"""The least size of a senior committee by how it is formed (Order 40 Art. 9)."""

LEAST_OPINIONS = 3
"""Written opinions for each application (Order 40 Art. 21)."""


def committee_findings(plan: ReviewPlan) -> Iterator[PlanFinding]:
    """What Order 40 Art. 8-9 says about the size of the committee."""
    vote = plan.vote
    size, floor = vote.committee_min.value, SIZE_FLOOR[vote.formed_by.value]
    if size < floor:
        yield finding(
            "error",
            "vote.committee_min",
            (
                f"此类评委会评审专家不少于{floor}人，方案为{size}人",
                f"Such a committee has at least {floor} experts; the plan says {size}.",
            ),
            (f"改为{floor}人以上单数", f"Raise it to an odd number of at least {floor}."),
            "Order 40 Art. 9",
        )
    if not vote.committee_odd.value:
        yield finding(
            "error",
            "vote.committee_odd",
            ("评委会组成人员应当是单数", "The number of committee members must be odd."),
            ("设为单数", "Require an odd number."),
            "Order 40 Art. 9",
        )
    elif size % 2 == 0:
        yield finding(
            "error",
            "vote.committee_min",
            (
                f"要求单数，但最低人数{size}是双数",
                f"The number must be odd, but the minimum {size} is even.",
            ),
            (f"改为{size + 1}人", f"Say {size + 1}."),
            "Order 40 Art. 9",
        )
    if not 1 <= vote.committee_valid_years.value <= 3:
        yield finding(
            "error",
            "vote.committee_valid_years",
            ("评委会备案有效期不得超过3年", "A committee's filing is valid for at most 3 years."),
            ("改为3年以内", "Say 3 years or fewer."),
            "Order 40 Art. 8",
        )


def ballot_findings(plan: ReviewPlan) -> Iterator[PlanFinding]:
    """What Order 40 Art. 19-21 says about quorum, threshold, secrecy and written opinions."""
    vote = plan.vote
    yield from _share("vote.quorum", vote.quorum.value, "出席", "quorum", "Order 40 Art. 19")
    yield from _share("vote.pass_share", vote.pass_share.value, "同意票", "pass share", "Order 40 Art. 20")
    over, under = vote.pass_share.value
    if vote.pass_operator.value == ">" and over == under:
        yield finding(
            "error",
            "vote.pass_operator",
            ("没有人能得到超过全部的票数", "Nobody can get more than all votes."),
            ("改为“以上”或降低比例", "Use >= or a lower share."),
            "Order 40 Art. 20",
        )
    if not vote.secret.value:
        yield finding(
            "error",
            "vote.secret",
            ("表决须为无记名投票", "The vote is by secret ballot."),
            ("设为无记名", "Make it secret."),
            "Order 40 Art. 20",
        )
    yield from _opinions(plan)


def _share(field: str, share: tuple[int, int], zh: str, en: str, citation: str) -> Iterator[PlanFinding]:
    over, under = share
    if under <= 0 or over <= 0 or over > under:
        yield finding(
            "error",
            field,
            (
                f"{zh}比例{over}/{under}不可能达到",
                f"The {en} {over}/{under} is impossible: it must be above 0 and at most 1.",
            ),
            ("改为三分之二以上、不超过一", "Choose a share from 2/3 to 1."),
            citation,
        )
    elif over * 3 < under * 2:
        yield finding(
            "error",
            field,
            (f"{zh}比例{over}/{under}低于三分之二", f"The {en} {over}/{under} is below two thirds."),
            ("改为三分之二以上", "Raise it to at least 2/3."),
            citation,
        )


def _opinions(plan: ReviewPlan) -> Iterator[PlanFinding]:
    vote = plan.vote
    wanted, size = vote.min_opinions.value, vote.committee_min.value
    over, under = vote.quorum.value
    if wanted < LEAST_OPINIONS:
        yield finding(
            "error",
            "vote.min_opinions",
            (
                f"书面评议意见不少于{LEAST_OPINIONS}份",
                f"At least {LEAST_OPINIONS} written opinions are needed.",
            ),
            (f"改为{LEAST_OPINIONS}", f"Say {LEAST_OPINIONS}."),
            "Order 40 Art. 21",
        )
    elif wanted > size:
        yield finding(
            "error",
            "vote.min_opinions",
            (
                f"评议意见{wanted}份多于评委会人数{size}",
                f"{wanted} opinions are more than the committee's {size} members.",
            ),
            ("减少份数或增加人数", "Ask for fewer opinions or a larger committee."),
            "Order 40 Art. 21",
        )
    elif 0 < over <= under and wanted > -(-size * over // under):
        yield finding(
            "warning",
            "vote.min_opinions",
            (
                "达到法定人数的会议可能凑不齐评议意见",
                "A meeting with just its quorum could not write that many opinions.",
            ),
            ("减少份数", "Ask for fewer opinions."),
            "Order 40 Art. 19, 21",
        )
