"""Which pages there are and what is on each. Pure: from what was read to the bytes of every file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from activities.list_public import Period, PublicList
from models.audit import canonical
from models.plan import ReviewPlan
from models.roots import Root
from models.wire import local_day
from workers.site import plan_rows
from workers.site.objection_words import objection_steps
from workers.site.words import GLOSSES, LANGUAGES, day_words, in_lang, moment_words, ranges, text, value_words

SECTIONS = ("index", "plan", "criteria", "lists", "objections", "verify")
HTML_LANG = {"zh": "zh-CN", "en": "en"}
_MESSAGES = ("valid", "revoked", "unknown", "differs", "failed", "since", "hash")


@dataclass(frozen=True)
class Material:
    """What the pages are made of: the plan in force, its lists, certificates (no names), the daily roots."""

    plan: ReviewPlan
    lists: Sequence[PublicList]
    certificates: Sequence[Mapping[str, str | int | None]]
    roots: Sequence[Root] = ()


def site_files(material: Material) -> dict[str, bytes]:
    """Every file of the site by its path in the folder. The same material gives the same bytes."""
    made = {name: _packaged("static", name).encode() for name in ("style.css", "verify.js")}
    index = {"plan": material.plan.id, "certificates": [dict(one) for one in material.certificates]}
    made["certificates.json"] = (json.dumps(index, ensure_ascii=False, indent=1) + "\n").encode()
    if material.roots:
        made["roots.json"] = roots_file(material.roots)
    for one in material.lists:
        if one.file is not None:
            made[f"list-{one.n}.json"] = one.file.canonical()
    environment = _environment()
    for lang in LANGUAGES:
        folder = "" if lang == "zh" else "en/"
        for name, template, context in _pages(material, lang):
            html = environment.get_template(template).render(**_frame(material.plan, lang, name), **context)
            made[f"{folder}{name}.html"] = html.encode()
    return dict(sorted(made.items()))


def roots_file(roots: Sequence[Root]) -> bytes:
    """The roots as they are published: a JSON array, one line a root."""
    lines = ",\n".join(canonical(root.model_dump(mode="json")) for root in roots)
    return f"[\n{lines}\n]\n".encode()


def _environment() -> Environment:
    folder = files("workers") / "site" / "templates"
    sources = {
        entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".html")
    }
    return Environment(
        loader=DictLoader(sources),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _packaged(folder: str, name: str) -> str:
    return (files("workers") / "site" / folder / name).read_text("utf-8")


def _frame(plan: ReviewPlan, lang: str, name: str) -> dict[str, Any]:
    other = "en" if lang == "zh" else "zh"
    return {
        "t": lambda key, **values: text(lang, key, **values),
        "html_lang": HTML_LANG[lang],
        "other_lang": HTML_LANG[other],
        "other": f"en/{name}.html" if lang == "zh" else f"../{name}.html",
        "root": "" if lang == "zh" else "../",
        "site_title": in_lang(plan.title, lang),
        "convening_unit": in_lang(plan.convening_unit, lang),
        "enquiries": ("、" if lang == "zh" else ", ").join(plan.enquiries),
        "colon": "：" if lang == "zh" else ": ",
        "gap": "" if lang == "zh" else " ",
        "sections": SECTIONS,
        "section": "lists" if name.startswith("list-") else name,
    }


def _pages(material: Material, lang: str) -> list[tuple[str, str, dict[str, Any]]]:
    plan = material.plan
    shown = [_list(plan, one, lang) for one in material.lists]
    on_view = [one for one in shown if one["on_view"]]
    days = plan.publicity.taken_down_after_days.value
    simple = {
        "index": {"on_view": on_view, "dates": plan_rows.date_rows(plan, lang, main_only=True)},
        "plan": _plan(plan, lang),
        "criteria": {
            "tables": plan_rows.criteria_tables(plan, lang),
            "conditions": plan_rows.condition_rows(plan, lang),
            "qualifications": plan_rows.qualification_rows(plan, lang),
        },
        "lists": {"lists": shown, "days": days, **_root(material, lang)},
        "objections": {"steps": objection_steps(plan, lang)},
        "verify": _verify(material, lang),
    }
    pages = [
        (
            name,
            f"{name}.html",
            {"heading": text(lang, "index_heading" if name == "index" else name), **context},
        )
        for name, context in simple.items()
    ]
    root = _root(material, lang)
    for one in on_view:
        heading = text(lang, "list_caption", n=one["n"])
        pages.append(
            (
                f"list-{one['n']}",
                "list.html",
                {"heading": heading, "one": one, "days": days, "glosses": GLOSSES, **root},
            )
        )
    return pages


def _root(material: Material, lang: str) -> dict[str, Any]:
    """The newest root; the file has all of them."""
    if not material.roots:
        return {"sealed": None}
    last = material.roots[-1]
    words = text(lang, "root_of", n=last.n, day=day_words(last.day, lang))
    return {"sealed": {"words": words, "hash": last.hash}}


def _plan(plan: ReviewPlan, lang: str) -> dict[str, Any]:
    routes = tuple(route.label for route in plan.routes if route.offered == "on")
    facts = [
        ("convening_unit", in_lang(plan.convening_unit, lang)),
        ("series", in_lang(plan.series, lang)),
        ("specialties", plan_rows.labels(tuple(c.label for c in plan.specialties), lang)),
        ("levels", plan_rows.labels(tuple(c.label for c in plan.levels), lang)),
        ("routes", plan_rows.labels(routes, lang)),
        ("basis", ("；" if lang == "zh" else "; ").join(plan.basis)),
    ]
    return {
        "version": plan.version,
        "facts": [(text(lang, key), value) for key, value in facts],
        "dates": plan_rows.date_rows(plan, lang),
        "rules": plan_rows.rule_rows(plan, lang),
        "amendments": [
            (str(a.version), day_words(a.dated, lang), a.document, in_lang(a.what, lang))
            for a in plan.amendments
        ],
    }


def _verify(material: Material, lang: str) -> dict[str, Any]:
    prefix = material.plan.certificate_prefix or material.plan.id.upper()
    messages = [(name, text(lang, f"verify_{name}")) for name in _MESSAGES]
    messages.append(("revokedon", text(lang, "verify_revoked_on")))
    return {"messages": messages, "example": f"{prefix}-000001", "count": len(material.certificates)}


def _list(plan: ReviewPlan, one: PublicList, lang: str) -> dict[str, Any]:
    words = {"by": one.corrected_by or ""}
    if one.taken_down_on is not None:
        words["day"] = day_words(one.taken_down_on, lang)
    on_view = one.file is not None
    periods = [_period(plan, period, lang) for period in one.periods]
    if one.status == "draft":
        words_of = text(lang, "period_draft", working_days=plan.publicity.result_wd.value)
        periods = [{"words": words_of, "lines": ""}]
    return {
        "n": one.n,
        "on_view": on_view,
        "status_words": text(lang, f"status_{one.status}", **words),
        "sha256": one.sha256,
        "corrects": one.corrects,
        "postings": [(value_words(place, lang), moment_words(at, lang)) for place, at in one.postings],
        "columns": one.file.columns if one.file else (),
        "rows": one.file.rows() if one.file else [],
        "periods": periods,
    }


def _period(plan: ReviewPlan, period: Period, lang: str) -> dict[str, str]:
    lines = ranges(period.positions)
    if period.posted_at is None:
        return {"words": text(lang, "period_none"), "lines": lines}
    start = day_words(local_day(period.posted_at), lang)
    if period.last_day is None:
        return {"words": text(lang, "period_open", start=start), "lines": lines}
    key = "period_counted" if plan.publicity.count_first_day.value else "period_until"
    wd = plan.publicity.result_wd.value
    end = day_words(period.last_day, lang)
    return {"words": text(lang, key, start=start, end=end, working_days=wd), "lines": lines}
