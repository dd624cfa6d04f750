"""Cost Explorer as billed rows, where there is no export: each request and each page costs a cent, so few are made.

Requests are planned by what was billed where, counted in a ledger that survives restarts, and kept: a month that is
closed is never asked for again, an open one once a day. What the day's budget does not pay for is coarser, and said.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import BotoCoreError, ClientError

from analysis.errors import NotReadable
from analysis.estate import Bill
from analysis.money import Money
from analysis.periods import DAYS_A_MONTH, Period, month_before, month_of
from providers.aws.connection import refusal
from providers.focus.columns import DECIMALS
from providers.provider import Export, Progress

A_REQUEST = Decimal("0.01")  # USD, each page is one (AWS Cost Explorer's price list)
SETTLED = timedelta(days=15)  # after a month's end, from which on it does not change any more
REACH = 13  # months that Cost Explorer keeps by the day
RESOURCE_DAYS = 14  # that it keeps by resource
LATE = 2  # days that are not settled yet
MOST_PAGES = 500
COARSEST = 4  # requests that a month needs at least: its total, what is no usage, its places, and all usage at once
TOLERANCE = Decimal("0.01")
USAGE = ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage")
CATEGORIES: Mapping[str, str] = {  # RECORD_TYPE as FOCUS ChargeCategory
    "Tax": "Tax",
    "Credit": "Credit",
    "Refund": "Credit",
    "RIFee": "Purchase",
    "SavingsPlanRecurringFee": "Purchase",
    "SavingsPlanUpfrontFee": "Purchase",
    "Recurring reservation fee": "Purchase",
    "Upfront reservation fee": "Purchase",
    "Support fee": "Purchase",
    "Fee": "Purchase",
    "SavingsPlanNegation": "Usage",
}
NOT_SWITCHED_ON = ("DataUnavailableException", "ValidationException")
REFUSALS: Mapping[str, str] = {
    "AccessDeniedException": "ce:GetCostAndUsage is not allowed, or IAM access to billing is switched off in the payer",
    "DataUnavailableException": "Cost Explorer was switched on less than a day ago: come back tomorrow",
    "BillExpirationException": "the range is older than Cost Explorer keeps",
}
MONEY = pa.decimal128(38, DECIMALS)
SCHEMA = pa.schema(
    [
        *((name, MONEY) for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")),
        *((name, pa.timestamp("us")) for name in ("BillingPeriodStart", "BillingPeriodEnd")),
        *((name, pa.timestamp("us")) for name in ("ChargePeriodStart", "ChargePeriodEnd")),
        *(
            (name, pa.string())
            for name in (
                *("BillingAccountId", "BillingAccountName", "BillingCurrency", "SubAccountId", "SubAccountName"),
                *("ProviderName", "ServiceName", "RegionId", "ChargeCategory", "ChargeDescription"),
            )
        ),
        ("Tags", pa.map_(pa.string(), pa.string())),
    ]
)


@dataclass(frozen=True, slots=True)
class Read:
    """Billed rows, how many requests of today they took in all, and what is missing."""

    exports: Sequence[Export]
    calls: int
    told: tuple[str, ...] = ()

    @property
    def spent(self) -> Money:
        """What the requests of today cost."""
        return Money(A_REQUEST * self.calls, "USD")


@dataclass(frozen=True, slots=True)
class Group:
    """One line of an answer: a day, its keys, and the two costs."""

    day: date
    keys: tuple[str, ...]
    unblended: Decimal
    amortized: Decimal
    currency: str


# a group, and its account, region, service, value of the tag, and record type
Row: TypeAlias = tuple[Group, str, str, str, str, str]


class TooMany(Exception):
    """The budget of the day is used up."""


@dataclass
class Asker:
    """Asks, counts and keeps: one answer a question, until it may have changed."""

    ce: Any
    folder: Path
    now: datetime
    most: int
    names: dict[str, str] = field(default_factory=dict)
    reserved: int = 0  # requests that the months to come need at least

    @property
    def calls(self) -> int:
        """The requests of today, of all runs."""
        return int(self._ledger().get(self.now.date().isoformat(), 0))

    @property
    def left(self) -> int:
        """The requests that the budget still has."""
        return max(0, self.most - self.calls)

    def ask(
        self,
        period: Period,
        granularity: str,
        *,
        by: Sequence[Mapping[str, str]] = (),
        where: Mapping[str, Any] | None = None,
    ) -> list[Group]:
        """Every group of an answer, all of its pages or none.

        Raises:
            TooMany: the budget is used up, and the answer is not known yet.
            NotReadable: Cost Explorer refuses; the message says what to do.
        """
        said = _said_to(period, granularity, by, where)
        file = self._file(said, period)
        if not file.exists():
            self._keep(file, list(self._pages(said)))
        pages = json.loads(file.read_text("utf-8"))
        for page in pages:
            for one in page.get("DimensionValueAttributes", ()):
                self.names[one["Value"]] = one.get("Attributes", {}).get("description", one["Value"])
        return [group for page in pages for group in _groups(page)]

    def knows(
        self, period: Period, granularity: str, *, by: Sequence[Mapping[str, str]], where: Mapping[str, Any]
    ) -> bool:
        """Whether an answer is kept, so that it costs nothing."""
        return self._file(_said_to(period, granularity, by, where), period).exists()

    def resource_pages(self, period: Period, service: str) -> list[Any] | None:
        """What the resources of a service cost by day; of what the budget does not reach nothing.

        ``None`` where resource-level data is not switched on.
        """
        said = {
            "TimePeriod": {"Start": period.start.isoformat(), "End": period.end.isoformat()},
            "Granularity": "DAILY",
            "Metrics": ["AmortizedCost"],
            "GroupBy": _by("RESOURCE_ID"),
            "Filter": _is("SERVICE", [service]),
        }
        try:
            return list(self._pages(said, "get_cost_and_usage_with_resources"))
        except TooMany:
            return []
        except NotReadable as error:
            if any(code in error.why for code in NOT_SWITCHED_ON):
                return None
            raise

    def _pages(self, said: Mapping[str, Any], operation: str = "get_cost_and_usage") -> Iterator[Any]:
        token, seen = "", set[str]()
        for _ in range(MOST_PAGES):
            if not self.left:
                raise TooMany
            self._count()
            try:
                page = getattr(self.ce, operation)(**said, **({"NextPageToken": token} if token else {}))
            except (ClientError, BotoCoreError) as error:
                raise NotReadable("Cost Explorer", _refused(error)) from None
            page.pop("ResponseMetadata", None)
            yield page
            token = page.get("NextPageToken", "")
            if not token:
                return
            if token in seen:
                raise NotReadable("Cost Explorer", "it gives the same page again and again; nothing of it was taken")
            seen.add(token)
        raise NotReadable("Cost Explorer", f"more than {MOST_PAGES} pages for one question; nothing of it was taken")

    def _file(self, said: Mapping[str, Any], period: Period) -> Path:
        """Where an answer is kept: of a closed month for ever, of an open one for the day."""
        closed = self.now.date() > period.end + SETTLED
        asked = json.dumps(said, sort_keys=True) + ("" if closed else self.now.date().isoformat())
        return self.folder / "answers" / f"{period.start:%Y-%m}-{sha256(asked.encode()).hexdigest()[:20]}.json"

    def _keep(self, file: Path, pages: Sequence[Any]) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        _written(file, json.dumps(pages, default=str))

    def _ledger(self) -> dict[str, int]:
        try:
            found: dict[str, int] = json.loads((self.folder / "calls.json").read_text())
        except (OSError, ValueError):
            return {}
        return found

    def _count(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        day = self.now.date().isoformat()
        _written(self.folder / "calls.json", json.dumps({day: self._ledger().get(day, 0) + 1}))


def _said_to(
    period: Period, granularity: str, by: Sequence[Mapping[str, str]], where: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A question as Cost Explorer takes it."""
    span = {"Start": period.start.isoformat(), "End": period.end.isoformat()}
    metrics = ["UnblendedCost", "AmortizedCost"]
    said: dict[str, Any] = {"TimePeriod": span, "Granularity": granularity, "Metrics": metrics, "GroupBy": list(by)}
    return said if where is None else said | {"Filter": where}


def read(  # noqa: PLR0913
    ce: Any,  # noqa: ANN401
    folder: Path,
    now: datetime,
    *,
    payer: str,
    payer_name: str = "",
    tag: str = "",
    months: int = REACH,
    calls_a_day: int = 100,
    provider: str = "aws",
    progress: Progress,
) -> Read:
    """The last months by day, account, region, service and one tag, as fine as the day's budget allows.

    Raises:
        NotReadable: Cost Explorer refuses, and there is nothing from earlier.
    """
    asker = Asker(ce, folder, now, calls_a_day)
    spans = list(_months(now.date(), min(months, REACH)))
    told: list[str] = []
    exports: list[Export] = []
    for place, span in enumerate(reversed(spans)):  # the newest first: they are what the budget is for
        progress(place / len(spans), f"Cost Explorer {span.start:%B %Y}")
        file = folder / f"{span.start:%Y-%m}.parquet"
        asker.reserved = COARSEST * (len(spans) - place - 1)
        try:
            rows, coarser = _month(asker, span, tag)
        except TooMany:
            told.append(f"{span.start:%Y-%m} {'stands as it was read before' if file.exists() else 'is missing'}: ")
        except NotReadable as error:
            if not exports and not file.exists():
                raise
            told.append(f"{span.start:%Y-%m}: {error.why}; ")
        else:
            told += coarser
            table = _table(rows, asker.names, span, payer, payer_name or payer, tag)
            if table.num_rows:
                aside = file.with_suffix(".new")
                pq.write_table(table, aside, compression="zstd")
                aside.replace(file)
        if file.exists():
            at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            exports.append(Export(f"Cost Explorer {span.start:%Y-%m}", (file,), at, provider))
    return Read(exports[::-1], asker.calls, _said(told, calls_a_day))


def resource_bills(
    ce: Any,  # noqa: ANN401
    folder: Path,
    now: datetime,
    *,
    services: Iterable[str],
    calls_a_day: int = 100,
) -> Mapping[str, Bill]:
    """What each resource is billed a month, of the last settled days that Cost Explorer keeps by resource.

    Nothing where resource-level data is not switched on.
    """
    asker = Asker(ce, folder, now, calls_a_day)
    end = now.date() - timedelta(days=LATE)
    period = Period(end - timedelta(days=RESOURCE_DAYS - LATE), end)
    found: dict[str, list[tuple[date, Decimal, str]]] = defaultdict(list)
    for service in services:
        pages = asker.resource_pages(period, service)
        if pages is None:
            return {}
        for one in (one for page in pages for one in page["ResultsByTime"]):
            day = date.fromisoformat(one["TimePeriod"]["Start"])
            for group in one.get("Groups", ()):
                metric = group["Metrics"]["AmortizedCost"]
                found[group["Keys"][0].lower()].append((day, Decimal(metric["Amount"]), metric["Unit"]))
    return {name: _bill(days, period) for name, days in found.items() if name and name != "noresourceid"}


def _bill(days: Sequence[tuple[date, Decimal, str]], period: Period) -> Bill:
    currency = days[0][2]
    whole = sum((amount for _, amount, _ in days), start=Decimal(0)) * Decimal(str(DAYS_A_MONTH)) / period.days
    return Bill(Money(whole, currency), Money.zero(currency), len({day for day, amount, _ in days if amount}))


def _months(today: date, count: int) -> Iterator[Period]:
    """The last months, the oldest first; the present one up to today."""
    spans = []
    month = month_of(today)
    for _ in range(count):
        end = min(month.end, today)
        if month.start < end:
            spans.append(Period(month.start, end))
        month = month_before(month.start)
    yield from reversed(spans)


def _month(asker: Asker, span: Period, tag: str) -> tuple[list[Row], list[str]]:
    """The rows of one month as (group, account, region, service, tag's value, record type), and what is coarser.

    Raises:
        TooMany: not even the coarsest can be asked for.
    """
    whole = asker.ask(span, "DAILY")
    rows = [
        (one, one.keys[0], "", "", "", one.keys[1])
        for one in asker.ask(
            span, "DAILY", by=_by("LINKED_ACCOUNT", "RECORD_TYPE"), where=_not(_is("RECORD_TYPE", USAGE))
        )
    ]
    usage, coarser = _usage(asker, span, tag)
    rows += usage
    counted = sum((row[0].unblended for row in rows), start=Decimal(0))
    billed = sum((one.unblended for one in whole), start=Decimal(0))
    if abs(counted - billed) > TOLERANCE:
        coarser.append(f"{span.start:%Y-%m}: groups come to {counted:.2f}, the total is {billed:.2f}; ")
    return rows, coarser


def _usage(asker: Asker, span: Period, tag: str) -> tuple[list[Row], list[str]]:
    """Usage as fine as what is left of the budget allows: by place with a tag, by account, or all at once."""
    used = _is("RECORD_TYPE", USAGE)
    places = asker.ask(span, "MONTHLY", by=_by("LINKED_ACCOUNT", "REGION"), where=used)
    pairs = sorted({(one.keys[0], one.keys[1]) for one in places if one.unblended or one.amortized})
    accounts = sorted({account for account, _ in pairs})
    lost: list[str] = []
    if tag:
        by = [*_by("SERVICE"), {"Type": "TAG", "Key": tag}]
        asked = {pair: {"And": [used, *_at(*pair)]} for pair in pairs}
        if (found := _affordable(asker, span, by, asked)) is not None:
            return [(one, *pair, one.keys[0], one.keys[1].partition("$")[2], "Usage") for pair, one in found], []
        lost = [f"{span.start:%Y-%m} has no tags: "]
    by = _by("SERVICE", "REGION")
    asked = {(account, ""): {"And": [used, *_at(account)]} for account in accounts}
    if (found := _affordable(asker, span, by, asked)) is not None:
        return [(one, account, one.keys[1], one.keys[0], "", "Usage") for (account, _), one in found], lost
    by = _by("LINKED_ACCOUNT", "SERVICE")
    rows = [(one, one.keys[0], "", one.keys[1], "", "Usage") for one in asker.ask(span, "DAILY", by=by, where=used)]
    return rows, [*lost, f"{span.start:%Y-%m} has no regions: "] if accounts else lost


def _at(account: str, region: str = "") -> list[dict[str, Any]]:
    return [_is("LINKED_ACCOUNT", [account]), *([_is("REGION", [region])] if region else [])]


def _affordable(
    asker: Asker, span: Period, by: Sequence[Mapping[str, str]], asked: Mapping[tuple[str, str], Mapping[str, Any]]
) -> list[tuple[tuple[str, str], Group]] | None:
    """The answers to several questions, each group with whose it is; ``None`` if the budget does not carry them all."""
    if (
        sum(not asker.knows(span, "DAILY", by=by, where=where) for where in asked.values())
        > asker.left - asker.reserved
    ):
        return None
    try:
        return [(key, one) for key, where in asked.items() for one in asker.ask(span, "DAILY", by=by, where=where)]
    except TooMany:  # more pages than questions
        return None


def _by(*dimensions: str) -> list[dict[str, str]]:
    return [{"Type": "DIMENSION", "Key": one} for one in dimensions]


def _is(dimension: str, values: Sequence[str]) -> dict[str, Any]:
    return {"Dimensions": {"Key": dimension, "Values": list(values)}}


def _not(where: dict[str, Any]) -> dict[str, Any]:
    return {"Not": where}


def _groups(page: Mapping[str, Any]) -> Iterator[Group]:
    for one in page["ResultsByTime"]:
        day = date.fromisoformat(one["TimePeriod"]["Start"])
        groups = one.get("Groups") or ([{"Keys": [], "Metrics": one["Total"]}] if one.get("Total") else [])
        for group in groups:
            unblended, amortized = group["Metrics"]["UnblendedCost"], group["Metrics"]["AmortizedCost"]
            amounts = Decimal(unblended["Amount"]), Decimal(amortized["Amount"])
            yield Group(day, tuple(group["Keys"]), *amounts, unblended["Unit"])


def _table(
    rows: Iterable[Row],
    names: Mapping[str, str],
    span: Period,
    payer: str,
    payer_name: str,
    tag: str,
) -> pa.Table:
    month = month_of(span.start)
    begin, end = (datetime.combine(day, time()) for day in (month.start, month.end))
    made: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for group, account, region, service, value, kind in rows:
        if not group.unblended and not group.amortized:
            continue
        at = datetime.combine(group.day, time())
        category = CATEGORIES.get(kind, "Usage" if kind in USAGE else "Adjustment")
        said = {
            "BilledCost": group.unblended,
            "EffectiveCost": group.amortized,
            "ListCost": group.unblended,
            "ContractedCost": group.unblended,
            "BillingPeriodStart": begin,
            "BillingPeriodEnd": end,
            "ChargePeriodStart": at,
            "ChargePeriodEnd": at + timedelta(days=1),
            "BillingAccountId": payer,
            "BillingAccountName": payer_name,
            "BillingCurrency": group.currency,
            "SubAccountId": account,
            "SubAccountName": names.get(account, account),
            "ProviderName": "AWS",
            "ServiceName": service or kind,
            "RegionId": None if region in ("", "NoRegion", "global") else region,
            "ChargeCategory": category,
            "ChargeDescription": kind,
            "Tags": [(tag, value)] if tag and value else [],
        }
        for name, cell in said.items():
            made[name].append(cell)
    return pa.table(made, schema=SCHEMA)


def _said(told: Sequence[str], budget: int) -> tuple[str, ...]:
    """What is missing, once for all months that lack the same."""
    lines: dict[str, list[str]] = defaultdict(list)
    for one in told:
        month, _, what = one.partition(" ")
        lines[what.rstrip(":; ")].append(month.rstrip(":"))
    return tuple(f"{', '.join(months)} {what} (at most {budget} requests a day)" for what, months in lines.items())


def _refused(error: Exception) -> str:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    return f"{code}: {REFUSALS[code]}" if code in REFUSALS else refusal(error)


def _written(file: Path, text: str) -> None:
    aside = file.with_suffix(".part")
    aside.write_text(text, "utf-8")
    aside.replace(file)
