"""Conditions on posts: what a unit under full post management attests, and that a title has its post."""

from __future__ import annotations

from datetime import datetime

from models import commands as c
from models.guards.base import narrowed, unmet
from models.posts import POST_NEEDED, ratio_room
from models.state import ApplicationState

_SEED = "work plan 五"


def post_attested(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A unit under full post management attests its posts at the level, with figures that add up."""
    post = narrowed(command, c.Review).post
    if post is None:
        if state.bound:
            raise unmet(
                "全面实行岗位管理的单位须填报本级别空岗数额或结构比例。",
                "A unit under full post management must attest the posts free at this level.",
                "请填写 post（basis、available、record）。",
                "Give `post` (basis, available, record).",
                "post",
                _SEED,
            )
        return
    _check_figures(post)


def _check_figures(post: c.PostAttestation) -> None:
    figures = {"total": post.total, "share": post.share, "occupied": post.occupied}
    given = [name for name, value in figures.items() if value is not None]
    if not given:
        return
    if post.basis != "ratio":
        raise unmet(
            "按空岗数额填报的，不填结构比例的数据。",
            "The figures of a structural ratio go with basis 'ratio' only.",
            f"请将 basis 改为 ratio，或省略 {given[0]}。",
            f"Set `basis` to 'ratio', or leave `{given[0]}` out.",
            f"post.{given[0]}",
            _SEED,
        )
    lacking = [name for name, value in figures.items() if value is None]
    if post.total is None or post.share is None or post.occupied is None:
        raise unmet(
            "结构比例的数据须填齐：岗位总数、比例、已占用数。",
            "The figures of a ratio come together: total, share, occupied.",
            f"请补填 {'、'.join(lacking)}，或全部省略。",
            f"Give {', '.join(lacking)} as well, or none of them.",
            f"post.{lacking[0]}",
            _SEED,
        )
    if post.share[0] > post.share[1]:
        raise unmet(
            f"结构比例不得超过全部（现为 {post.share[0]}/{post.share[1]}）。",
            f"A share is no more than the whole; it is {post.share[0]}/{post.share[1]}.",
            "请更正 share（分子在前，分母在后）。",
            "Correct `share`: numerator first, then denominator.",
            "post.share",
            _SEED,
        )
    room = ratio_room(post.total, post.share, post.occupied)
    if room != post.available:
        raise unmet(
            f"填报数{post.available}与结构比例不符：{post.total}×{post.share[0]}/{post.share[1]}"
            f"（取整）−{post.occupied}={room}。",
            f"{post.available} is not what the ratio leaves: {post.total} x {post.share[0]}/{post.share[1]} "
            f"(rounded down) less {post.occupied} is {room}.",
            f"请将 available 更正为{room}，或更正各项数据。",
            f"Set `available` to {room}, or correct the figures.",
            "post.available",
            _SEED,
        )


def post_free(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A post has become free."""
    post = narrowed(command, c.Review).post
    if post is None or post.available < 1:
        raise unmet(
            "本级别没有空岗。",
            "No post is free at this level.",
            "请在有空岗后重新填报 post（本周期全部岗位数，含已占用），或不予推荐。",
            "Attest `post` again once one is free (all posts of the cycle, also those in use), or decline.",
            "post.available",
            _SEED,
        )


def lacks_post(state: ApplicationState, command: c.Command) -> bool:
    """A unit's application goes on without a post (a founded re-check, a late admission found none free)."""
    return state.bound and state.stage in POST_NEEDED and state.post_held is not True


def post_reserved(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """An application of a unit under full post management holds its post."""
    if lacks_post(state, command):
        raise unmet(
            "该申报目前没有岗位：复查成立或准予补报后，本级别已无空岗。",
            "It holds no post: none was free when a founded re-check or a late admission needed one again.",
            "请用人单位在有空岗后以 review（hop=employer, outcome=approve）填报 post，再予确认。",
            "Let the employer attest `post` with a review (hop employer, outcome approve), then confirm.",
            "post",
            "work plan 五; process invariant 4",
        )
