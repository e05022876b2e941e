"""Makes papers: what is missing in a plan, one certificate on demand, a new version after a correction.

The file is stored before its row is written, under a key that follows from its content; a crash in between
leaves a file that nobody names, and the next try writes the one row. A paper of a certificate is made once;
it is made anew only when the certificate's row changed, or when a correction is ordered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.database import Database
from activities.papers.config import PaperConfig
from activities.papers.content import Case, Content, NoNameError, cases_of, content_of, digest_of
from activities.papers.drawing import FormError
from activities.papers.font import UnprintableError
from activities.papers.keys import SigningKeyError
from activities.papers.layout import Edition, draw
from activities.papers.storage import FileStore
from activities.people import names_of
from activities.writing import write_new, write_over
from models.cycle_messages import Asked, Done
from models.papers import KIND_LABELS, PaperKind
from models.refusal import RefusalCode, Refused, refuse
from models.tables import Certificate, Paper, PaperFault, Unit

if TYPE_CHECKING:
    from activities.papers.signing import PaperSigner

PAGE = 20
"""Certificates in one round: some seconds of work between two heartbeats, one transaction."""

PLACES = {"review_system": "职称评审系统"}
"""Places of a plan that are not addresses, in words."""


@dataclass(frozen=True)
class _Order:
    """One paper to make: of which case, in which version, and why it replaces another."""

    case: Case
    kind: PaperKind
    version: int
    supersedes: int | None = None
    document_no: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class _Made:
    """A signed file in the store, or what stood in the way."""

    order: _Order
    content_sha256: str = ""
    sha256: str = ""
    size: int = 0
    storage_key: str = ""
    fault: UnprintableError | NoNameError | FormError | None = None


class Papers:
    """Makes, keeps and hands out the papers of one database."""

    def __init__(self, database: Database, config: PaperConfig) -> None:
        self.database = database
        self.config = config
        self.store = FileStore(config.folder)
        self._signer: PaperSigner | None = None
        self._getting_key = asyncio.Lock()

    @activity.defn(name="make_papers")
    async def make_papers(self, asked: Asked) -> Done:
        """Makes every missing paper of the plan. `counts`: made, and faults (table `paper_faults`)."""
        try:
            await self.signer()
        except SigningKeyError as error:
            zh = "未配置签名密钥或密钥不可用，未生成文件。请检查签名密钥设置。"
            return Done(refused_zh=zh, refused_en=str(error), field="signing_key_file")
        counts = await self.make_missing(asked.plan_id, asked.at, activity.heartbeat)
        return Done(counts=counts)

    async def make_missing(
        self, plan_id: str, at: datetime, beat: Callable[[str], None] = lambda _: None
    ) -> dict[str, int]:
        """Makes what is missing, page by page; `beat` is told the last application of each page."""
        counts = {"made": 0, "faults": 0}
        after = ""
        while True:
            orders, last = await self._missing(plan_id, after)
            if last is None:
                return counts
            made = await self._make(orders, at)
            counts["made"] += sum(one.fault is None for one in made)
            counts["faults"] += sum(one.fault is not None for one in made)
            after = last
            beat(last)

    async def make_of(self, number: str, at: datetime) -> None:
        """Makes the missing papers of one certificate. Raises `Refused` with what stands in the way."""
        certificate = await self._certificate(number)
        async with self.database.reading() as session:
            orders = await _orders(session, certificate.plan_id, [certificate])
        for one in await self._make(orders, at):
            if one.fault is not None:
                raise _refused(one.fault)

    async def reissue(self, number: str, document_no: str, reason: str, at: datetime) -> list[Paper]:
        """A new version of each paper whose statement changed, after a correction of a name.

        The older version stays on record as superseded. The same correction again changes nothing. Raises
        `Refused`: no such certificate, not in force, or nothing that would differ.
        """
        certificate = await self._certificate(number)
        await self.make_of(number, at)
        async with self.database.reading() as session:
            (case,) = await cases_of(session, certificate.plan_id, [certificate])
            current = await _current(session, certificate)
        orders = [
            _Order(case, kind, paper.version + 1, paper.version, document_no, reason)
            for kind, paper in current.items()
            if digest_of(content_of(case, kind)) != paper.content_sha256
        ]
        if not orders and not any(paper.document_no == document_no for paper in current.values()):
            raise refuse(
                RefusalCode.GUARD,
                zh=f"证书{number}所载内容与登记册一致，没有需要更正之处。",
                en=f"What certificate {number} states agrees with the register: there is nothing to correct.",
                fix_zh="请先按更正文件登记新的名称，再重新出具。",
                fix_en="Record the corrected name with its document first, then issue it again.",
                field="number",
            )
        for one in await self._make(orders, at):
            if one.fault is not None:
                raise _refused(one.fault)
        async with self.database.reading() as session:
            return list((await _current(session, certificate)).values())

    async def signer(self) -> PaperSigner:
        """The signer, its key loaded once. Raises `SigningKeyError`."""
        async with self._getting_key:
            if self._signer is None:
                self._signer = await asyncio.to_thread(self._new_signer)
            return self._signer

    def _new_signer(self) -> PaperSigner:
        """Of this key. What signs PDFs takes a fifth of a process's start: it is loaded by who signs."""
        from activities.papers.signing import PaperSigner

        return PaperSigner(self.config.key(), self.config.timestamp_url)

    async def _certificate(self, number: str) -> Certificate:
        async with self.database.reading() as session:
            found: Certificate | None = await session.scalar(select(Certificate).filter_by(number=number))
        if found is None or found.status != "valid":
            known = "不存在" if found is None or found.status == "void" else "已撤销"
            en = "does not exist" if found is None or found.status == "void" else "was revoked"
            raise refuse(
                RefusalCode.GUARD,
                zh=f"证书{number}{known}，不能出具文件。",
                en=f"Certificate {number} {en}: no paper can be made of it.",
                fix_zh="请核对编号。",
                fix_en="Check the number.",
                field="number",
            )
        return found

    async def _missing(self, plan_id: str, after: str) -> tuple[list[_Order], str | None]:
        """The next page of certificates without all their papers, and the last reference of it."""
        papers = (
            select(func.count())
            .where(
                Paper.plan_id == Certificate.plan_id,
                Paper.application_ref == Certificate.application_ref,
                Paper.status == "current",
                Paper.certificate_sha256 == Certificate.sha256,
            )
            .scalar_subquery()
        )
        lacking = (
            select(Certificate)
            .filter_by(plan_id=plan_id, status="valid")
            .where(Certificate.application_ref > after, papers < len(PaperKind))
            .order_by(Certificate.application_ref)
            .limit(PAGE)
        )
        async with self.database.reading() as session:
            found = list(await session.scalars(lacking))
            if not found:
                return [], None
            return await _orders(session, plan_id, found), found[-1].application_ref

    async def _make(self, orders: Sequence[_Order], at: datetime) -> list[_Made]:
        signer = await self.signer()
        departments = {order.case.application.department for order in orders}
        async with self.database.reading() as session:
            names = PLACES | await names_of(session, Unit, departments)
        made = [await asyncio.to_thread(self._print, order, signer, at, names) for order in orders]
        async with self.database.transaction() as session:
            for one in made:
                await _record(session, one, at, signer.key.rehearsal)
        return made

    def _print(self, order: _Order, signer: PaperSigner, at: datetime, names: dict[str, str]) -> _Made:
        """Draws, signs and stores one paper. CPU and disk only: runs in a thread."""
        url, rehearsal = self.config.verification_url, signer.key.rehearsal
        edition = Edition(order.version, at, url, names, order.document_no, rehearsal)
        try:
            content: Content = content_of(order.case, order.kind)
            content_sha256 = digest_of(content)
            pdf = draw(content, content_sha256, edition)
        except (UnprintableError, NoNameError, FormError) as fault:
            return _Made(order, fault=fault)
        label = KIND_LABELS[order.kind]
        signed = signer.sign(pdf, at, f"{label.zh} {label.en}")
        key = self.store.put(signed)
        return _Made(order, content_sha256, key.rpartition("/")[2][:64], len(signed), key)


async def _orders(session: AsyncSession, plan_id: str, certificates: Sequence[Certificate]) -> list[_Order]:
    """What is missing of these certificates."""
    orders = []
    for case in await cases_of(session, plan_id, certificates):
        current = await _current(session, case.certificate)
        for kind in PaperKind:
            paper = current.get(kind)
            if paper is None:
                orders.append(_Order(case, kind, 1))
            elif paper.certificate_sha256 != case.certificate.sha256:
                why = "确认记录已更新 (the record of the confirmation was renewed)"
                orders.append(_Order(case, kind, paper.version + 1, paper.version, reason=why))
    return orders


async def _current(session: AsyncSession, certificate: Certificate) -> dict[PaperKind, Paper]:
    rows = await session.scalars(
        select(Paper)
        .filter_by(plan_id=certificate.plan_id, application_ref=certificate.application_ref, status="current")
        .order_by(Paper.kind)
    )
    return {PaperKind(row.kind): row for row in rows}


async def _record(session: AsyncSession, made: _Made, at: datetime, rehearsal: bool) -> None:
    """Writes the row of a paper, unless another worker was first or the certificate changed meanwhile."""
    order = made.order
    given = order.case.certificate
    key = {"plan_id": given.plan_id, "application_ref": given.application_ref, "kind": order.kind.value}
    if made.fault is not None:
        zh = getattr(made.fault, "zh", "版式文件有误，请联系系统维护人员。")
        fault = {**key, "at": at, "code": _code(made.fault), "zh": zh, "en": str(made.fault)}
        await write_over(session, PaperFault, fault, tuple(key))
        return
    now = await session.scalar(
        select(Certificate)
        .filter_by(plan_id=given.plan_id, application_ref=given.application_ref)
        .with_for_update()
    )
    last = await session.scalar(select(func.max(Paper.version)).filter_by(**key)) or 0
    if now is None or now.sha256 != given.sha256 or last >= order.version:
        return
    person, unit = order.case.names()
    await session.execute(
        update(Paper).filter_by(**key, status="current").values(status="superseded", superseded_at=at)
    )
    row = {
        **key,
        "version": order.version,
        "number": given.number,
        "status": "current",
        "certificate_sha256": given.sha256,
        "content_sha256": made.content_sha256,
        "sha256": made.sha256,
        "size": made.size,
        "storage_key": made.storage_key,
        "person_version": person.version,
        "unit_version": unit.version,
        "rehearsal": rehearsal,
        "made_at": at,
        "supersedes": order.supersedes,
        "superseded_at": None,
        "reason": order.reason,
        "document_no": order.document_no,
    }
    await write_new(session, Paper, [row])
    await session.execute(delete(PaperFault).filter_by(**key))


def _code(fault: UnprintableError | NoNameError | FormError) -> str:
    if isinstance(fault, NoNameError):
        return fault.code
    return "unprintable" if isinstance(fault, UnprintableError) else "form"


def _refused(fault: UnprintableError | NoNameError | FormError) -> Refused:
    """The fault as the answer to whoever asked for the paper."""
    return refuse(
        RefusalCode.GUARD,
        zh=getattr(fault, "zh", "版式文件有误。"),
        en=str(fault),
        fix_zh="处理后重试。",
        fix_en="Ask again afterwards.",
        field=getattr(fault, "field", None),
    )
