"""A survey: everything that stands beside the bill of Azure, asked once an assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from analysis.budgets import Budget
from analysis.commitments import Term
from providers.azure.advice import advice
from providers.azure.budgets import budgets
from providers.azure.commitments import held, recommended
from providers.azure.connection import Connection
from providers.azure.inventory import Limits, inventory, subscriptions
from providers.azure.prices import PriceList
from providers.provider import Billed, Inventory, Progress

BILLING = "/providers/microsoft.billing/"


@dataclass(frozen=True, slots=True)
class Survey:
    """What runs with Azure's own advice, and what outlives the assessment: commitments and budgets."""

    inventory: Inventory
    terms: Sequence[Term]
    budgets: Sequence[Budget]


def survey(  # noqa: PLR0913 (said by name)
    connection: Connection,
    billed: Billed,
    *,
    folder: Path,
    now: datetime,
    limits: Limits | None = None,
    scopes: Sequence[str] = (),
    progress: Progress = lambda _share, _what: None,
) -> Survey:
    """Ask for all of it; what is refused is said, and costs only its own.

    ``scopes`` are those of the bill (billing accounts): their budgets and recommendations are asked for too.
    """
    known, _, _ = subscriptions(connection, billed.spots)
    taken = inventory(
        connection,
        billed.spots,
        billed.bills,
        prices=lambda subscriptions: PriceList(connection, subscriptions, folder / "prices", now),
        now=now,
        limits=limits or Limits(),
        progress=progress,
    )
    advised, unadvised = advice(connection, [one.id for one in known], {one.id: one.account for one in known})
    kept = held(connection, billed.commitments)
    payers = [one for one in scopes if one.lower().startswith(BILLING)]
    where: Mapping[str, str] = {f"/subscriptions/{one.id}": one.account for one in known} | dict.fromkeys(payers, "")
    set_, unset = budgets(connection, where)
    told = (*unadvised, *kept.told, *recommended(connection, payers), *unset)
    whole = replace(taken, advice=tuple(advised), unread=(*taken.unread, *kept.failed), told=(*taken.told, *told))
    return Survey(whole, kept.terms, set_)
