"""From a template and what a page knows to HTML, in the language of whoever asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import DictLoader, Environment, StrictUndefined

from models.formulas import formula_words
from models.lifecycle import BY_EVENT
from models.plan import ReviewPlan
from models.roles import ROLE_LABELS, Role
from models.stages import STAGES, Stage
from models.wire import SHANGHAI, Label, last_day_before
from workers.board import words
from workers.board.door import sessions_of, visitor_of
from workers.board.session import Visitor
from workers.gateway.context import context_of
from workers.gateway.policy import BOARD_POLICY
from workers.incidents import example_of
from workers.site.words import day_words

LANG_COOKIE = "zhicheng_lang"
HTML_LANG = {"zh": "zh-CN", "en": "en"}
SECTIONS = {
    "cycle": "board_cycle",
    "risk": "board_risk",
    "search": "board_search",
    "inbox": "board_inbox",
    "batches": "board_batches",
    "meetings": "board_meetings",
    "results": "board_results",
    "posts": "board_posts",
    "incidents": "board_incidents",
    "service": "board_service",
    "calendar": "board_calendar",
    "left-behind": "board_left_behind",
    "exports": "board_exports",
}
"""The pages of the menu, each with its name in the policy: nobody is offered what is not theirs."""


def lang_of(request: Request) -> words.Lang:
    """`?lang=`, else the language chosen before, else the browser's; Chinese by default."""
    for asked in (request.query_params.get("lang"), request.cookies.get(LANG_COOKIE)):
        if asked in words.LANGUAGES:
            return "en" if asked == "en" else "zh"
    first = request.headers.get("accept-language", "zh").split(",")[0].strip().lower()
    return "en" if first.startswith("en") else "zh"


def page(
    request: Request, template: str, plan_id: str | None = None, *, status: int = 200, **known: Any
) -> HTMLResponse:
    """The page. htmx asks for a part of it by `?part=`: the template knows where that begins."""
    lang = lang_of(request)
    visitor = visitor_of(request)
    query = {k: v for k, v in request.query_params.items() if k not in ("lang", "part")}
    other = "en" if lang == "zh" else "zh"
    frame = {
        "html_lang": HTML_LANG[lang],
        "other_lang": HTML_LANG[other],
        "other_url": f"{request.url.path}?{urlencode({**query, 'lang': other})}",
        "visitor": visitor,
        "csrf": sessions_of(request).csrf(visitor) if visitor is not None else "",
        "plan_id": plan_id,
        "base": f"/board/plans/{plan_id}" if plan_id else "/board",
        "sections": _offered(visitor),
        "section": known.get("title") or template.partition(".")[0],
        "part": request.query_params.get("part") is not None,
        "docs": context_of(request).settings.docs_url,
        **formatters(lang),
    }
    html = _environment().get_template(template).render({**frame, **known})
    answer = HTMLResponse(html, status_code=status)
    if request.query_params.get("lang") in words.LANGUAGES:
        answer.set_cookie(LANG_COOKIE, lang, max_age=31_536_000, path="/board", httponly=True, samesite="lax")
    return answer


def _offered(visitor: Visitor | None) -> list[str]:
    """The sections that the visitor's roles may open."""
    if visitor is None:
        return []
    roles = visitor.caller.roles
    return [name for name, policy in SECTIONS.items() if roles & BOARD_POLICY[policy].roles]


@cache
def formatters(lang: words.Lang) -> Mapping[str, Any]:
    """How a page writes labels, stages, roles, events, days and moments; each is worked out once."""

    def label(of: Label) -> str:
        return of.zh if lang == "zh" else of.en

    @lru_cache(maxsize=4096)
    def day(value: Any) -> str:
        return day_words(value, lang) if value is not None else "—"

    @lru_cache(maxsize=4096)
    def moment(value: Any) -> str:
        if value is None:
            return "—"
        there = value.astimezone(SHANGHAI)
        return f"{day_words(there.date(), lang)} {there:%H:%M}"

    @lru_cache(maxsize=4096)
    def until(value: Any) -> str:
        """The end of a deadline; midnight is 24:00 of the day before, which is the last one."""
        if value is None or (there := value.astimezone(SHANGHAI)).time() != time():
            return moment(value)
        return f"{day(last_day_before(there))} 24:00"

    return {
        "t": lambda key, **values: words.text(lang, key, **values),
        "lang": lang,
        "example_of": example_of,
        "label": label,
        "formula": lambda value: label(formula_words(value)),
        "stage": cache(lambda value: label(STAGES[Stage(value)].label)),
        "role": cache(lambda value: label(ROLE_LABELS[Role(value)]) if value else words.text(lang, "nobody")),
        "event": lambda name: label(BY_EVENT[name].label) if name in BY_EVENT else words.known(lang, name),
        "known": lambda value: words.known(lang, value),
        "day": day,
        "moment": moment,
        "until": until,
        "url": lambda value: quote(str(value), safe=""),
    }


def choices_of(plan: ReviewPlan | None, lang: words.Lang) -> Callable[[str], str]:
    """How a page writes a specialty or level: as the plan calls it; a code it does not have stays."""

    def choice(code: str) -> str:
        try:
            label = plan.choice_label(code) if plan is not None else None
        except KeyError:
            label = None
        return code if label is None else label.zh if lang == "zh" else label.en

    return choice


@cache
def _environment() -> Environment:
    folder = files("workers") / "board" / "templates"
    sources = {
        entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".html")
    }
    return Environment(
        loader=DictLoader(sources),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def static_file(name: str) -> bytes:
    """A file that pages ask for."""
    return (files("workers") / "board" / "static" / name).read_bytes()
