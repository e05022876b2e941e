"""What can be searched for: the fields of the grammar of `models.search`, and what each is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from models.deadline_labels import DEADLINE_LABELS
from models.deadlines import DeadlineName
from models.roles import ROLE_LABELS, Role
from models.stage_types import Stage
from models.stages import STAGES
from models.wire import Label, Wire


class Kind(StrEnum):
    """What a field holds, and so how it is compared."""

    CODE = "code"
    """One of several words: `:` only."""
    DAY = "day"
    """A calendar day in Asia/Shanghai, YYYY-MM-DD; `none` where there is none."""
    NUMBER = "number"
    WORKING_DAYS = "working_days"
    """A number of working days from or until today, by the State Council calendar."""


class SearchField(Wire):
    """One field: its name, what it means, how it is compared. `words`: the only values, with their labels.

    `least` is the smallest number. `zh_names` are understood as well.
    """

    name: str
    label: Label
    kind: Kind = Kind.CODE
    zh_names: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    words: Mapping[str, str] | None = None
    least: int = 0


_STATUSES = {"open": "办理中", "on_hold": "暂停", "ended": "已结束"}
_ROUTES = {"normal": "正常", "exam": "考试", "exception": "破格", "qualification": "职业资格"}

_ALL = (
    SearchField(name="ref", label=Label(zh="申报编号", en="reference"), zh_names=("编号",)),
    SearchField(
        name="stage",
        label=Label(zh="环节", en="stage"),
        zh_names=("环节",),
        words={stage.value: STAGES[stage].label.zh for stage in Stage},
    ),
    SearchField(name="status", label=Label(zh="状态", en="status"), zh_names=("状态",), words=_STATUSES),
    SearchField(
        name="action_by",
        label=Label(zh="待办方", en="whose court it is in"),
        zh_names=("待办",),
        also=("by",),
        words={role.value: ROLE_LABELS[role].zh for role in Role} | {"none": "无"},
    ),
    SearchField(
        name="unit",
        label=Label(zh="单位（用人单位或主管部门）", en="employer or department"),
        zh_names=("单位",),
    ),
    SearchField(name="employer", label=Label(zh="用人单位", en="employer"), zh_names=("用人单位",)),
    SearchField(name="department", label=Label(zh="主管部门", en="department"), zh_names=("主管部门",)),
    SearchField(name="specialty", label=Label(zh="专业", en="specialty"), zh_names=("专业",)),
    SearchField(name="level", label=Label(zh="级别", en="level"), zh_names=("级别",)),
    SearchField(name="route", label=Label(zh="申报途径", en="route"), zh_names=("途径",), words=_ROUTES),
    SearchField(
        name="deadline",
        label=Label(zh="期限名称", en="which deadline is next"),
        zh_names=("期限",),
        words={name.value: DEADLINE_LABELS[name.value].zh for name in DeadlineName},
    ),
    SearchField(
        name="due", label=Label(zh="截止日", en="last day"), kind=Kind.DAY, zh_names=("截止", "截止日")
    ),
    SearchField(
        name="slack",
        label=Label(zh="剩余工作日", en="working days left"),
        kind=Kind.WORKING_DAYS,
        zh_names=("剩余",),
        least=-390,
    ),
    SearchField(
        name="days_at_stage",
        label=Label(zh="停留工作日", en="working days in this stage"),
        kind=Kind.WORKING_DAYS,
        zh_names=("停留",),
    ),
    SearchField(
        name="returned",
        label=Label(zh="退回次数", en="times returned"),
        kind=Kind.NUMBER,
        zh_names=("退回",),
        also=("returns",),
    ),
    SearchField(
        name="entered",
        label=Label(zh="进入环节日", en="in this stage since"),
        kind=Kind.DAY,
        zh_names=("进入",),
    ),
    SearchField(
        name="changed", label=Label(zh="变动日", en="last changed on"), kind=Kind.DAY, zh_names=("变动",)
    ),
)

FIELDS: Mapping[str, SearchField] = MappingProxyType({field.name: field for field in _ALL})
"""By its name, in the order in which a search is printed."""

NAMES: Mapping[str, SearchField] = MappingProxyType(
    {name: field for field in _ALL for name in (field.name, *field.also, *field.zh_names)}
)
"""By every name that is understood."""

NULLABLE = frozenset({"due", "action_by"})
"""Fields that may hold nothing: `none` finds those."""
