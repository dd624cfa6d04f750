"""Reservations and savings plans: their ends, how much of them is used, and what Azure would buy besides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest
from azure.mgmt.costmanagement import CostManagementClient

from analysis.commitments import Term
from analysis.money import Money
from providers.azure.connection import Connection, refusal

CAPACITY = "/providers/Microsoft.Capacity/reservations"
PLANS = "/providers/Microsoft.BillingBenefits/savingsPlans"
VERSION = "2022-11-01"
RECOMMENDED_VERSION = "2024-08-01"
MOST_PAGES = 200
NOTHING = 204
LASTING = ("succeeded", "expired", "pendingbilling", "confirmedbilling", "created")
WELL_USED = 95.0  # percent, the FinOps toolkit's bound
WINDOW = 30  # days
YEARS = re.compile(r"P(\d+)Y")
KINDS = {"reservations": "Microsoft.Capacity/", "savings plans": "Microsoft.BillingBenefits/"}
HOURS_A_MONTH = Decimal("730.5")


@dataclass(frozen=True, slots=True)
class Held:
    """The commitments that the bill names; ``told`` are those that are hardly used, by Azure's own account."""

    terms: Sequence[Term]
    told: tuple[str, ...]
    failed: tuple[str, ...]


def held(connection: Connection, ids: Iterable[str]) -> Held:
    """The commitments that the bill names with their first and last days.

    ``ids`` are FOCUS CommitmentDiscountIds, which say whether reservations or savings plans are to be asked for.
    """
    named = {one.lower() for one in ids}
    terms: list[Term] = []
    told: list[str] = []
    failed: list[str] = []
    for what, path in (("reservations", CAPACITY), ("savings plans", PLANS)):
        mine = {one for one in named if KINDS[what].lower() in one}
        if not mine:
            continue
        try:
            for one in _pages(connection, path):
                if str(one.get("id", "")).lower() in mine and (term := _term(one)):
                    terms.append(term)
                    told += _underused(one, term)
        except AzureError as error:
            failed.append(f"{what} are not read: {refusal(error)}")
    return Held(terms, tuple(told), tuple(failed))


def recommended(connection: Connection, scopes: Sequence[str]) -> list[str]:
    """What Azure itself would buy, in a line each; told beside our own ladder and never added to it.

    Savings plans and reservations of one year, from the last 30 days, where it would save anything.
    """
    lines: list[str] = []
    for scope in scopes:
        try:
            lines += [*_plans(connection, scope), *_reservations(connection, scope)]
        except AzureError as error:
            lines.append(f"Azure's own recommendations to buy are not read: {refusal(error)}")
            break
    return lines


def _plans(connection: Connection, scope: str) -> Iterator[str]:
    client = connection.client(CostManagementClient)
    wanted = "properties/lookBackPeriod eq 'Last30Days' and properties/term eq 'P1Y'"
    for one in client.benefit_recommendations.list(scope.strip("/"), filter=wanted):
        said: Any = one.properties
        best = getattr(said, "recommendation_details", None)
        currency = str(getattr(said, "currency_code", "") or "USD")
        if best is None or not best.savings_amount or best.savings_amount <= 0:
            continue
        saved = Money(Decimal(best.savings_amount) * HOURS_A_MONTH / (WINDOW * 24), currency).cents()
        hourly = Money(Decimal(best.commitment_amount or 0), currency).cents()
        bought = f"a savings plan of {hourly} an hour for a year"
        yield f"Azure would buy {bought} and save {saved} a month; ours: `commitments`"


def _reservations(connection: Connection, scope: str) -> Iterator[str]:
    """The reservations that would save most, all kinds together, in one line a currency."""
    path = f"{scope}/providers/Microsoft.Consumption/reservationRecommendations"
    asked = {"api-version": RECOMMENDED_VERSION, "$filter": "properties/lookBackPeriod eq 'Last30Days'"}
    sums: dict[str, Decimal] = {}
    count = 0
    for one in _pages(connection, path, asked):
        said: Mapping[str, Any] = one.get("properties") or {}
        saving, currency = _amount(said.get("netSavings"))
        if said.get("term") == "P1Y" and saving > 0:
            sums[currency] = sums.get(currency, Decimal(0)) + saving * HOURS_A_MONTH / (WINDOW * 24)
            count += 1
    for currency, amount in sums.items():
        yield (
            f"Azure would buy reservations for a year ({count} recommendations) and save "
            f"{Money(amount, currency).cents()} a month; ours: `commitments`"
        )


def _amount(said: object) -> tuple[Decimal, str]:
    """An amount: agreements differ in whether it names its currency."""
    if isinstance(said, Mapping):
        return Decimal(str(said.get("value") or 0)), str(said.get("currency") or "USD")
    return Decimal(str(said or 0)), "USD"


def _pages(connection: Connection, path: str, asked: Mapping[str, str] | None = None) -> Iterator[Mapping[str, Any]]:
    """Every item of a list, page by page; a link that comes again ends it."""
    client = connection.client(CostManagementClient)
    request, seen = HttpRequest("GET", path, params=dict(asked or {"api-version": VERSION})), set[str]()
    for _ in range(MOST_PAGES):
        answer = client.send_request(request)
        answer.raise_for_status()
        page = answer.json() if answer.status_code != NOTHING else {}
        yield from page.get("value") or ()
        link = str(page.get("nextLink") or "")
        if not link or link in seen:
            return
        seen.add(link)
        request = HttpRequest("GET", link)


def _term(one: Mapping[str, Any]) -> Term | None:
    said = one.get("properties") or {}
    if str(said.get("provisioningState", "succeeded")).lower() not in LASTING:
        return None
    starts = _day(said.get("benefitStartTime") or said.get("effectiveDateTime") or said.get("purchaseDate"))
    ends = _day(said.get("expiryDateTime") or said.get("expiryDate"))
    years = YEARS.fullmatch(str(said.get("term", "")))
    if ends is None:
        return None
    if starts is None:
        starts = ends - timedelta(days=365 * int(years[1] if years else 1))
    return Term(str(one["id"]), _name(one, said), starts, ends)


def _name(one: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    """What a person knows it by: its own name, how much it is, and whether it renews itself."""
    size = (one.get("sku") or {}).get("name") or said.get("skuDescription") or ""
    count = f"{said['quantity']} × {size}" if said.get("quantity") and size else size
    renews = "renews itself" if said.get("renew") else ""
    return ", ".join(part for part in (str(said.get("displayName") or ""), count, renews) if part)


def _underused(one: Mapping[str, Any], term: Term) -> Iterator[str]:
    """By Azure's own account over 30 days; the exact dollars stand in the bill."""
    every = ((one.get("properties") or {}).get("utilization") or {}).get("aggregates") or ()
    for part in every:
        if part.get("grain") == WINDOW and float(part.get("value", 100)) < WELL_USED:
            used = f"{float(part['value']):.0f}% in {WINDOW} days"
            yield f"{term.name} is used to {used}, says Azure; ours: `commitments`"


def _day(text: object) -> date | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
