"""What Azure Advisor recommends to save, through Resource Graph; what to buy is left to `commitments`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from analysis.estate import Advice, one_each
from analysis.money import Money
from providers.azure import graph
from providers.azure.connection import Connection
from providers.azure.readers import Row, word

SOURCE = "Azure Advisor"
YEAR = 12  # months
RIGHTSIZE = "e10b1381-5f0a-47ff-8c7b-37bd13d7c974"  # the recommendation type of machines to shut down or to resize
TOPICS: Mapping[str, str] = {  # by the kind of resource that it is about
    "microsoft.documentdb/databaseaccounts": "az.cosmos.throughput",
    "microsoft.operationalinsights/workspaces": "az.law.ingest",
}
OTHER = "az.adv.other"
PURCHASES = ("term", "reservationtype", "commitmentamount", "reservedresourcetype")  # of what only buying saves
SHUTDOWN = ("", "shutdown", "shut down")
DAYS = 7  # that Advisor looks back where it does not say


def advice(
    connection: Connection, subscriptions: Sequence[str], accounts: Mapping[str, str]
) -> tuple[list[Advice], list[str]]:
    """All advice about resources, and what could not be read.

    ``accounts`` gives each subscription (a UUID in small letters) as the bill writes it.
    """
    told = graph.ask(connection, "advice", subscriptions)
    found = [made for row in told.rows if (made := _advice(row, accounts))]
    why = {reason: sum(one == reason for one in told.failed.values()) for reason in told.failed.values()}
    lines = [f"{SOURCE} is not read in {_subscriptions(count)}: {what}" for what, count in why.items()]
    return one_each(found), lines


def _subscriptions(count: int) -> str:
    return "1 subscription" if count == 1 else f"{count} subscriptions"


def _advice(row: Row, accounts: Mapping[str, str]) -> Advice | None:
    said = {key.lower(): word(value) for key, value in (row.get("said") or {}).items()}
    resource = word(row.get("resource"))
    saving = _saving(said)
    if saving is None or "/providers/" not in resource.lower() or any(said.get(name) for name in PURCHASES):
        return None
    subscription = word(row.get("subscriptionId")).lower()
    target = said.get("targetsku", "")
    rightsize = word(row.get("kind")).lower() == RIGHTSIZE
    return Advice(
        resource_id=resource,
        provider="azure",
        cloud="azure",
        account=accounts.get(subscription, f"/subscriptions/{subscription}"),
        region="",
        topic="az.vm.rightsize" if rightsize else TOPICS.get(word(row.get("field")).lower(), OTHER),
        source=f"{SOURCE}, {said.get('lookbackperiod') or DAYS} days",
        says=_says(row, target, rightsize=rightsize),
        saving=saving,
        target="" if target.lower() in SHUTDOWN else target,
        present=said.get("currentsku", ""),
        name=word(row.get("value")),
    )


def _says(row: Row, target: str, *, rightsize: bool) -> str:
    if rightsize:
        return "does nothing, shut it down" if target.lower() in SHUTDOWN else f"would fit {target}"
    text = word(row.get("solution")) or word(row.get("problem")) or "could cost less"
    return text[:1].lower() + text[1:]


def _saving(said: Mapping[str, str]) -> Money | None:
    """The saving a month; ``None`` where Advisor names none."""
    for name, months in (("annualsavingsamount", YEAR), ("savingsamount", 1)):
        try:
            amount = Decimal(said.get(name, "").replace(",", "") or 0) / months
        except InvalidOperation:
            continue
        if amount > 0:
            return Money(amount, said.get("savingscurrency") or "USD")
    return None
