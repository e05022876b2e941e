"""A command that names a paper which this application does not have: refused, or flagged in the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities.evidence.files import not_stored
from models.evidence import EvidenceCode, EvidenceRefused, named_in, reference
from workers.gateway.context import Context

MISSING_HEADER = "Zhicheng-Evidence-Missing"
MOST_IN_HEADER = 20


async def flagged_evidence(
    here: Context, plan_id: str, application_ref: str, kind: str, body: Mapping[str, Any]
) -> dict[str, str]:
    """The headers that say which named papers are not stored.

    Raises `EvidenceRefused` where that is the rule. Another application's having the file changes nothing.
    """
    async with here.database.reading() as session:
        missing = await not_stored(session, plan_id, application_ref, named_in(kind, body))
    if not missing:
        return {}
    if not here.settings.refuses_unknown_evidence:
        distinct = dict.fromkeys(reference(one.sha256) for one in missing)
        return {MISSING_HEADER: ", ".join(list(distinct)[:MOST_IN_HEADER])}
    first = missing[0]
    raise EvidenceRefused(
        EvidenceCode.NOT_STORED,
        zh=f"所引用的材料 {reference(first.sha256)} 未在本申报中上传（共 {len(missing)} 处）。",
        en=f"The paper {reference(first.sha256)} is not stored for this application "
        f"({len(missing)} in all are not).",
        fix_zh="请先上传该文件（zhicheng evidence upload，或 /v1/evidence/uploads），再发送指令。",
        fix_en="Upload it first (`zhicheng evidence upload`, or /v1/evidence/uploads), then send this again.",
        field=first.field,
    )
