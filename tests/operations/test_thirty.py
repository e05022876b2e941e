"""The thirty questions of whoever runs a cycle: by command, over HTTP and on the board, on one known cycle.

`docs/operations.md` names for each the command, the call and the page of the board.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from models.doctor import Symptom
from models.roots import Inclusion
from models.stages import STAGES, Stage
from tests.operations.conftest import AT, Asking
from tests.operations.reading import Sheets
from tests.support import eventually, unique
from tests.workers.conftest import rehearsal_clock
from workers.beside import BESIDE
from workers.rehearsal.cast import COMMITTEE, OFFICE, Cast

THEN = f"{AT}:00+08:00"
ON = AT[:10]
UNIT = "tj-metrology-institute"
CLERK = f"employer:employer-clerk@{UNIT}"
CLOCK = rehearsal_clock(THEN)
NOTICE = """
[[notice]]
year = 2023
document = "国办发明电〔2023〕99号"
title = "关于2023年12月停工的通知"
issued = 2023-11-02
amends = "国办发明电〔2022〕16号"

[[notice.holidays]]
name = { zh = "停工", en = "stoppage" }
first = 2023-12-20
last = 2023-12-20
"""


def _without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    """A body as it goes over HTTP: the path and the token say the rest."""
    return {name: value for name, value in body.items() if name not in names}


def refs(rows: Any) -> set[str]:
    """The applications of an answer."""
    return {row["application_ref"] for row in rows}


async def test_1_who_will_miss_the_window(asking: Asking) -> None:
    asked = "deadline:department_submission stage:employer_review,employer_returned"
    told = await asking.told("at-risk", asked, "--at", AT)
    assert told == await asking.get("at-risk", q=asked, at=THEN)
    found = {row["application_ref"]: (row["slack"], row["may_miss"]) for row in told["rows"]}
    assert found["returned"] == found["held"] == found["waiting"] == (1, True)
    assert told["units"] == [{"unit": "tj-scjg-personnel", "applications": 3, "least_slack": 1}]
    page = await asking.page("risk", q=asked, on=ON, within=5)
    assert {row[0]: row[1] for row in page.rows("risks")} == dict.fromkeys(found, "1")
    assert all("may not fit" in row[-1] for row in page.rows("risks"))
    assert page.rows("units") == [["tj-scjg-personnel", "3", "1"]]


async def test_2_which_publicities_need_a_look(asking: Asking) -> None:
    told = await asking.told("publicity", "list", "--faulty", "--at", AT)
    assert told == await asking.get("publicities", faulty=True, at=THEN)
    assert {row["application_ref"]: row["faults"] for row in told} == {"to-prove": ["no_evidence"]}
    every = await asking.told("publicity", "list", "--at", "2023-12-22T09:00")
    assert {r["application_ref"]: r["faults"] for r in every}["on-view"] == ["ends_soon"]
    page = await asking.page("risk", on=ON)
    assert page.column("periods", 6)["to-prove"] == "no image and statement yet"


async def test_3_what_a_notice_moves(asking: Asking, tmp_path: Path) -> None:
    notice = tmp_path / "notice.toml"
    notice.write_text(NOTICE, "utf-8")
    told = await asking.told("calendar", "preview", str(notice), "--at", AT)
    assert told == await asking.send("POST", "calendar/preview", {"notice_toml": NOTICE, "at": THEN})
    assert told["days"] == {"2023-12-20": False}
    moved = {m["application_ref"]: (m["old_last_day"], m["new_last_day"]) for m in told["moves"]}
    assert moved["on-view"] == ("2023-12-25", "2023-12-26")
    page = await asking.act("calendar?lang=en", {"notice_toml": NOTICE, "on": ON})
    assert page.rows("days") == [["Wed 20 Dec 2023", "a rest day"]]
    assert page.column("moves", 3)["on-view"] == "Mon 25 Dec 2023"
    assert page.column("moves", 4)["on-view"] == "Tue 26 Dec 2023"


async def test_4_why_a_deadline_is_that_day(asking: Asking) -> None:
    (told,) = await asking.told("why-deadline", "waiting")
    (heard,) = [d for d in await asking.get("applications/waiting/deadlines") if d["counts_now"]]
    assert told["last_day"] == heard["last_day"] == "2023-11-06"
    assert told["formula"] == heard["formula"]
    page = await asking.page("applications/waiting")
    assert f"department submission: {told['last_day']}" not in page.text
    assert "Mon 6 Nov 2023" in page.text
    assert told["formula"] in page.text
    page = await asking.page("applications/waiting", lang="zh")
    assert "方案规定的日期" in page.text
    assert told["formula"] not in page.text
    assert "方案规定的日期" in await asking.text("why-deadline", "waiting", "--lang", "zh")


async def test_5_a_deadline_is_extended_with_its_document(asking: Asking) -> None:
    change = {"name": "department_submission", "last_day": "2023-11-09"}
    moved = {"ground": "extension", "changes": [change], "document_no": "津人社〔2023〕8号", "text": "停电"}
    await asking.send(
        "POST",
        "applications/returned/commands/revise_deadlines",
        moved | {"command_id": unique("c")},
        asking.city,
    )
    (told,) = await asking.told("why-deadline", "returned", "department_submission")
    assert told["last_day"] == "2023-11-09"
    assert [m["document_no"] for m in told["moved"]] == ["津人社〔2023〕8号"]
    (heard,) = [
        d for d in await asking.get("applications/returned/deadlines") if d["name"] == "department_submission"
    ]
    assert heard["moved"] == told["moved"]
    revision = (await asking.get("applications/returned"))["state"]["revision"]
    form = {
        "command_id": unique("c"),
        "revision": revision,
        "deadline": "department_submission",
        "working_days": 1,
        "document_no": "津人社〔2023〕9号",
        "text": "停水",
    }
    page = await asking.act("applications/returned/revise_deadlines?lang=en", form, asking.city)
    again = await asking.act("applications/returned/revise_deadlines?lang=en", form, asking.city)
    assert "津人社〔2023〕8号" in page.text
    moved = (await asking.told("why-deadline", "returned", "department_submission"))[0]["moved"]
    assert [m["document_no"] for m in moved] == ["津人社〔2023〕8号", "津人社〔2023〕9号"], (
        "sent twice, it counts once"
    )
    assert "津人社〔2023〕9号" in again.text


async def test_6_what_is_stuck_at_a_unit(asking: Asking) -> None:
    asked = "stage:office_review,publicity_ended days_at_stage>5 unit:tj-scjg-personnel"
    told = await asking.told("list", asked, "--at", AT)
    heard = await asking.get("applications", q=asked, at=THEN)
    assert refs(told) == refs(heard["items"]) == {"with-office", "to-prove"}
    days = {row["application_ref"]: row["days_at_stage"] for row in told}
    assert days["with-office"] == 18
    page = await asking.page("search", q=asked, on=ON)
    assert page.column("found", 1) == {"with-office": "office review", "to-prove": "publicity over"}
    never = await asking.told("list", f"{asked} days_at_stage>18", "--at", AT)
    assert refs(never) == {"to-prove"}


async def test_7_in_whose_court_it_is(asking: Asking) -> None:
    asked = "-ref:returned"
    told = await asking.told("court", asked, "--at", AT)
    assert told == await asking.get("court", q=asked, at=THEN)
    found = {(row["action_by"], row["stage"]): row["applications"] for row in told}
    assert found["office", "office_review"] == 1
    assert found["employer", "employer_review"] == 2
    assert found["employer", "publicity_ended"] == 1
    page = await asking.page("risk", q=asked, on=ON)
    assert page.column("courts", 2)["committee office"] == "1"
    assert sum(int(row[2]) for row in page.rows("courts")) == sum(found.values())


async def test_8_what_people_leave_behind(asking: Asking) -> None:
    told = await asking.told("left-behind", "department-clerk", "employer-clerk", "--at", AT)
    assert told == await asking.get("left-behind", subject=["department-clerk", "employer-clerk"], at=THEN)
    assert {row["ref"] for row in told} >= {"waiting", "to-prove"}
    assert {row["why"] for row in told} == {"they_alone_acted"}
    page = await asking.page("left-behind", subjects="department-clerk employer-clerk", on=ON)
    assert {row[1] for row in page.rows("left")} == {row["ref"] for row in told}
    assert {row[6] for row in page.rows("left")} == {"only they have acted"}


async def test_9_what_failed_lately(asking: Asking) -> None:
    """An acceptance without the checks attested fails for two; the cause stands once."""
    ref = unique("b")
    words = ("batch", "new", "--command", "accept", "--search", "ref:waiting,held", "--as", CLERK)
    sent = await asking.told(*words, "--ref", ref)
    assert sent["status"] == "done"
    mine = [one for one in await asking.told("incidents") if one["of"] == ref]
    assert mine == [one for one in await asking.get("incidents") if one["of"] == ref]
    assert sum(one["failures"] for one in mine) == 2
    assert {one["again"] for one in mine} == {"zhicheng batch retry REF"}
    page = await asking.page("incidents", hours=1)
    shown = [row for row in page.rows("incidents") if row[1] == ref]
    assert [(row[0], row[3]) for row in shown] == [
        ("refused in a batch", str(one["failures"])) for one in mine
    ]


async def test_10_11_the_doctor_looks_at_every_chain(asking: Asking) -> None:
    """The lives on record alone have no workflow; nobody has touched a chain, and none is behind."""
    told = await asking.told(
        "doctor", "--no-temporal", "--no-papers", "--at", "2023-12-28T09:00", status=None
    )
    heard = await asking.get("doctor")
    assert told["looked_at"]["applications"] == heard["looked_at"]["applications"] == 8
    found = {one["symptom"] for one in (*told["troubles"], *heard["troubles"])}
    assert not found & {"chain_broken", "record_differs", "inbox_orphaned"}
    await asking.act("service/doctor?lang=en", {})

    async def examined() -> Sheets:
        page = await asking.page("service")
        assert "applications looked at" in page.text
        return page

    page = await eventually(examined)
    assert "8 applications looked at" in page.text
    assert "Workers up" in page.text
    counts = page.column("symptoms", 1)
    assert len(counts) == len(Symptom), "what was looked for and not found is said, too"
    assert counts["an audit chain is broken"] == counts["the read model is not what its chain says"] == "0"
    assert counts["an invariant is broken"] == "0"


async def test_12_to_15_batches(asking: Asking, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("application\nwaiting\n", "utf-8")
    new = ("batch", "new", "--as", CLERK, "--dry-run")
    back = await asking.told(
        *new, "--command", "return", "--item", "e1=首页未加盖公章", "--from", str(listed)
    )
    assert back["preview"] == {"accepted": 1}
    clean = await asking.told(
        *new, "--command", "accept", "--search", "stage:employer_review ref:waiting,held"
    )
    assert sum(clean["preview"].values()) == 2
    items = await asking.told("batch", "items", clean["batch_ref"])
    heard = await asking.get(f"batches/{clean['batch_ref']}/items", asking.unit)
    assert refs(items) == refs(heard["items"]) == {"waiting", "held"}
    assert {row["application_ref"]: row["preview_code"] for row in heard["items"]}["held"] != "accepted"
    page = await asking.page(f"batches/{clean['batch_ref']}", asking.unit)
    assert {row[0] for row in page.rows("items")} == {"waiting", "held"}
    assert page.column("items", 3)["held"] != "accepted"
    form = {"batch_ref": unique("b"), "kind": "return", "q": "ref:waiting", "text": "首页未加盖公章"}
    page = await asking.act("batches", form, asking.unit)
    assert form["batch_ref"] in page.text
    assert form["batch_ref"] in {
        row[0] for row in (await asking.page("batches", asking.unit)).rows("batches")
    }
    over = await asking.send(
        "PUT",
        f"batches/{unique('b')}",
        {
            "command": {"kind": "remind", "text": "请在截止前办理"},
            "search": "slack<=2 -status:ended ref:waiting,with-office",
            "clock": CLOCK,
        },
        asking.unit,
    )

    async def reminded() -> None:
        state = await asking.get(f"batches/{over['batch_ref']}", asking.unit)
        assert state["items"] == 1, "the office has until 20 November"

    await eventually(reminded)


async def test_16_to_19_one_application(asking: Asking) -> None:
    shown = await asking.text("show", "returned")
    assert "首页未加盖公章" in shown
    page = await asking.page("applications/returned")
    (told_back,) = [row for row in page.rows("history") if row[1].startswith("return")]
    assert "首页未加盖公章" in told_back[1]
    assert "employer-clerk" in told_back[3]
    assert "tianjin-quality-2023" in told_back[4]
    assert {"resubmit", "withdraw"} <= {row[0] for row in page.rows("next")}
    assert page.rows("not-now"), "why the rest may not"
    facts = await asking.told("history", "returned")
    heard = await asking.get("applications/returned/history")
    assert facts == heard
    (back,) = [fact for fact in facts if fact["event"] == "employer_return"]
    assert back["actor"]["id"] == "employer-clerk"
    assert back["details"]["items"][0]["text"] == "首页未加盖公章"
    assert "tianjin-quality-2023" in back["plan"]
    drawn = await asking.get("applications/returned/diagram.svg")
    assert drawn in await asking.text("diagram", "returned")
    told = await asking.told("next", "returned")
    assert {step["command"] for step in told["steps"]} >= {"resubmit", "withdraw"}
    assert {s["command"] for s in (await asking.get("applications/returned/next"))["steps"]} == {
        step["command"] for step in told["steps"]
    }


async def test_20_a_decision_on_the_wrong_person_is_undone(asking: Asking) -> None:
    cast = Cast("mistaken")
    begun = cast.start(clock=CLOCK)
    await asking.send("PUT", "applications/mistaken", _without(begun, "plan_id", "application_ref"))
    for role, body in (("applicant", cast.submit()), ("employer", cast.employer_return())):
        who = asking.unit if role == "employer" else asking.of("p-mistaken", "applicant", None)
        path = f"applications/mistaken/commands/{body['kind']}"
        await asking.send("POST", path, _without(body, "kind", "actor"), who)
    said = ("--fact", "3", "--document-no", "津更正〔2023〕7号", "--reason", "误记于他人名下")
    assert (await asking.told("correct", "mistaken", *said, "--as", CLERK))["event"] == "correction_proposed"
    body = _without(cast.correct(3, "approve"), "kind", "actor")
    refused = await asking.refused("POST", "applications/mistaken/commands/correct", body, asking.unit)
    assert refused["code"] == "separation_of_duties", "nobody approves his own proposal"
    other = asking.of("clerk-4", "employer", UNIT)
    again = {**body, "command_id": unique("c")}
    receipt = await asking.send("POST", "applications/mistaken/commands/correct", again, other)
    assert (receipt["event"], receipt["stage"]) == ("corrected_to_employer_review", "employer_review")
    explained = await asking.told("explain", "mistaken", "--fact", "3")
    heard = await asking.get("applications/mistaken/explain", fact=3)
    assert explained["story"] == heard["story"]
    assert [(one["seq"], one["corrected_by"]) for one in heard["story"]] == [(3, 5), (5, None)]
    assert "corrected by 5" in await asking.text("history", "mistaken")
    assert "已由第5项更正" in await asking.text("explain", "mistaken", "--lang", "zh")
    page = await asking.page("applications/mistaken")
    assert "corrected by 5" in page.rows("history")[2][1]
    assert "approve the correction" in page.text
    await asking.told("withdraw", "mistaken", "--reason", "x", "--as", "applicant:p-mistaken")


async def test_21_a_name_is_corrected_with_its_document(asking: Asking) -> None:
    await asking.told("people", "record", "p-waiting", "王小明")
    changed = {"name": "王晓明", "document_no": "津公〔2023〕9号"}
    heard = await asking.send("PUT", "applications/waiting/name", changed)
    told = await asking.told("people", "show", "p-waiting")
    assert [one["name"] for one in told] == [one["name"] for one in heard] == ["王小明", "王晓明"]
    assert told[-1]["document_no"] == "津公〔2023〕9号"
    letters = await asking.get("applications/with-office/notices")
    assert any(one["to_role"] == "applicant" and one["text_zh"] for one in letters)
    page = await asking.act(
        "applications/waiting/name?lang=en", {"name": "王小明", "document_no": "津公〔2023〕10号"}
    )
    assert [row[1] for row in page.rows("names")] == ["王小明", "王晓明", "王小明"]
    assert page.rows("names")[1][3] == "津公〔2023〕9号"


async def test_22_on_hold_and_released(asking: Asking) -> None:
    assert (await asking.told("show", "held"))["state"]["status"] == "on_hold"
    assert refs((await asking.get("applications", q="status:on_hold"))["items"]) == {"held"}
    assert "Release" in (await asking.page("applications/held")).text
    released = {"outcome": "resume", "text": "核查完毕", "command_id": unique("c")}
    await asking.send("POST", "applications/held/commands/release", released)
    assert (await asking.told("show", "held"))["state"]["status"] == "open"


async def test_23_how_a_meeting_stands(asking: Asking) -> None:
    path = "meetings/spring"
    begun = {"committee_ref": COMMITTEE, "meeting_on": "2023-12-08", "clock": CLOCK}
    await asking.send("PUT", path, begun)
    told, heard = await asking.told("meeting", "show", "spring"), await asking.get(path)
    assert (
        (told["status"], told["draw_by"]) == (heard["status"], heard["draw_by"]) == ("planned", "2023-12-01")
    )
    assert [row[0] for row in (await asking.page("meetings")).rows("meetings")] == ["spring"]
    page = await asking.page(path)
    assert "Fri 1 Dec 2023" in page.text
    assert page.rows("agenda") == [["Nothing is found."]]


async def test_24_the_posts_that_are_left(asking: Asking) -> None:
    assert await asking.told("posts", "--plan", "tianjin-quality-2023") == await asking.get("posts")
    page = await asking.page("posts")
    assert page.rows("posts") == [["Nothing is found."]], (
        "no unit of this cycle is under full post management"
    )


async def test_25_to_27_results(asking: Asking) -> None:
    await asking.text("lists", "draft", "--at", "2023-12-16T09:00", status=1)  # names are missing
    assert await asking.told("lists", "show") == await asking.get("lists") == []
    free = await asking.get("applications", q="stage:result_publicity,confirm_pending,certified")
    assert refs(free["items"]) == {"on-view", "titled"}
    number = next(one["certificate_no"] for one in free["items"] if one["certificate_no"])
    verdict = await asking.told("certificate", "verify", number)
    assert verdict["standing"] == (await asking.get(f"/v1/certificates/{number}"))["standing"]
    told, heard = await asking.told("report", "statistics"), await asking.get("statistics")
    assert told["cells"] == heard["cells"]
    assert len(told["cells"]) == 1, "one specialty, one level, one kind of unit"
    page = await asking.page("results", number=number)
    assert page.rows("lists") == [["Nothing is found."]]
    assert page.column("passed", 1)["result publicity"] == "1"
    assert f"Certificate {number} is valid" in page.text
    assert page.column("funnel", 1)["submitted to the employer"] == str(told["totals"]["submitted"])


async def test_28_that_nothing_was_changed(asking: Asking) -> None:
    told = await asking.told("audit", "verify", "--all")
    heard = await asking.get("audit")
    assert told["findings"] == heard["findings"] == []
    begun = refs((await asking.get("applications"))["items"])
    assert len(begun - {"mistaken"}) == 8, "and the one of question 20, if that was asked before"
    assert told["looked_at"]["applications"] == heard["looked_at"]["applications"] == len(begun)
    sealed = await asking.told("audit", "root", "--no-temporal", "--at", "2023-12-28T09:00")
    assert [one["root"] for one in sealed] == await asking.get("audit/roots")
    proof = Inclusion.model_validate(await asking.told("audit", "prove", "titled"))
    assert proof.holds()
    assert (await asking.told("audit", "verify", "--all"))["looked_at"]["roots"] == 1


async def test_29_whether_this_release_replays_what_runs(asking: Asking) -> None:
    async def listed() -> Any:
        told = await asking.told("replay", "--open", "--sample", "2")
        assert sum(told["open"].values()) >= 3, "the server's list comes a moment later"
        return told

    told = await eventually(listed, 20.0)
    assert told["broken"] == []
    assert {stage: min(n, 2) for stage, n in told["open"].items()} == told["replayed"]
    page = await asking.page("service")
    assert "every history fits" in page.text
    assert {row[0]: (int(row[1]), int(row[2]), row[3]) for row in page.rows("replayed")} == {
        (BESIDE[stage] if stage in BESIDE else STAGES[Stage(stage)].label).en: (n, min(n, 2), "0")
        for stage, n in told["open"].items()
    }


async def test_30_who_exported_what(asking: Asking, tmp_path: Path) -> None:
    asked = "stage:office_review -status:ended"
    taken = await asking.send("POST", "exports", {"search": asked})
    assert [row["application_ref"] for row in csv.DictReader(io.StringIO(taken.lstrip("\ufeff")))] == [
        "with-office"
    ]
    out = tmp_path / "taken.csv"
    await asking.text("export", "make", asked, "--out", str(out))
    assert out.read_text("utf-8") == taken
    told, heard = await asking.told("export", "list"), await asking.get("exports")
    assert told == heard
    mine, theirs = told[:2]
    assert (mine["subject"], theirs["subject"]) == ("operator", "office-clerk")
    assert mine["sha256"] == theirs["sha256"]
    assert (theirs["rows"], theirs["search"]) == (1, "stage:office_review -status:ended")
    assert theirs["grants"] == f"office:{OFFICE}"
    looks = await asking.get("applications/with-office/looks")
    assert looks[0]["what"] == "application_looks"
    assert [one["request_id"] for one in await asking.told("access-log", "with-office")] == [
        one["request_id"] for one in looks
    ]
    page = await asking.page("exports", ref="with-office")
    assert [row[1] for row in page.rows("exports")][:2] == ["operator", "office-clerk"]
    assert page.rows("exports")[1][6] == theirs["sha256"][:16]
    assert "application_looks" in {row[3] for row in page.rows("looks")}
