"""A survey: everything that stands beside the bill of Azure, asked once an assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
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
    payers = [one for one in scopes if one.lower().startswith(BILLING)]
    where: Mapping[str, str] = {f"/subscriptions/{one.id}": one.account for one in known} | dict.fromkeys(payers, "")
    with ThreadPoolExecutor(4, thread_name_prefix="azure-survey") as beside:
        advising = beside.submit(advice, connection, [one.id for one in known], {one.id: one.account for one in known})
        holding = beside.submit(held, connection, billed.commitments)
        limiting = beside.submit(budgets, connection, where)
        recommending = beside.submit(recommended, connection, payers)
        taken = inventory(
            connection,
            billed.spots,
            billed.bills,
            prices=lambda subscriptions: PriceList(connection, subscriptions, folder / "prices", now),
            now=now,
            limits=limits or Limits(),
            progress=progress,
        )
    (advised, unadvised), kept, (set_, unset) = advising.result(), holding.result(), limiting.result()
    told = (*unadvised, *kept.told, *recommending.result(), *unset)
    whole = replace(taken, advice=tuple(advised), unread=(*taken.unread, *kept.failed), told=(*taken.told, *told))
    return Survey(whole, kept.terms, set_)
