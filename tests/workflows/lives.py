"""Ways through a life that many tests need."""

from __future__ import annotations

from datetime import date

from tests.workflows.cycle import Life


async def to_employer_review(life: Life) -> None:
    """Submitted on 20 September."""
    await life.at("2023-09-20 09:00")
    await life.send(life.cast.submit())


async def post_answered(life: Life) -> None:
    """The register of posts has answered: each question waits for a task in which the answer may come."""
    while (await life.state()).stage == "quota_check":
        await life.handle.query("history")


async def to_publicity(life: Life, day: str = "2023-09-25") -> None:
    """Recommended and posted on that day, before the National Day by default."""
    await to_employer_review(life)
    await life.send(life.cast.recommend())
    await life.at(f"{day} 09:00")
    await life.send(life.cast.start_publicity())


async def to_department_review(life: Life) -> None:
    """The publicity has run, the evidence is filed on 9 October."""
    await to_publicity(life)
    await life.at("2023-10-09 09:00")
    await life.send(life.cast.file_evidence())


async def to_office_review(life: Life) -> None:
    """The department has submitted."""
    await to_department_review(life)
    await life.send(life.cast.department_submit())


async def to_review_ready(life: Life) -> None:
    """Accepted on 20 October."""
    await to_office_review(life)
    await life.at("2023-10-20 09:00")
    await life.send(life.cast.accept())


async def to_expert_review(life: Life) -> None:
    """On the agenda of 15 December."""
    await to_review_ready(life)
    await life.at("2023-12-01 09:00")
    await life.send(life.cast.schedule(date(2023, 12, 15), date(2023, 11, 30)))


async def to_passed(life: Life, yes: int = 6) -> None:
    """Six of nine: exactly two thirds."""
    await to_expert_review(life)
    await life.at("2023-12-15 16:00")
    await life.send(life.cast.vote(yes))


async def to_result_publicity(life: Life) -> None:
    """Posted on 18 December, until 25 December."""
    await to_passed(life)
    await life.at("2023-12-18 10:00")
    await life.send(life.cast.publish("2023-12-18T09:00:00+08:00"))


async def to_confirm_pending(life: Life) -> None:
    """The second publicity has run."""
    await to_result_publicity(life)
    await life.at("2023-12-26 10:00")


async def to_certified(life: Life) -> None:
    """Confirmed; the certificate is made by itself."""
    await to_confirm_pending(life)
    await life.send(life.cast.confirm())


async def to_archived(life: Life) -> None:
    """The whole main line: eleven commands, two publicities."""
    await to_certified(life)
    await life.at("2023-12-28 10:00")
    await life.send(life.cast.archive())
