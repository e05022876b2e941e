"""Events of an application that goes on without a post, until its unit has one for it.

Once recommended, an application gives its post back when the vote fails. If a re-check is founded, or the
city title office admits it late, the post may be gone; the fault was not the applicant's, so it goes on, but
nobody is confirmed without a post.
"""

from __future__ import annotations

from models.commands import Hop
from models.conditions import CONDITIONS as C
from models.guards import lacks_post
from models.posts import POST_NEEDED
from models.roles import Role
from models.stages import STAGES
from models.transitions import Transition, event

_HERE = tuple(stage for stage in STAGES if stage in POST_NEEDED)

POSTS: tuple[Transition, ...] = (
    event(
        "attest_post",
        _HERE,
        None,
        Role.EMPLOYER,
        "补报岗位",
        "attest a post for it",
        "work plan 五",
        "employer",
        "review",
        when={"hop": Hop.EMPLOYER, "outcome": "approve"},
        chosen=lacks_post,
        guards=(C["post"], C["post_free"]),
        evidence=("空岗记录", "record of the free post"),
        every_stage=True,
        while_held=True,
    ),
    event(
        "post_regained",
        _HERE,
        None,
        Role.SYSTEM,
        "岗位已落实",
        "it holds a post again",
        "work plan 五",
        "employer",
        notify=(Role.APPLICANT, Role.EMPLOYER),
        every_stage=True,
        while_held=True,
    ),
    event(
        "post_lacking",
        _HERE,
        None,
        Role.SYSTEM,
        "暂无岗位（不影响评审，影响确认）",
        "no post is free: it goes on, but is not confirmed",
        "work plan 五; process invariant 4",
        "employer",
        notify=(Role.EMPLOYER,),
        every_stage=True,
        while_held=True,
    ),
)
