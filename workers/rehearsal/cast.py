"""The people of a rehearsal and what they send: every command of the contract, ready to be varied.

All data are synthetic; employers and departments are plausible. Bodies are plain JSON objects, as any
sender in any language would write them; `change` overrides fields.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Json = dict[str, Any]

OFFICE, CONVENING_UNIT, CITY_OFFICE = "tj-scjg-title-office", "tj-scjg", "tj-rsj-title-office"
COMMITTEE = "tj-eng-qmsd-2023"
PLACES = ("review_system", "scjg.tj.gov.cn")

EMPLOYERS: dict[str, str] = {
    "tj-quality-inspection-institute": "天津市产品质量监督检测技术研究院",
    "tj-metrology-institute": "天津市计量监督检测科学研究院",
    "tj-standards-institute": "天津市标准化研究院",
    "tj-drug-inspection-institute": "天津市药品检验研究院",
    "binhai-instruments": "滨海精密仪器有限公司",
    "haihe-pharma": "海河制药股份有限公司",
    "jinmen-talent-agency": "津门人才服务中心（人事代理）",
}
"""Employers by code, with the name shown in the demo."""

DEPARTMENTS: dict[str, str] = {
    "tj-scjg-personnel": "市市场监管委人事处",
    "tj-yjj-personnel": "市药监局人事处",
    "binhai-hrss": "滨海新区人社局",
}
"""Departments in charge by code."""


def sha(text: str) -> str:
    """A stand-in for the hash of a document."""
    return hashlib.sha256(text.encode()).hexdigest()


def paper(title: str = "Calibration of pressure gauges in a chain of command") -> Json:
    """A complete paper: cover, copyright page, contents and full text, each sealed colour scans."""
    parts = [
        {
            "name": name,
            "first_page": place + 1,
            "last_page": place + 1,
            "sha256": sha(f"{title}/{name}"),
            "sealed_first_page": True,
            "colour": True,
            "dpi": 300,
        }
        for place, name in enumerate(("cover", "copyright_page", "contents", "full_text"))
    ]
    return {
        "id": "paper-1",
        "kind": "paper",
        "title": title,
        "cn": "CN 11-2034/T",
        "issn": "0317-8471",
        "parts": parts,
    }


@dataclass
class Cast:
    """Everybody around one application, and the commands they send.

    `ref` is the application's reference; command ids are numbered, so a replayed script sends the same.
    """

    ref: str
    plan_id: str = "tianjin-quality-2023"
    employer: str = "tj-metrology-institute"
    department: str = "tj-scjg-personnel"
    specialty: str = "metrology"
    level: str = "deputy_senior"
    route: str = "normal"
    full_post_management: bool = False
    committee_size: int = 11
    _ids: Any = field(default_factory=lambda: itertools.count(1), repr=False)

    # --- people ------------------------------------------------------------------------------------

    def actor(self, role: str, person: str | None = None) -> Json:
        """The usual person of a role, for the organisation that holds it here."""
        organisations = {
            "employer": self.employer,
            "department": self.department,
            "office": OFFICE,
            "convening_unit": CONVENING_UNIT,
            "city_office": CITY_OFFICE,
            "chair": COMMITTEE,
            "expert": COMMITTEE,
            "archive": "tj-personnel-archive",
        }
        if role == "applicant":
            return {"id": person or f"p-{self.ref}", "role": role, "organisation": None}
        return {
            "id": person or f"{role}-clerk",
            "role": role,
            "organisation": organisations.get(role),
        }

    def start(self, **change: Any) -> Json:
        """The `ApplicationInput`."""
        body: Json = {
            "plan_id": self.plan_id,
            "application_ref": self.ref,
            "applicant": f"p-{self.ref}",
            "employer": {"id": self.employer, "full_post_management": self.full_post_management},
            "department": self.department,
            "specialty": self.specialty,
            "level": self.level,
        }
        return body | change

    def _command(self, kind: str, role: str, change: Json, **fields: Any) -> Json:
        person = change.pop("person", None)
        body: Json = {
            "kind": kind,
            "actor": self.actor(role, person),
            "command_id": f"{self.ref}-{next(self._ids):03d}-{kind}",
        }
        return body | fields | change

    # --- what they send ----------------------------------------------------------------------------

    def dossier(self, **change: Any) -> Json:
        """A dossier that meets the criteria of its route."""
        facts: Json = {
            "employment_kind": "institution",
            "education": "bachelor" if self.route != "exam" else "college",
            "prior_title": "engineer" if self.level == "deputy_senior" else "assistant_engineer",
            "prior_title_since": "2016-12-01",
            "ce_committed": True,
            "truth_committed": True,
        }
        body: Json = {
            "specialty": self.specialty,
            "level": self.level,
            "route": self.route,
            "facts": facts,
            "achievements": [paper()],
        }
        return body | change

    def submit(self, **change: Any) -> Json:
        """The applicant hands the dossier in."""
        return self._command("submit", "applicant", change, dossier=self.dossier())

    def recommend(self, **change: Any) -> Json:
        """The employer approves, all checks attested."""
        checks = [
            "identity",
            "education",
            "years_of_service",
            "achievements",
            "awards",
            "continuing_education",
            "discipline",
            "seals",
        ]
        return self._command("review", "employer", change, hop="employer", outcome="approve", attested=checks)

    def employer_return(self, **change: Any) -> Json:
        """The employer returns with one item."""
        items = [{"id": "e1", "text": "首页未加盖公章", "part": "full_text"}]
        return self._command("review", "employer", change, hop="employer", outcome="return", items=items)

    def employer_decline(self, **change: Any) -> Json:
        """The employer declines."""
        reasons = [{"code": "not_recommended", "text": "不符合本单位推荐条件"}]
        return self._command("review", "employer", change, hop="employer", outcome="reject", reasons=reasons)

    def employer_reopen(self, **change: Any) -> Json:
        """The employer takes a declined application back into review."""
        return self._command("review", "employer", change, hop="employer", outcome="reopen")

    def start_publicity(self, **change: Any) -> Json:
        """The employer posts the notice."""
        return self._command(
            "start_publicity",
            "employer",
            change,
            notice_sha256=sha(f"{self.ref}/notice"),
            list_sha256=sha(f"{self.ref}/list"),
            places=["单位公告栏", "单位内网"],
        )

    def file_evidence(self, **change: Any) -> Json:
        """The employer files the image of the notice."""
        return self._command(
            "file_publicity_evidence",
            "employer",
            change,
            image_sha256=sha(f"{self.ref}/image"),
            statement="公示期间未收到异议",
        )

    def department_submit(self, **change: Any) -> Json:
        """The department approves and submits."""
        return self._command(
            "review",
            "department",
            change,
            hop="department",
            outcome="approve",
            attested=["continuing_education", "materials"],
        )

    def department_return(self, change_class: str = "formal", **change: Any) -> Json:
        """The department returns with one item."""
        items = [{"id": "d1", "text": "版权页缺出版时间", "part": "copyright_page"}]
        return self._command(
            "review",
            "department",
            change,
            hop="department",
            outcome="return",
            items=items,
            change_class=change_class,
        )

    def department_reject(self, **change: Any) -> Json:
        """The department rejects."""
        reasons = [{"code": "ineligible", "text": "不符合申报范围"}]
        return self._command(
            "review", "department", change, hop="department", outcome="reject", reasons=reasons
        )

    def accept(self, **change: Any) -> Json:
        """The office accepts."""
        return self._command(
            "review", "office", change, hop="office", outcome="approve", attested=["check_list"]
        )

    def office_return(self, change_class: str = "formal", **change: Any) -> Json:
        """The office returns with one complete list."""
        items = [{"id": "o1", "text": "论文缺目录扫描件", "part": "contents"}]
        reasons = [{"code": "incomplete", "text": "材料不完整"}]
        return self._command(
            "review",
            "office",
            change,
            hop="office",
            outcome="return",
            items=items,
            reasons=reasons,
            change_class=change_class,
        )

    def office_refuse(self, **change: Any) -> Json:
        """The office refuses."""
        reasons = [{"code": "ineligible", "text": "不符合申报条件"}]
        return self._command("review", "office", change, hop="office", outcome="reject", reasons=reasons)

    def resubmit(self, *items: str, role: str = "applicant", **change: Any) -> Json:
        """The applicant answers every item; employer and department confirm without items."""
        answers = [{"item": item, "text": "已补正"} for item in items]
        return self._command("resubmit", role, change, answers=answers)

    def withdraw(self, role: str = "applicant", **change: Any) -> Json:
        """The applicant withdraws, or the recommendation is withdrawn."""
        return self._command("withdraw", role, change, reason="个人原因")

    def objects(self, **change: Any) -> Json:
        """Somebody objects."""
        return self._command("object", "public", change, grounds="业绩材料与实际不符", real_name=True)

    def rule(self, objection_id: str, finding: str, role: str = "employer", **change: Any) -> Json:
        """The finding on an objection, by someone who did not recommend."""
        change.setdefault("person", f"{role}-investigator")
        fields: Json = {
            "objection_id": objection_id,
            "finding": finding,
            "text": "经核查",
            "hearing_held": True,
        }
        if finding == "curable":
            fields["items"] = [{"id": "c1", "text": "补充业绩证明"}]
        return self._command("rule_on_objection", role, change, **fields)

    def exam(self, result: str, held_on: date, **change: Any) -> Json:
        """The office records the examination; the pass line is 60."""
        marks: Json = {"passed": {"score": 72}, "failed": {"score": 45}}.get(result, {})
        if marks:
            marks["pass_line"] = 60
        return self._command(
            "record_exam",
            "office",
            change,
            result=result,
            held_on=held_on.isoformat(),
            seat="A-17",
            record="考场记录",
            **marks,
        )

    def schedule(self, meeting_on: date, drawn_on: date, **change: Any) -> Json:
        """The office puts it on the agenda of a meeting."""
        return self._command(
            "schedule",
            "office",
            change,
            meeting_ref="meeting-1",
            committee_ref=COMMITTEE,
            committee_size=self.committee_size,
            committee_valid_until="2025-12-31",
            drawn_on=drawn_on.isoformat(),
            meeting_on=meeting_on.isoformat(),
            conflicts_cleared=True,
        )

    def vote(self, yes: int, attending: int = 9, recused: int = 0, **change: Any) -> Json:
        """The chair announces the counts; everybody who did not say yes said no."""
        return self._command(
            "record_vote",
            "chair",
            change,
            step="counted",
            committee_size=self.committee_size,
            attending=attending,
            recused=recused,
            opinions=3,
            yes=yes,
            no=attending - recused - yes,
            signed=True,
            sealed=True,
            minutes_sha256=sha(f"{self.ref}/minutes"),
        )

    def publish(self, posted_at: str, **change: Any) -> Json:
        """The office publishes the list in both places."""
        return self._command(
            "publish_result",
            "office",
            change,
            list_sha256=sha("result-list"),
            postings=[{"place": place, "posted_at": posted_at} for place in PLACES],
        )

    def confirm(self, **change: Any) -> Json:
        """The city title office confirms."""
        return self._command(
            "confirm", "city_office", change, outcome="confirm", report_ref="津人社办函〔2024〕12号"
        )

    def ask_recheck(self, **change: Any) -> Json:
        """The applicant asks for a re-check."""
        return self._command("request_recheck", "applicant", change, ground="procedural", text="评审程序存疑")

    def rule_recheck(self, finding: str, **change: Any) -> Json:
        """The convening unit rules on the re-check."""
        return self._command("rule_on_recheck", "convening_unit", change, finding=finding, text="经复查")

    def archive(self, **change: Any) -> Json:
        """The archive keeper acknowledges the review form."""
        return self._command(
            "archive", "archive", change, receipt_ref="档收〔2024〕3号", form_sha256=sha(f"{self.ref}/form")
        )

    def cancel(self, what: str, role: str, **change: Any) -> Json:
        """A notice is taken down, or the eligibility is cancelled."""
        ground = "error" if what == "publicity" else "ce_commitment_false"
        return self._command("cancel", role, change, what=what, ground=ground, text="经核实")

    def revoke(self, **change: Any) -> Json:
        """The city title office revokes the title."""
        return self._command(
            "revoke",
            "city_office",
            change,
            ground="fraud",
            text="业绩材料造假",
            document_no="津人社撤字〔2024〕1号",
            notice_given=True,
            hearing_offered=True,
        )

    def hold(self, ground: str = "investigation", role: str = "office", **change: Any) -> Json:
        """Somebody stops it."""
        return self._command("hold", role, change, ground=ground, text="核查中")

    def release(self, outcome: str = "resume", role: str = "office", **change: Any) -> Json:
        """The hold ends."""
        return self._command("release", role, change, outcome=outcome, text="核查完毕")

    def correct(self, fact: int, step: str = "propose", role: str = "employer", **change: Any) -> Json:
        """A decision recorded on the wrong person is corrected: proposed, approved or dismissed."""
        if step == "approve":
            change.setdefault("person", f"{role}-second")
        return self._command(
            "correct",
            role,
            change,
            step=step,
            fact=fact,
            document_no="津更正〔2023〕7号",
            reason="误记于他人名下",
        )

    def revise(self, ground: str, changes: list[Json], **change: Any) -> Json:
        """The city title office moves deadlines."""
        return self._command(
            "revise_deadlines",
            "city_office",
            change,
            ground=ground,
            document_no="津人社办函〔2023〕400号",
            text="期限调整",
            changes=changes,
        )
