"""The list of the passed (评审通过人员名单): its lines, the bytes that are posted, what a correction changed.

It shows the plan's columns and nothing else (PIPL Art. 6, 25): no application reference, no votes, nobody who
did not pass. The posted file is `canonical()` of the list and its hash is `sha256`, so that anybody can check
the one against the other. A random `nonce` stands in the file: once the list is taken down and the nonce with
it, the hash that remains in the records tells nothing about the names. Pure: knows no table and no clock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from models.commands import Sha256
from models.refusal import RefusalCode, refuse
from models.roles import Reference
from models.wire import Wire


class Shown(Wire):
    """What a list shows of one person, as words."""

    person: str
    unit: str
    specialty: str
    level: str


class ListEntry(Wire):
    """One line: its number from 1, and the application it stands for (which is not shown)."""

    position: int
    application_ref: Reference
    shown: Shown


COLUMNS: dict[str, Callable[[ListEntry], str]] = {
    "序号": lambda entry: str(entry.position),
    "姓名": lambda entry: entry.shown.person,
    "工作单位": lambda entry: entry.shown.unit,
    "申报专业": lambda entry: entry.shown.specialty,
    "职称级别": lambda entry: entry.shown.level,
}
"""Every column a list can have. Others would need personal data that this service does not hold."""


class ResultList(Wire):
    """One list: the `n`-th of its plan; `corrects` is the hash of the list that it replaces."""

    plan_id: Reference
    n: int
    corrects: Sha256 | None
    nonce: str
    columns: tuple[str, ...]
    entries: tuple[ListEntry, ...]

    def rows(self) -> list[list[str]]:
        """The cells, line by line, in the order of the columns."""
        return [[COLUMNS[column](entry) for column in self.columns] for entry in self.entries]

    def canonical(self) -> bytes:
        """The file that is posted: JSON, UTF-8, sorted keys, no spaces, a line feed at the end."""
        content = {
            "plan": self.plan_id,
            "list": self.n,
            "corrects": self.corrects,
            "nonce": self.nonce,
            "columns": list(self.columns),
            "entries": self.rows(),
        }
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return f"{text}\n".encode()

    @property
    def sha256(self) -> str:
        """The hash of the posted file, lower-case hex."""
        return hashlib.sha256(self.canonical()).hexdigest()


def check_columns(columns: tuple[str, ...]) -> None:
    """Raises `Refused` for a column that this service has nothing to show in."""
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown or not columns:
        raise refuse(
            RefusalCode.GUARD,
            zh=f"方案的公示栏目无法填写：{'、'.join(unknown) or '（空）'}。",
            en=f"The plan's result_columns cannot be filled: {', '.join(unknown) or '(none)'}.",
            fix_zh=f"可用栏目：{'、'.join(COLUMNS)}。",
            fix_en=f"Use columns out of: {', '.join(COLUMNS)}.",
            field="publicity.result_columns",
            citation="PIPL Art. 6, 25",
        )


Place = tuple[int, int]
"""Where a specialty and a level stand in the plan: lines go by specialty, then by level."""


def number(people: Iterable[tuple[Place, Reference, Shown]]) -> tuple[ListEntry, ...]:
    """The lines in the order of the plan's specialties and levels, then of unit and person, from 1 on."""
    ordered = sorted(people, key=lambda p: (p[0], p[2].unit, p[2].person, p[1]))
    return tuple(
        ListEntry(position=position, application_ref=ref, shown=shown)
        for position, (_, ref, shown) in enumerate(ordered, start=1)
    )


def check_exactly(entries: Iterable[ListEntry], passed: Iterable[str]) -> None:
    """The list holds each of the passed once, and nobody else; raises `Refused` (work plan 七(五))."""
    listed, wanted = [entry.application_ref for entry in entries], set(passed)
    twice = sorted({ref for ref in listed if listed.count(ref) > 1}) if len(set(listed)) < len(listed) else []
    wrong = sorted(set(listed) ^ wanted) + twice
    if wrong:
        raise refuse(
            RefusalCode.GUARD,
            zh=f"名单与评审通过人员不一致：{'、'.join(wrong[:10])}。",
            en=f"The list is not exactly the passed: {', '.join(wrong[:10])}.",
            fix_zh="请重新生成名单。",
            fix_en="Build the list anew.",
            citation="work plan 七(五)",
        )


class Difference(NamedTuple):
    """What a corrected list changed: application references, each in one group, sorted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]

    def group_of(self, application_ref: str) -> str:
        """`added`, `removed`, `changed` or `unchanged`. Raises `KeyError`."""
        for name, refs in self._asdict().items():
            if application_ref in refs:
                return str(name)
        raise KeyError(application_ref)


def difference(old: Mapping[str, Shown], new: Mapping[str, Shown]) -> Difference:
    """Compares what two lists show of each application.

    The number of a line is not compared: if it were, one removal would start everybody's period anew
    (process readings 19 and 33).
    """
    both = sorted(set(old) & set(new))
    return Difference(
        added=tuple(sorted(set(new) - set(old))),
        removed=tuple(sorted(set(old) - set(new))),
        changed=tuple(ref for ref in both if old[ref] != new[ref]),
        unchanged=tuple(ref for ref in both if old[ref] == new[ref]),
    )
