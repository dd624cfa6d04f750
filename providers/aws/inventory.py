"""The inventory of an organization: each reader in each account and region that the bill knows, side by side."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from analysis.errors import NotReadable
from analysis.estate import BARE, Bill, Resource
from analysis.money import Money
from providers.aws.accounts import Account
from providers.aws.connection import HOME, Connection, refusal
from providers.aws.metrics import affordable, cost, measured, metrics_of
from providers.aws.prices import Prices
from providers.aws.readers import Place, Reader, Seen, discover
from providers.provider import Inventory, Progress, Spot

log = structlog.get_logger(__name__)
GLOBAL_REGIONS = ("", "global", "aws-global")
REGION_OFF = ("OptInRequired", "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException")
METRICS_BUDGET = Money(Decimal(2), "USD")  # an assessment


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an inventory may ask: requests side by side, dollars for metrics, and from which monthly bill on."""

    workers: int = 16
    metrics: Money = METRICS_BUDGET
    metrics_from: Decimal = Decimal(5)


@dataclass(frozen=True, slots=True)
class Task:
    """One reader in one account and region."""

    reader: Reader
    account: Account
    region: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What an inventory came to, with what its metrics cost."""

    inventory: Inventory
    spent: Money


def inventory(  # noqa: PLR0913 (said by name)
    connection: Connection,
    accounts: Sequence[Account],
    spots: Iterable[Spot],
    bills: Mapping[str, Bill],
    *,
    prices: Prices,
    now: datetime,
    limits: Limits,
    progress: Progress = lambda _share, _what: None,
) -> Taken:
    """Read what runs where something is billed; what fails is named by account, and the rest is delivered."""
    tasks = planned(accounts, spots)
    failed: dict[str, list[str]] = defaultdict(list)
    gathered: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    done = Counter[str]()
    places = {(task.account.id, task.region): _place(connection, task, prices, now) for task in tasks}

    def read(task: Task) -> tuple[Task, list[Seen], str]:
        try:
            return task, list(task.reader.read(places[task.account.id, task.region])), ""
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            off = code in REGION_OFF and task.region != HOME
            return task, [], f"region {task.region} is switched off" if off else refusal(error)
        except (BotoCoreError, ResponseParserError) as error:
            return task, [], refusal(error)
        except NotReadable as error:
            return task, [], error.why
        except Exception as error:  # one reader that stumbles over an answer must not cost all the others theirs
            log.exception("reader", reader=task.reader.name, account=task.account.id, region=task.region)
            return task, [], f"{task.reader.name}: an answer that is not understood ({type(error).__name__}: {error})"

    with ThreadPoolExecutor(limits.workers, thread_name_prefix="aws") as pool:
        for task, seen, why in pool.map(read, tasks):
            done["tasks"] += 1
            share = done["tasks"] / len(tasks)
            progress(share, f"reading {len({task.account.id for task in tasks})} accounts, {share:.0%} done")
            if why:
                failed[task.account.id].append(why)
            gathered[task.account.id, task.region].extend(seen)
        resources, spent, short, unmeasured = _measured(connection, gathered, bills, now, limits, pool)
    unread = [*_said(accounts, failed), *short]
    kept = frozenset(failed) | unmeasured
    return Taken(Inventory(tuple(resources), tuple(unread), kept), spent)


def planned(accounts: Sequence[Account], spots: Iterable[Spot]) -> list[Task]:
    """The readers that the bill asks for, the slowest families first; each account and region once."""
    known = {account.id: account for account in accounts}
    readers = discover()
    wanted: dict[tuple[str, str, str], Task] = {}
    for spot in spots:
        account = known.get(spot.account)
        if account is None:
            continue
        service = spot.service.lower()
        for name in readers:
            reader = readers[name]
            if not any(word.lower() in service for word in reader.billed):
                continue
            region = HOME if reader.anywhere or spot.region in GLOBAL_REGIONS else spot.region
            wanted.setdefault((name, account.id, region), Task(reader, account, region))
    return [wanted[key] for key in sorted(wanted)]


def _place(connection: Connection, task: Task, prices: Prices, now: datetime) -> Place:
    account = "" if task.account.own else task.account.id
    ask: Callable[[str], object] = lambda service: connection.client(service, account=account, region=task.region)  # noqa: E731
    return Place(task.account.id, task.region, ask, now, prices, task.account.name)


def _measured(
    connection: Connection,
    gathered: Mapping[tuple[str, str], Sequence[Seen]],
    bills: Mapping[str, Bill],
    now: datetime,
    limits: Limits,
    pool: ThreadPoolExecutor,
) -> tuple[list[Resource], Money, list[str], frozenset[str]]:
    """All resources, those that are worth it with their metrics; what it cost; what was left unmeasured, and which."""
    priced = [(_price(one, bills), key, one) for key, seen in gathered.items() for one in seen if one.wanted]
    worth = [entry for entry in priced if entry[0] >= limits.metrics_from]
    chosen, asked, left = _within(worth, limits.metrics)
    short = [f"{left} resources are not measured: the metrics budget of {limits.metrics} is used up"] if left else []
    own = connection.identity()

    def ask(key: tuple[str, str]) -> tuple[list[Resource], str]:
        account, region = key
        try:
            client = connection.client("cloudwatch", account="" if account == own else account, region=region)
            return measured(client, chosen[key], now), ""
        except (ClientError, BotoCoreError) as error:
            return [], f"metrics of account {account} in {region}: {refusal(error)}"

    known: dict[str, Resource] = {}
    for resources, why in pool.map(ask, chosen):
        known |= {one.id: one for one in resources}
        short += [why] if why else []
    every = [one.resource for seen in gathered.values() for one in seen]
    wanted = {one.resource.id for _, _, one in worth}
    unmeasured = frozenset(one.lower() for one in wanted - known.keys())
    return [known.get(one.id, one) for one in every], cost(asked), short, unmeasured


def _within(
    worth: Sequence[tuple[Decimal, tuple[str, str], Seen]], budget: Money
) -> tuple[dict[tuple[str, str], list[Seen]], int, int]:
    """The most expensive resources whose metrics the budget pays for, how many metrics, and how many it does not."""
    ranked = sorted(worth, key=lambda entry: -entry[0])
    chosen: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    most, asked = affordable(budget), 0
    for place, (_, key, one) in enumerate(ranked):
        more = metrics_of(one)
        if asked + more > most:
            return dict(chosen), asked, len(ranked) - place
        asked += more
        chosen[key].append(one)
    return dict(chosen), asked, 0


def _price(one: Seen, bills: Mapping[str, Bill]) -> Decimal:
    for name in map(str.lower, (one.resource.id, *one.resource.billed_as)):
        bare = BARE.search(name)
        if bill := bills.get(name) or (bills.get(bare[1]) if bare else None):
            return bill.effective.amount
    return Decimal(0)


def _said(accounts: Sequence[Account], failed: Mapping[str, Sequence[str]]) -> list[str]:
    """Which accounts were read in part or not at all, each with its reasons, the total first."""
    if not failed:
        return []
    names = {account.id: account.name for account in accounts}
    whole = len(accounts)
    lines = [f"{whole - len(failed)} of {whole} accounts were read whole"]
    for account, reasons in sorted(failed.items()):
        name = f"{account} ({names[account]})" if names.get(account, account) != account else account
        lines.append(f"account {name}: {'; '.join(dict.fromkeys(reasons))}")
    return lines
