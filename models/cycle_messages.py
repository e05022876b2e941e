"""What the workflow of a cycle says to its activities and gets back. Small, whatever the cycle's size."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from models.selection import Selection
from models.wire import Compact, Instant, Wire


class Asked(Wire):
    """An activity that carries out one command of a cycle: the command's body, when, under which plan.

    `command` is the JSON of the command, with its actor; `at` is business time.
    """

    plan_id: str
    plan_version: int
    at: Instant
    command: dict[str, Any]


class Done(Compact):
    """What it did, in numbers and a few words; never one entry an application.

    `refused_zh` / `refused_en` set: it was not carried out, and nothing was changed; `field` says where.
    """

    counts: dict[str, int] = Field(default_factory=dict)
    facts: dict[str, str] = Field(default_factory=dict)
    refused_zh: str | None = None
    refused_en: str | None = None
    field: str | None = None


class Order(Wire):
    """One command for many applications: `body` without actor-specific parts, sent to each of `selection`.

    Every application gets it under the id `{order_id}:{application_ref}`, so that sending again is safe.
    `per_second` limits the rate.
    """

    order_id: str
    plan_id: str
    at: Instant
    body: dict[str, Any]
    selection: Selection
    per_second: int = 50


class OrderDone(Compact):
    """How an order went: how many were chosen, accepted, refused, or had ended meanwhile.

    The refused ones are listed, with the reason, in the table `order_refusals`.
    """

    chosen: int = 0
    accepted: int = 0
    refused: int = 0
    ended: int = 0


class OrdersAsked(Wire):
    """Which orders of a cycle are still under way: those of these that have ended without a word."""

    plan_id: str
    order_ids: tuple[str, ...]


class OrdersEnded(Compact):
    """The orders that have ended without an outcome, with the reason."""

    reasons: dict[str, str] = Field(default_factory=dict)
