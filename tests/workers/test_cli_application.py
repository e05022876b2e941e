"""The command line on applications, as a user types it, against a real server, worker and database."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from models.commands import COMMANDS, parse
from models.state import Receipt
from models.wire import local_day
from tests.support import eventually, unique
from tests.workers.conftest import Zhicheng, environment_of, rehearsal_clock, wait_until, written
from workers.rehearsal.cast import Cast, Json
from workers.settings import Settings

START = "2023-09-19T09:00:00+08:00"
PROGRAM = str(Path(sys.executable).with_name("zhicheng"))


@pytest.fixture
def applied(zhicheng: Zhicheng, cast: Cast, tmp_path: Path) -> Cast:
    """An application on record, in draft."""
    body = cast.start(clock=rehearsal_clock(START))
    result = zhicheng("apply", "--file", written(tmp_path / "input.json", body))
    assert result.exit_code == 0, result.stderr
    return cast


def sent(zhicheng: Zhicheng, ref: str, body: Json, *words: str) -> Json:
    """Send a command given as JSON on standard input; its receipt."""
    name = str(body["kind"]).replace("_", "-")
    result = zhicheng(name, ref, "--file", "-", "--json", *words, given=json.dumps(body))
    assert result.exit_code == 0, result.stderr
    receipt: Json = json.loads(result.stdout)
    return receipt


def test_apply_makes_the_reference_from_the_person(zhicheng: Zhicheng) -> None:
    words = ["--person", unique("p"), "--employer", "tj-metrology-institute", "--department", "binhai-hrss"]
    words += ["--specialty", "metrology", "--level", "deputy_senior", "--json"]
    first = json.loads(zhicheng("apply", *words, "--rehearse-from", START).stdout)
    assert first["outcome"] == "started"
    assert first["opened"] is True
    assert len(first["application_ref"]) == 16
    other = zhicheng("apply", *words, "--full-post-management", "--rehearse-from", START)
    assert other.exit_code == 1
    assert "another employer.full_post_management" in other.stderr
    assert "employer.full_post_management" in json.loads(other.stdout)["differing"]


def test_apply_says_what_is_missing(zhicheng: Zhicheng) -> None:
    result = zhicheng("apply", "--person", "p-1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Missing --employer, --department, --specialty, --level" in result.stderr


def test_a_whole_life(zhicheng: Zhicheng, served: Settings, tmp_path: Path) -> None:
    """Two and a half business days a second, from the draft to the archived certificate."""
    cast = Cast(unique("life"))
    body = cast.start(clock=rehearsal_clock("2023-09-19T09:00:00+08:00", 216_000.0))
    assert zhicheng("apply", "-f", written(tmp_path / "input.json", body)).exit_code == 0
    dossier = written(tmp_path / "dossier.json", cast.dossier())
    ref, me = cast.ref, f"applicant:p-{cast.ref}"
    submit = zhicheng("submit", ref, "--as", me, "--dossier", dossier)
    assert submit.exit_code == 0, submit.stderr
    assert "employer_review" in submit.stdout
    returned = zhicheng(
        *("review", ref, "--as", "employer:employer-clerk@tj-metrology-institute", "--hop", "employer"),
        *("--outcome", "return", "--items", "e1=首页未加盖公章"),
    )
    assert returned.exit_code == 0, returned.stderr
    repaired = zhicheng("resubmit", ref, "--as", me, "--answers", "e1=已补正")
    assert repaired.exit_code == 0, repaired.stderr
    sent(zhicheng, ref, cast.recommend())
    sent(zhicheng, ref, cast.start_publicity())
    wait_until(served, ref, lambda state: state.stage == "publicity_ended")
    sent(zhicheng, ref, cast.file_evidence())
    sent(zhicheng, ref, cast.department_submit())
    accepted = sent(zhicheng, ref, cast.accept())
    assert accepted["stage"] == "review_ready"
    drawn, meeting = date.fromisoformat(accepted["at"][:10]), date(2023, 12, 4)
    sent(zhicheng, ref, cast.schedule(meeting, drawn))
    wait_until(served, ref, lambda state: local_day(state.at) >= meeting)
    passed = sent(zhicheng, ref, cast.vote(7))
    assert passed["stage"] == "passed"
    assert sent(zhicheng, ref, cast.publish(passed["at"]))["stage"] == "result_publicity"
    wait_until(served, ref, lambda state: state.stage == "confirm_pending")
    sent(zhicheng, ref, cast.confirm())
    wait_until(served, ref, lambda state: state.stage == "certified")
    assert sent(zhicheng, ref, cast.archive())["stage"] == "archived"
    told = zhicheng("show", ref).stdout
    assert "certificate" in told
    assert "e1: 首页未加盖公章" in told
    assert "chain: whole" in zhicheng("history", ref).stdout


def test_a_refusal_is_one_sentence_and_status_1(zhicheng: Zhicheng, applied: Cast) -> None:
    words = ["review", applied.ref, "--as", "employer:e-1@tj-metrology-institute"]
    words += ["--hop", "employer", "--outcome", "approve"]
    result = zhicheng(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "That is not possible in the stage 'draft'. Possible now: submit" in result.stderr
    chinese = zhicheng(*words, "--lang", "zh")
    assert "在“填报中”阶段不能执行该指令" in chinese.stderr
    found = json.loads(zhicheng(*words, "--json").stdout)["refused"]
    assert (found["code"], found["stage"]) == ("not_in_this_stage", "draft")


def test_the_same_command_id_counts_once(zhicheng: Zhicheng, applied: Cast, tmp_path: Path) -> None:
    body = written(tmp_path / "submit.json", applied.submit(command_id="once"))
    words = ("submit", applied.ref, "-f", body, "--expected-revision", "0", "--json")
    first, again = (Receipt.model_validate_json(zhicheng(*words).stdout) for _ in range(2))
    assert first == again.model_copy(update={"duplicate": False})
    assert first.revision == 1
    stale = zhicheng(
        "withdraw",
        applied.ref,
        "--as",
        f"applicant:p-{applied.ref}",
        "--reason",
        "x",
        "--expected-revision",
        "0",
    )
    assert stale.exit_code == 1
    assert "expected_revision" in stale.stderr


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("--reason", "x"), "Give --as role:person[@organisation]"),
        (("--reason", "x", "--as", "applicant"), "write it as role:person[@organisation]"),
        (("--reason", "x", "--as", "king:arthur"), "use one of applicant, employer"),
        (("--as", "applicant:p-1"), "option --reason"),
        (("--as", "applicant:p-1", "--reason", "x", "--expires-at", "soon"), "option --expires-at"),
        (("--as", "applicant:p-1", "--file", "/nowhere.json"), "give a file of JSON"),
        (("--as", "applicant:p-1", "--nonsense"), "No such option"),
    ],
)
def test_a_wrong_option_is_status_2_with_the_remedy(
    zhicheng: Zhicheng, words: tuple[str, ...], remedy: str
) -> None:
    result = zhicheng("withdraw", "nobody", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert remedy in result.stderr
    assert "Traceback" not in result.stderr


def test_options_of_parts_and_hashes(zhicheng: Zhicheng, applied: Cast, tmp_path: Path) -> None:
    sent(zhicheng, applied.ref, applied.submit())
    sent(zhicheng, applied.ref, applied.recommend())
    notice = tmp_path / "notice.pdf"
    notice.write_bytes(b"notice")
    words = ["start-publicity", applied.ref, "--as", "employer:employer-clerk@tj-metrology-institute"]
    words += ["--notice-sha256", f"@{notice}", "--list-sha256", "0" * 64]
    result = zhicheng(*words, "--places", "board", "--places", "intranet", "--working-days", "7", "--json")
    assert result.exit_code == 0, result.stderr
    why = zhicheng("why-deadline", applied.ref, "employer_publicity")
    assert "7 working days after 2023-09-19" in why.stdout
    assert "2023-09-28 星期四" in why.stdout
    days = json.loads(zhicheng("why-deadline", applied.ref, "employer_publicity", "--json").stdout)[0]["days"]
    assert [note["counted"] for note in days if note["counted"]] == [1, 2, 3, 4, 5, 6, 7]
    unknown = zhicheng("why-deadline", applied.ref, "doomsday")
    assert unknown.exit_code == 2
    assert "it has employer_publicity, department_submission" in unknown.stderr


def test_a_signal_is_sent_and_its_refusal_is_visible(
    zhicheng: Zhicheng, served: Settings, applied: Cast
) -> None:
    words = ("withdraw", applied.ref, "--as", "employer:e-1@tj-metrology-institute", "--reason", "x")
    result = zhicheng(*words, "--signal", "--command-id", "early-bird")
    assert result.exit_code == 0, result.stderr
    assert f"zhicheng refused {applied.ref}" in result.stdout
    wait_until(served, applied.ref, lambda state: state.refused == 1)
    shown = zhicheng("refused", applied.ref).stdout
    assert "early-bird" in shown
    assert "1 refused" in shown
    assert json.loads(zhicheng("refused", applied.ref, "--json").stdout)[0]["command_id"] == "early-bird"


def test_next_says_who_may_do_what_and_why_not_the_rest(zhicheng: Zhicheng, applied: Cast) -> None:
    shown = zhicheng("next", applied.ref).stdout
    assert "submit: submit (提交) -> employer_review" in shown
    assert "it is for chair in other stages" in shown
    permitted = json.loads(zhicheng("next", applied.ref, "--json").stdout)
    assert {"submit", "withdraw"} <= {step["command"] for step in permitted["steps"]}
    chinese = zhicheng("next", applied.ref, "--lang", "zh").stdout
    assert "申报人" in chinese


def test_the_diagram_marks_where_it_is(zhicheng: Zhicheng, applied: Cast, tmp_path: Path) -> None:
    sent(zhicheng, applied.ref, applied.submit())
    target = tmp_path / "a.svg"
    assert "employer_review" in zhicheng("diagram", applied.ref, "-o", str(target)).stdout
    drawn = target.read_text("utf-8")
    assert drawn.rstrip().endswith("</svg>")
    assert drawn != zhicheng("lifecycle", "--format", "svg").stdout
    assert zhicheng("diagram", applied.ref, "-o", str(tmp_path / "no" / "a.svg")).exit_code == 2


def test_the_demo_names_its_stories(zhicheng: Zhicheng) -> None:
    named = zhicheng("demo", "--list")
    assert named.exit_code == 0
    assert "/" in named.stdout.splitlines()[0]
    assert zhicheng("demo", "--story", "no-such-story").exit_code == 2


def test_an_application_has_three_names(zhicheng: Zhicheng, applied: Cast) -> None:
    names = (applied.ref, f"{applied.plan_id}/{applied.ref}", f"application/{applied.plan_id}/{applied.ref}")
    assert {state_of(zhicheng, name)["application_ref"] for name in names} == {applied.ref}
    elsewhere = zhicheng("show", applied.ref, ZHICHENG_PLAN="other-2024")
    assert elsewhere.exit_code == 2
    assert "application/other-2024/" in elsewhere.stderr


def test_a_closed_application_says_so(zhicheng: Zhicheng, served: Settings, applied: Cast) -> None:
    words = ("withdraw", applied.ref, "--as", f"applicant:p-{applied.ref}", "--reason", "x")
    assert zhicheng(*words).exit_code == 0
    wait_until(served, applied.ref, lambda state: state.status == "ended")
    again = zhicheng(*words)
    assert again.exit_code == 1
    assert "has ended" in again.stderr
    assert state_of(zhicheng, applied.ref)["stage"] == "withdrawn"


def test_list_finds_it(zhicheng: Zhicheng, cast: Cast, tmp_path: Path) -> None:
    cast.department = "binhai-hrss"
    body = cast.start(clock=rehearsal_clock(START))
    zhicheng("apply", "-f", written(tmp_path / "input.json", body))
    words = ("list", "--unit", "binhai-hrss", "--stage", "draft", "--due-before", "2023-11-08")

    def listed() -> bool:
        return cast.ref in {one["application_ref"] for one in json.loads(zhicheng(*words, "--json").stdout)}

    asyncio.run(eventually(lambda: asyncio.to_thread(listed)))
    assert cast.ref in zhicheng(*words).stdout
    assert zhicheng("list", "--stage", "limbo").exit_code == 2
    assert zhicheng("list", "--due-before", "soon").exit_code == 2
    assert zhicheng("list", "--unit", "a'b").exit_code == 2
    assert zhicheng("search", "save", "binhai", "unit:binhai-hrss  stage:draft").exit_code == 0
    saved = json.loads(zhicheng("list", "@binhai ref:" + cast.ref, "--json").stdout)
    assert [(one["application_ref"], one["returns"]) for one in saved] == [(cast.ref, 0)]
    assert zhicheng("list", "-stage:draft ref:" + cast.ref).stdout.endswith("0 applications\n")
    wrong = zhicheng("list", "dew<2023-11-06")
    assert (wrong.exit_code, "Did you mean due?" in wrong.stderr) == (2, True)
    assert "Saved are: binhai" in zhicheng("list", "@nobody").stderr
    assert "unit:binhai-hrss" in zhicheng("search", "list").stdout
    assert zhicheng("search", "remove", "binhai").exit_code == 0
    assert zhicheng("search", "remove", "binhai").exit_code == 1


def test_without_a_worker_nobody_answers(zhicheng: Zhicheng, cast: Cast, tmp_path: Path) -> None:
    alone = {"ZHICHENG_TASK_QUEUE": unique("alone")}
    body = written(tmp_path / "input.json", cast.start(clock=rehearsal_clock(START)))
    started = zhicheng("apply", "-f", body, "--timeout", "1", **alone)
    assert started.exit_code == 3
    assert "no worker has opened it yet" in started.stderr
    result = zhicheng("show", cast.ref, "--timeout", "1", **alone)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "no worker is on line" in result.stderr


def test_without_a_server_it_says_where_it_looked(zhicheng: Zhicheng) -> None:
    result = zhicheng("show", "x", ZHICHENG_TEMPORAL_ADDRESS="127.0.0.1:9")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "127.0.0.1:9" in result.stderr
    assert zhicheng("show", "x", ZHICHENG_TEMPORAL_ADDRESS="nonsense").exit_code == 2


@pytest.mark.parametrize("kind", [*COMMANDS, "apply"])
def test_every_template_fits_its_schema(zhicheng: Zhicheng, kind: str) -> None:
    name = kind.replace("_", "-")
    body = json.loads(zhicheng("template", name).stdout)
    schema = json.loads(zhicheng("schema", name).stdout)
    jsonschema.validate(body, schema, cls=jsonschema.Draft202012Validator)
    if kind in COMMANDS:
        parse(kind, body)


def test_the_whole_schema_holds_what_is_answered(zhicheng: Zhicheng) -> None:
    found = json.loads(zhicheng("schema").stdout)
    assert {*COMMANDS, "application_input", "receipt", "refusal", "state_view"} <= set(found)
    assert json.loads(zhicheng("schema", "state-view").stdout) == found["state_view"]
    assert zhicheng("schema", "conquer").exit_code == 2


def test_search_attributes_are_checked_and_registered(zhicheng: Zhicheng) -> None:
    assert "all 10 search attributes" in zhicheng("search-attributes", "check").stdout
    assert json.loads(zhicheng("search-attributes", "register", "--json").stdout)["added"] == []


def test_a_process_of_its_own_ends_with_the_status_it_decided_on(served: Settings, applied: Cast) -> None:
    def status(*words: str) -> int:
        env = {**os.environ, **environment_of(served)}
        return subprocess.run([PROGRAM, *words], env=env, capture_output=True, check=False).returncode

    assert status("show", applied.ref) == 0
    assert (
        status(
            "archive",
            applied.ref,
            "--as",
            "archive:a@tj-archive",
            "--receipt-ref",
            "x1",
            "--form-sha256",
            "0" * 64,
        )
        == 1
    )
    assert status("show") == 2
    assert status("calendar", "due", "2023-09-25", "--working-days", "5") == 0


def test_a_command_that_needs_no_server_loads_no_client() -> None:
    seen = "import sys, workers.cli; print(sorted({'temporalio', 'sqlalchemy'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def state_of(zhicheng: Zhicheng, ref: str) -> Json:
    found: Json = json.loads(zhicheng("show", ref, "--json").stdout)["state"]
    return found
