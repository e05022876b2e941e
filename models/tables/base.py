"""The base of every table: names of constraints, portable column types, the key of what stems from a fact."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcInstant(TypeDecorator[datetime]):
    """An aware instant, stored in UTC and read back aware in UTC; a naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no offset: give an aware instant.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Free text. PostgreSQL cannot hold the NUL character, so it is left out, on either database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return value if value is None else value.replace("\x00", "")


Ref = Annotated[str, mapped_column(String(80))]
Code = Annotated[str, mapped_column(String(60))]
Sha256 = Annotated[str, mapped_column(String(64))]
Prose = Annotated[str, mapped_column(Words)]
Json = Annotated[Any, mapped_column(JSON(none_as_null=True))]
Big = Annotated[int, mapped_column(BigInteger().with_variant(Integer, "sqlite"))]
Serial = Annotated[
    int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, sort_order=-9)
]


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcInstant, date: Date}  # noqa: RUF012


class OfApplication:
    """Part of the key: the plan (cycle) and the application in it."""

    plan_id: Mapped[Ref] = mapped_column(primary_key=True, sort_order=-4)
    application_ref: Mapped[Ref] = mapped_column(primary_key=True, sort_order=-3)


class Facts(OfApplication):
    """The key of a row that stems from one fact of the audit chain. `at` is the fact's business time."""

    seq: Mapped[int] = mapped_column(primary_key=True, sort_order=-2)
    at: Mapped[datetime] = mapped_column(sort_order=-1)


def of_application() -> ForeignKeyConstraint:
    """The row belongs to an application that exists."""
    return ForeignKeyConstraint(
        ["plan_id", "application_ref"], ["applications.plan_id", "applications.application_ref"]
    )
