"""The work report: its files, that it is made once, and what it must not hold."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import zipfile
from typing import Any

import pypdfium2
import pytest

from activities.database import Database
from activities.reports import COLUMNS, Reports, filed_reports, files_of
from models.audit import canonical
from models.cycle_messages import Asked
from models.report_tables import percent
from models.tables import WorkReport
from tests.activities.recorded import RecordedLife
from tests.activities.test_hops import contents, every
from tests.activities.test_statistics import NOW, PLAN, write
from tests.models.life import Cast, certified, voted, with_office

NUMBER = "津市监职评〔2024〕1号"
CLAIMS = ("评审工作报告", "天津市市场监督管理委员会", "本年度共建立申报4件", "通过率50.0%", "未结申报")


def filing(**change: Any) -> Asked:
    actor = {"role": "office", "id": "o-clerk", "organisation": "tj-scjg-title-office"}
    command = {
        "kind": "file_report",
        "actor": actor,
        "command_id": "report-1",
        "report_ref": "津市监职评〔2024〕1号",
    }
    plan = change.pop("plan_id", PLAN)
    return Asked(plan_id=plan, plan_version=1, at=NOW, command=command | change)


async def reports(database: Database) -> Reports:
    lives = [RecordedLife(Cast(ref)) for ref in ("one", "two", "three", "four")]
    certified(lives[0])
    voted(lives[1], yes=5)
    with_office(lives[2])
    return Reports(await write(database, lives))


async def test_a_report_is_filed_once_with_all_its_files(database: Database) -> None:
    made = await reports(database)
    done = await made.file_report(filing())
    assert done.counts == {"applications": 4, "pending": 3}
    before = await contents(database)
    assert await made.file_report(filing()) == done
    assert await contents(database) == before
    (report,) = await filed_reports(database, PLAN)
    files = await files_of(database, report)
    assert set(files) == set(COLUMNS)
    document = json.loads(files["report.json"])
    assert canonical(document).encode() == files["report.json"], "the JSON is canonical"
    assert document["checks"] == []
    assert document["statistics"]["totals"]["passed"] == 1
    assert [p["application_ref"] for p in document["statistics"]["pending"]] == ["four", "two", "three"]
    with zipfile.ZipFile(io.BytesIO(files["report.csv.zip"])) as archive:
        rows = list(csv.reader(archive.read("outcomes.csv").decode("utf-8-sig").splitlines()))
        assert len(archive.namelist()) > 10
    assert ["取得职称", "1", "25.0%"] in rows
    public = files["public.json"].decode()
    assert not any(f'"{ref}"' in public for ref in ("one", "two", "three", "four")), "no reference is public"
    assert document["statistics"]["totals"]["opened"] == 4
    assert json.loads(public)["totals"]["opened"] == 5, "rounded"


async def test_the_pdf_says_the_numbers_in_chinese(database: Database) -> None:
    made = await reports(database)
    _, files = await made.build_now(PLAN, NOW, NUMBER, "评审工作报告", "o-clerk")
    _, again = await made.build_now(PLAN, NOW, NUMBER, "评审工作报告", "o-clerk")
    assert files == again, "the same bytes for the same numbers"
    pdf = pypdfium2.PdfDocument(files.pdf)
    text = "".join(page.get_textpage().get_text_bounded() for page in pdf).replace("\n", "")
    for words in (
        "评审工作报告",
        "天津市市场监督管理委员会",
        "本年度共建立申报4件",
        "通过率50.0%",
        "未结申报",
    ):
        assert words in text.replace(" ", ""), words


async def test_of_several_tries_at_once_one_report_is_kept(database: Database) -> None:
    made = await reports(database)
    done = await asyncio.gather(*(made.file_report(filing()) for _ in range(3)))
    assert done[0] == done[1] == done[2]
    assert len(await every(database, WorkReport)) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"command_id": "report-2"}, "report_ref"),
        ({"plan_id": "no-such-plan"}, "plan_id"),
        ({"report_ref": ""}, "report_ref"),
    ],
)
async def test_a_report_that_cannot_be_filed(database: Database, change: dict[str, Any], field: str) -> None:
    made = await reports(database)
    await made.file_report(filing())
    done = await made.file_report(filing(**change))
    assert (done.field, bool(done.refused_zh), bool(done.refused_en)) == (field, True, True)
    assert len(await every(database, WorkReport)) == 1


async def test_a_rare_character_does_not_hold_a_report_up(database: Database) -> None:
    made = await reports(database)
    done = await made.file_report(filing(report_ref="津〔2024〕\U0001f600 号", command_id="report-3"))
    assert done.refused_en is None


def test_a_share_is_rounded_half_up() -> None:
    assert [percent(1, 3), percent(1, 8), percent(1, 16), percent(0, 0)] == ["33.3%", "12.5%", "6.3%", "—"]
