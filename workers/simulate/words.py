"""A simulated year and a comparison in words, for the terminal: Chinese or English."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from models.plan import ReviewPlan
from models.roles import ROLE_LABELS, Role
from models.stages import label_of
from models.wire import Label
from workers.cli_shared import Lang, table, words
from workers.simulate.compare import Comparison
from workers.simulate.result import FUNNEL, SimulationResult

MOST_LINES = 12
"""Cases of one kind that are printed; the JSON has them all."""


def tell(result: SimulationResult, plan: ReviewPlan, console: Console, lang: Lang) -> None:
    """Prints the result."""
    zh = lang == "zh"
    console.print(
        f"[bold]{plan.title.zh if zh else plan.title.en}[/bold]  "
        + (
            f"模拟{result.applicants}人，种子{result.seed}，{result.first_day}至{result.last_day}"
            if zh
            else f"simulated: {result.applicants} applicants, seed {result.seed}, "
            f"{result.first_day} to {result.last_day}"
        )
    )
    console.print(f"[dim]{result.distribution.note.zh if zh else result.distribution.note.en}[/dim]")
    console.print(_funnel(result, lang))
    console.print(_ends(result, lang))
    console.print(_hops(result, lang))
    _lists(result, console, lang)
    _verdict(result, console, lang)


def _said(lang: Lang, zh: str, en: str) -> str:
    return zh if lang == "zh" else en


def _funnel(result: SimulationResult, lang: Lang) -> Table:
    made = table("", *(words(label, lang) for _, label in FUNNEL), title=_said(lang, "漏斗", "Funnel"))
    for row in result.funnel:
        made.add_row(words(row.label, lang), *(str(row.counts[step]) for step, _ in FUNNEL))
    return made


def _ends(result: SimulationResult, lang: Lang) -> Table:
    made = table(_said(lang, "结果", "end"), _said(lang, "人数", "people"), title=_said(lang, "结局", "Ends"))
    for end in result.ends:
        made.add_row(words(end.label, lang), str(end.count))
    return made


def _hops(result: SimulationResult, lang: Lang) -> Table:
    heads = _said(lang, "环节,次数,中位,九成,最长", "hop,stays,median,p90,longest").split(",")
    made = table(*heads, title=_said(lang, "各环节工作日", "Working days at each hop"))
    for hop in result.hops:
        made.add_row(
            words(hop.label, lang), str(hop.stays), f"{hop.median:g}", f"{hop.p90:g}", str(hop.longest)
        )
    return made


def _lists(result: SimulationResult, console: Console, lang: Lang) -> None:
    _lines(
        console,
        lang,
        Label(zh="逾期", en="Ended by a date"),
        [
            f"{m.application_ref}  {m.deadline} {m.last_day}  {words(label_of(m.stage), lang)}"
            for m in result.missed
        ],
    )
    _lines(
        console,
        lang,
        Label(zh="逾期职责", en="Duties that were late"),
        [
            f"{words(ROLE_LABELS[Role(b.role)], lang)}  {b.organisation}  {b.deadline}  x{b.count}"
            for b in sorted(result.breaches, key=lambda b: (-b.count, b.organisation, b.deadline))
        ],
    )
    _lines(
        console,
        lang,
        Label(zh="退回", en="Returns"),
        [f"{r.hop}  {r.reason}  x{r.count}" for r in result.returns],
    )
    _lines(
        console,
        lang,
        Label(zh="岗位不足的单位", en="Units without enough posts"),
        [
            f"{p.unit} {p.level}: "
            + _said(
                lang,
                f"空岗{p.free}，申请{p.asked}，未得{p.blocked}，用去{p.titled}",
                f"{p.free} free, {p.asked} asked, {p.blocked} found none, {p.titled} used",
            )
            for p in result.posts
            if p.blocked
        ],
    )
    _lines(
        console,
        lang,
        Label(zh="会议", en="Meetings"),
        [
            f"{m.meeting_on}  "
            + _said(
                lang,
                f"出席{m.attending}，表决{m.voted}，通过{m.passed}，名单{m.list_on}，报告{m.report_on}",
                f"{m.attending} experts, {m.voted} voted on, {m.passed} passed, list {m.list_on}, "
                f"report {m.report_on}",
            )
            for m in result.meetings
        ],
    )
    _lines(
        console,
        lang,
        Label(zh="未结案件", en="Open cases"),
        [
            f"{o.application_ref}  {words(label_of(o.stage), lang)}  {o.since}  {o.reason}"
            for o in result.open
        ],
    )
    _lines(
        console,
        lang,
        Label(zh="失败", en="Failed"),
        [f"{f.application_ref}  {f.stage}  {f.reason}" for f in result.failed],
    )


def _lines(console: Console, lang: Lang, head: Label, lines: list[str]) -> None:
    if not lines:
        return
    console.print(f"\n[bold]{words(head, lang)}[/bold] ({len(lines)})")
    for line in lines[:MOST_LINES]:
        console.print(f"  {line}", markup=False)
    if len(lines) > MOST_LINES:
        rest = len(lines) - MOST_LINES
        console.print(_said(lang, f"  另有{rest}条，见 --json", f"  and {rest} more: see --json"))


def _verdict(result: SimulationResult, console: Console, lang: Lang) -> None:
    looked = sum(checked.looked_at for checked in result.invariants)
    if not result.broken:
        sentence = _said(
            lang,
            f"\n{len(result.invariants)}条不变量，{looked}次核对，无一违反。",
            f"\n{len(result.invariants)} invariants, {looked} checks, none broken.",
        )
        console.print(sentence)
        return
    console.print(f"\n[bold red]{_said(lang, '不变量被违反', 'Invariants are broken')}[/bold red]")
    for checked in result.invariants:
        for broken in checked.broken[:MOST_LINES]:
            console.print(f"  ({checked.number}) {broken}", markup=False)


def tell_difference(found: Comparison, console: Console, lang: Lang) -> None:
    """Prints a comparison."""
    console.print(
        _said(
            lang,
            f"[bold]A {found.a_plan} v{found.a_version}  B {found.b_plan} v{found.b_version}[/bold]"
            f"  {found.applicants}人，种子{found.seed}：{found.same}人结果相同，{len(found.parted)}人不同",
            f"[bold]A {found.a_plan} v{found.a_version}  B {found.b_plan} v{found.b_version}[/bold]"
            f"  {found.applicants} applicants, seed {found.seed}: {found.same} end alike, "
            f"{len(found.parted)} do not",
        )
    )
    made = table("A", "B", _said(lang, "人数", "people"))
    for shift in found.shifts:
        made.add_row(words(label_of(shift.a_end), lang), words(label_of(shift.b_end), lang), str(shift.count))
    console.print(made)
    for one in found.parted[:MOST_LINES]:
        console.print(f"{one.application_ref}  {one.why.zh if lang == 'zh' else one.why.en}", markup=False)
    if len(found.parted) > MOST_LINES:
        rest = len(found.parted) - MOST_LINES
        console.print(_said(lang, f"另有{rest}人，见 --json", f"and {rest} more: see --json"))
