"""The grammar of searches: one way to print, errors that name the place, days that fit a count."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.calendar import WorkCalendar
from models.deadline_labels import DEADLINE_LABELS
from models.field_errors import first_field_error
from models.refusal import Refused
from models.search import Search, Term, canonical_search, parse_search
from models.search_errors import SearchError
from models.search_fields import FIELDS, NULLABLE, Kind
from models.selection import Selection, read_search
from models.slack import Span, Today, span_of
from models.stages import STAGES, Stage
from workers.board.words import known

CALENDAR = WorkCalendar.load()
few_examples = settings(max_examples=80, deadline=None)


def _values(name: str) -> st.SearchStrategy[str]:
    field = FIELDS[name]
    match field.kind:
        case Kind.DAY:
            made = st.dates(date(1950, 1, 1), date(2200, 12, 31)).map(str)
        case Kind.NUMBER | Kind.WORKING_DAYS:
            made = st.integers(field.least, 390).map(str)
        case _ if field.words is not None:
            return st.sampled_from(sorted({*field.words, *field.words.values()}))
        case _:
            return st.from_regex(r"[A-Za-z][A-Za-z0-9._:@-]{0,12}", fullmatch=True)
    return st.just("none") | made if name in NULLABLE else made


@st.composite
def words(draw: st.DrawFn) -> str:
    """A term as somebody may write it, in either set of signs."""
    field = FIELDS[draw(st.sampled_from(sorted(FIELDS)))]
    name = draw(st.sampled_from((field.name, *field.also, *field.zh_names)))
    values = draw(st.lists(_values(field.name), min_size=1, max_size=4))
    sign = draw(st.sampled_from((":", "=", "：")))
    if field.kind is not Kind.CODE and draw(st.booleans()) and values[0] != "none":
        values, sign = values[:1], draw(st.sampled_from(("<", "<=", ">", ">=", "≤", "＞")))
    comma = draw(st.sampled_from((",", "，", "、")))
    return f"{draw(st.sampled_from(('', '-', '－')))}{name}{sign}{comma.join(values)}"


@few_examples
@given(st.lists(words(), max_size=6))
@example(["截止≤2023-11-06", "@mine", "-unit：tj-1、tj-2", "@一周内到期"])
def test_what_is_printed_is_read_again_as_the_same(given_words: list[str]) -> None:
    read = parse_search("　".join(given_words))
    assert parse_search(read.text) == read
    assert parse_search(" ".join(reversed(given_words))).text == read.text


@few_examples
@given(st.text(max_size=60))
def test_whatever_is_written_is_read_or_refused_in_both_languages(text: str) -> None:
    try:
        parse_search(text)
    except SearchError as error:
        refusal = error.refusal
        assert refusal.field == "q"
        assert all((refusal.rule.zh, refusal.rule.en, refusal.remedy.zh, refusal.remedy.en))


def test_the_example_of_the_documents() -> None:
    text = "stage:office_review due<2023-11-20 unit:tj-metrology-institute returned>=2"
    assert parse_search(text).terms == (
        Term(field="stage", values=("office_review",)),
        Term(field="unit", values=("tj-metrology-institute",)),
        Term(field="due", operator="<", values=("2023-11-20",)),
        Term(field="returned", operator=">=", values=("2",)),
    )


def test_chinese_is_understood_and_printed_in_one_way() -> None:
    assert canonical_search(f"环节：{STAGES[Stage.OFFICE_REVIEW].label.zh}") == "stage:office_review"
    assert canonical_search("截止≤2023-11-06　待办：用人单位") == "action_by:employer due<=2023-11-06"
    assert canonical_search("stage:passed,accepted,passed") == "stage:accepted,passed"


def test_the_departments_window_is_found_by_its_own_name() -> None:
    own = "主管部门提交截止"
    assert canonical_search(f"期限：{own}") == "deadline:department_submission"
    assert DEADLINE_LABELS["department_submission"].zh == known("zh", "department_submission") == own


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "stage:office_review dew<2023-11-06",
            "From character 21, 'dew<2023-11-06': there is no field",
        ),
        ("due<soon", "a day is written YYYY-MM-DD. Write it like due<2023-11-06."),
        ("due<1900-01-01", "a day is written YYYY-MM-DD"),
        ("due<2023-11-06,2023-11-07", "it cannot be compared like this"),
        ("stage<passed", "it cannot be compared like this"),
        ("stage:pased", "Did you mean passed?"),
        ("returned>=many", "it is a whole number from 0 to 390"),
        ("days_at_stage>-1", "it is a whole number from 0 to 390"),
        ("slack>999", "it is a whole number from -390 to 390"),
        ("unit:", "it has 1 to 100 values"),
        ("a-7", "this is no term. Write field:value, like stage:office_review"),
        ("unit:120101199001011234", "looks like an identity or mobile number"),
        ("unit:张三", "Write it like unit:tj-1"),
        ("x" * 1001, "at most 1000 characters"),
        ("returned:1 " * 31, "at most 30 terms"),
    ],
)
def test_an_error_names_the_place_the_rule_and_the_remedy(text: str, says: str) -> None:
    with pytest.raises(SearchError) as caught:
        parse_search(text)
    assert says in caught.value.refusal.sentence()


def test_a_saved_search_is_written_out_where_it_stands() -> None:
    read = parse_search("@late -stage:draft")
    assert read.saved == ("late",)
    assert read.expanded({"late": "slack<3"}).text == "-stage:draft slack<3"
    with pytest.raises(SearchError, match="Saved are: other"):
        read.expanded({"other": "slack<3"})
    with pytest.raises(SearchError, match="Write its terms out"):
        canonical_search("@late")


def test_a_selection_keeps_its_search_in_one_form_and_leaves_it_out_without_one() -> None:
    assert read_search("returns>=2  stage:draft").search == "stage:draft returned>=2"
    assert "search" not in Selection().model_dump(mode="json")
    assert Selection.model_validate_json(read_search("slack<3").model_dump_json()).terms.counts_working_days
    with pytest.raises(ValidationError) as caught:
        Selection(search="dew<3")
    path, rule = first_field_error(caught.value)
    assert path == "search"
    assert "没有字段 dew" in rule.zh
    assert "there is no field 'dew'" in rule.en


days = st.dates(date(2022, 6, 1), date(2024, 6, 30))
counts = st.integers(-20, 20)
operators = st.sampled_from((":", "<", "<=", ">", ">="))


def _fits(operator: str, left: int, right: int) -> bool:
    return {
        ":": left == right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


def _inside(span: Span, day: date) -> bool:
    return (span.since is None or day >= span.since) and (span.before is None or day < span.before)


@few_examples
@given(today=days, gap=st.integers(-30, 30), count=counts, operator=operators)
@example(today=date(2023, 11, 5), gap=-1, count=0, operator="<")
@example(today=date(2023, 10, 7), gap=-8, count=-1, operator=">=")
def test_the_days_of_a_slack_are_those_that_leave_so_many_workdays(
    today: date, gap: int, count: int, operator: str
) -> None:
    here = Today(today, CALENDAR)
    last_day = today + timedelta(days=gap)
    term = parse_search(f"slack{operator}{count}").terms[0]
    left = here.slack(last_day)
    assert left is not None
    assert _inside(span_of(term, str(count), here), last_day) == _fits(operator, left, count)


@few_examples
@given(today=days, ago=st.integers(-3, 40), count=st.integers(0, 25), operator=operators)
@example(today=date(2023, 11, 5), ago=0, count=0, operator=":")
def test_the_days_of_entering_are_those_since_which_so_many_workdays_went_by(
    today: date, ago: int, count: int, operator: str
) -> None:
    here = Today(today, CALENDAR)
    entered = today - timedelta(days=ago)
    term = parse_search(f"days_at_stage{operator}{count}").terms[0]
    gone = here.days_since(entered)
    assert gone is not None
    assert _inside(span_of(term, str(count), here), entered) == _fits(operator, gone, count)


def test_slack_by_the_calendar_of_the_year() -> None:
    """Friday 29 September 2023 to Monday 6 November: the holiday rests, 7 and 8 October are worked."""
    before_the_holiday = Today(date(2023, 9, 28), CALENDAR)
    assert before_the_holiday.slack(date(2023, 10, 7)) == 1
    assert before_the_holiday.slack(date(2023, 11, 6)) == 23
    assert Today(date(2023, 11, 6), CALENDAR).slack(date(2023, 11, 6)) == 0
    assert Today(date(2023, 11, 4), CALENDAR).slack(date(2023, 11, 3)) == -1
    assert Today(date(2023, 11, 7), CALENDAR).slack(date(2023, 11, 3)) == -2


def test_a_year_without_a_notice_is_never_guessed() -> None:
    early = Today(date(2023, 9, 1), WorkCalendar.load(known_on=date(2023, 9, 1)))
    assert early.slack(date(2024, 1, 5)) is None
    term = parse_search("slack<300").terms[0]
    with pytest.raises(Refused, match="2024"):
        span_of(term, "300", early)
    with pytest.raises(Refused, match="Use days instead"):
        span_of(term, "300", None)


def test_an_empty_search_finds_everything() -> None:
    assert parse_search("  ") == Search()
    assert Search().text == ""
