"""The inventory of a tenant: what Resource Graph tells of the subscriptions that the bill knows, measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest
from azure.mgmt.costmanagement import CostManagementClient

from analysis.estate import Bill, Machine, Resource
from providers.azure import graph, rights
from providers.azure.connection import Connection, refusal
from providers.azure.metrics import measured
from providers.azure.prices import Prices
from providers.azure.readers import Place, Reader, Row, Seen, discover, word
from providers.provider import Inventory, Progress, Spot

log = structlog.get_logger(__name__)
POLICY_VERSION = "2023-01-01"
NOT_FOUND, OK = 404, 200
ENABLED = ("enabled", "warned", "pastdue")
A_WEEK_OF_RUNNING = 150 / 7  # hours a day
BUSY_DAYS = 14


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an inventory may ask: questions side by side, and from which monthly bill on something is measured."""

    workers: int = 8
    metrics_from: Decimal = Decimal(5)
    storage_from: Decimal = Decimal("2.5")


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription that the identity may read; ``account`` is how the bill writes it (FOCUS SubAccountId)."""

    id: str
    name: str
    account: str


def inventory(  # noqa: PLR0913 (said by name)
    connection: Connection,
    spots: Iterable[Spot],
    bills: Mapping[str, Bill],
    *,
    prices: Callable[[Sequence[str]], Prices],
    now: datetime,
    limits: Limits,
    progress: Progress = lambda _share, _what: None,
) -> Inventory:
    """Read what runs where something is billed; what fails is named by subscription, and the rest is delivered.

    ``prices`` makes a price list from subscriptions to ask in.
    """
    where = list(spots)
    known, hidden, unlisted = subscriptions(connection, where)
    failed: dict[str, list[str]] = defaultdict(list)
    for account in hidden:
        failed[account].append("it is billed, and the identity may not read it (Reader)")
    plan = planned(known, where)
    with ThreadPoolExecutor(limits.workers, thread_name_prefix="azure") as pool:
        rows, refused = _rows(connection, plan, known, failed, pool, progress)
        place = Place(
            rows=rows,
            accounts={one.id: (one.account, one.name) for one in known},
            prices=prices([one.id for one in known]),
            now=now,
            billed=lambda name: name.lower() in bills,
            lifecycle=_lifecycles(connection, rows.get("accounts", ()), bills, limits, pool),
        )
        seen, stumbled = _read(plan, place, refused)
        worth = [one for one in seen if one.wanted and one.type and _price(one, bills) >= limits.metrics_from]
        values = measured(connection, worth, now, pool)
    for name, why in stumbled.items():
        for one in plan[name]:
            failed[next(each.account for each in known if each.id == one)].append(why)
    resources = tuple(_ran(values.found.get(one.resource.id.lower(), one.resource), now) for one in seen)
    said = _said(known, hidden, failed)
    return Inventory(resources, unread=(*unlisted, *said, *values.told), kept=frozenset(failed) | values.failed)


def subscriptions(
    connection: Connection, spots: Iterable[Spot]
) -> tuple[list[Subscription], list[str], tuple[str, ...]]:
    """Those that the bill knows and that may be read; those that may not, as the bill writes them; why none is."""
    billed = {account.rsplit("/", 1)[-1].lower(): account for account in (spot.account for spot in spots)}
    billed = {name: account for name, account in billed.items() if graph.UUID.fullmatch(name)}
    try:
        rows = graph.everywhere(connection, "subscriptions")
    except AzureError as error:
        return [], sorted(billed.values()), (f"subscriptions are not listed: {refusal(error)}",)
    found = [
        Subscription(name, word(row.get("name")), billed[name])
        for row in rows
        if (name := word(row.get("subscriptionId")).lower()) in billed
        and word(row.get("state") or "enabled").lower() in ENABLED
    ]
    seen = {one.id for one in found}
    return found, sorted(account for name, account in billed.items() if name not in seen), ()


def planned(known: Sequence[Subscription], spots: Iterable[Spot]) -> dict[str, list[str]]:
    """The readers that the bill asks for, each with the subscriptions in which it does."""
    services: dict[str, set[str]] = defaultdict(set)
    for spot in spots:
        services[spot.account.rsplit("/", 1)[-1].lower()].add(spot.service.lower())
    readers = discover()
    plan = {name: [one.id for one in known if _asks(readers[name], services[one.id])] for name in readers}
    return {name: ones for name, ones in plan.items() if ones}


def _asks(reader: Reader, services: Iterable[str]) -> bool:
    return not reader.billed or any(part.lower() in service for service in services for part in reader.billed)


def _rows(
    connection: Connection,
    plan: Mapping[str, Sequence[str]],
    known: Sequence[Subscription],
    failed: dict[str, list[str]],
    pool: ThreadPoolExecutor,
    progress: Progress,
) -> tuple[dict[str, Sequence[Row]], dict[str, set[str]]]:
    """What each query tells, asked once for all readers that need it; and which subscriptions refused which."""
    readers = discover()
    wanted: dict[str, set[str]] = defaultdict(set)
    for name, ones in plan.items():
        for query in readers[name].queries:
            wanted[query] |= set(ones)
    accounts = {one.id: one.account for one in known}
    names = sorted(wanted)
    rows: dict[str, Sequence[Row]] = {}
    refused: dict[str, set[str]] = {query: set() for query in names}
    _hide(rights.unseen(connection, [one.id for one in known], pool), accounts, wanted, refused, failed)
    answers = pool.map(lambda query: graph.ask(connection, query, sorted(wanted[query])), names)
    for place, (query, told) in enumerate(zip(names, answers, strict=True), 1):
        progress(place / len(names), f"{query} in {len(wanted[query])} subscriptions")
        rows[query] = told.rows
        refused[query] |= set(told.failed)
        for subscription, why in told.failed.items():
            failed[accounts[subscription]].append(why)
    return rows, refused


def _hide(
    unseen: Mapping[str, set[str]],
    accounts: Mapping[str, str],
    wanted: Mapping[str, set[str]],
    refused: Mapping[str, set[str]],
    failed: dict[str, list[str]],
) -> None:
    """Ask nothing of a subscription that its role would leave out, and say so."""
    for subscription, kinds in unseen.items():
        hidden = {query: kinds & rights.about(query) for query in wanted if subscription in wanted[query]}
        missing = [query for query, what in hidden.items() if what]
        for query in missing:
            refused[query].add(subscription)
            wanted[query].discard(subscription)
        if missing:
            failed[accounts[subscription]] += rights.said(set[str]().union(*hidden.values()))


def _read(
    plan: Mapping[str, Sequence[str]], place: Place, refused: Mapping[str, set[str]]
) -> tuple[list[Seen], dict[str, str]]:
    """What every reader makes of the rows; one that stumbles over them costs only its own.

    A reader sees nothing of a subscription that refused one of its questions: without all of the answers a pool would
    look empty, and a gateway unused.
    """
    readers = discover()
    seen: list[Seen] = []
    stumbled: dict[str, str] = {}
    for name in plan:
        try:
            closed = {one for query in readers[name].queries for one in refused.get(query, ())}
            seen += readers[name].read(replace(place, rows=_open(place.rows, closed)) if closed else place)
        except Exception as error:  # one reader that stumbles over an answer must not cost all the others theirs
            log.exception("reader", reader=name)
            stumbled[name] = f"{name}: an answer that is not understood ({type(error).__name__}: {error})"
    return seen, stumbled


def _open(rows: Mapping[str, Sequence[Row]], closed: Iterable[str]) -> dict[str, Sequence[Row]]:
    """The rows without those of some subscriptions."""
    shut = set(closed)
    return {
        query: [row for row in every if word(row.get("subscriptionId")).lower() not in shut]
        for query, every in rows.items()
    }


def _lifecycles(
    connection: Connection, rows: Sequence[Row], bills: Mapping[str, Bill], limits: Limits, pool: ThreadPoolExecutor
) -> Callable[[str], bool | None]:
    """Whether storage accounts have a lifecycle rule: Resource Graph does not know; those worth it are asked."""
    worth = [
        word(row["id"])
        for row in rows
        if (bill := bills.get(word(row["id"]).lower())) and bill.effective.amount >= limits.storage_from
    ]
    client = connection.client(CostManagementClient)

    def has(account: str) -> bool | None:
        url = f"{account}/managementPolicies/default"
        try:
            answer = client.send_request(HttpRequest("GET", url, params={"api-version": POLICY_VERSION}))
        except AzureError:
            return None
        return {OK: True, NOT_FOUND: False}.get(answer.status_code)

    known = dict(zip((one.lower() for one in worth), pool.map(has, worth), strict=True))
    return lambda name: known.get(name.lower())


def _price(one: Seen, bills: Mapping[str, Bill]) -> Decimal:
    found = (bills.get(name.lower()) for name in (one.resource.id, *one.resource.billed_as))
    return next((bill.effective.amount for bill in found if bill), Decimal(0))


def _ran(resource: Resource, now: datetime) -> Resource:
    """A machine with since when it runs: Azure tells no start, its own reports tell whether it ever paused lately."""
    hours = resource.metrics.get("hours_per_day")
    if not isinstance(resource, Machine) or hours is None or hours.days < BUSY_DAYS:
        return resource
    if hours.average < A_WEEK_OF_RUNNING:
        return resource
    looked = now.astimezone(UTC).date() - timedelta(days=hours.days)
    return replace(resource, since=resource.created or looked)


def _said(known: Sequence[Subscription], hidden: Sequence[str], failed: Mapping[str, Sequence[str]]) -> list[str]:
    """Which subscriptions were read in part or not at all, each with its reasons, the total first."""
    if not failed:
        return []
    names: dict[str, Any] = {one.account: one.name for one in known}
    whole = len(known) + len(hidden)
    lines = [f"{whole - len(failed)} of {whole} subscriptions were read whole"]
    for account, reasons in sorted(failed.items()):
        name = f"{names[account]} ({account})" if names.get(account) else account
        lines.append(f"subscription {name}: {'; '.join(dict.fromkeys(reasons))}")
    return lines
