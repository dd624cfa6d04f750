"""The Query API of Cost Management as billed rows, where there is no export: few questions, each asked once.

Actual and amortised cost are two answers about the same rows: the one is BilledCost, the other EffectiveCost, and they
are never added. A month that is closed is never asked for again, an open one every four hours, as often as Azure
counts anew. A scope is asked four times a minute, so that an assessment asks for the newest months first and leaves
older ones to the next.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest
from azure.mgmt.costmanagement import CostManagementClient
from pydantic import TypeAdapter

from analysis.errors import NotReadable
from analysis.estate import Bill
from analysis.money import Money
from analysis.periods import DAYS_A_MONTH, Period, month_before, month_of
from providers import deliveries
from providers.azure.connection import UNREADABLE, Connection, refusal
from providers.azure.scopes import Scope
from providers.focus.columns import DECIMALS
from providers.provider import Export, Progress

FRESH = timedelta(hours=4)  # Azure counts anew about six times a day
LATE = 2  # days that are not settled yet
RESOURCE_DAYS = 30
MOST_PAGES = 500
A_MONTH = 4  # questions: usage and the rest, actual and amortised
TOLERANCE = Decimal("0.01")
USAGE = "Usage"
NO_CONTENT = 204
WAY = "query"
CATEGORIES: Mapping[str, str] = {  # ChargeType as FOCUS ChargeCategory
    "usage": "Usage",
    "purchase": "Purchase",
    "refund": "Purchase",
    "tax": "Tax",
    "credit": "Credit",
    "unusedreservation": "Usage",
    "unusedsavingsplan": "Usage",
    "roundingadjustment": "Adjustment",
}
UNUSED = ("unusedreservation", "unusedsavingsplan")
COST_NAMES = ("cost", "totalcost", "pretaxcost")
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
                "CommitmentDiscountStatus",
            )
        ),
    ]
)
Kind: TypeAlias = Literal["ActualCost", "AmortizedCost"]
Key: TypeAlias = tuple[date, str, str, str, str, str]  # day, subscription, service, region, charge type, currency


@dataclass(frozen=True, slots=True)
class Read:
    """Billed rows, what is missing, and how fresh they are."""

    exports: Sequence[Export]
    told: tuple[str, ...] = ()
    fresh: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of one month of one scope."""

    asked: datetime
    closed: bool


ANSWERS = TypeAdapter(dict[str, Answer])


def read(  # noqa: PLR0913
    connection: Connection,
    scopes: Sequence[Scope],
    folder: Path,
    now: datetime,
    *,
    months: int = 13,
    questions: int = 24,
    workers: int = 8,
    names: Mapping[str, str] | None = None,
    provider: str = "azure",
    progress: Progress,
) -> Read:
    """The last months of some scopes by day, subscription and service; each scope for itself, side by side.

    ``questions`` is how many a scope may be asked at most; ``names`` are those of subscriptions by id.

    Raises:
        NotReadable: no scope can be read, and there is nothing from earlier.
    """
    done: list[str] = []

    def one(scope: Scope) -> Asker:
        asker = Asker(connection, scope, folder / _folder(scope), now, questions, names or {})
        asker.months(months)
        done.append(scope.name)
        progress(len(done) / len(scopes), f"Cost Management: {scope.name}")
        return asker

    with ThreadPoolExecutor(workers, thread_name_prefix="azure-bill") as pool:
        askers = list(pool.map(one, scopes))
    exports = [export for asker in askers for export in asker.exports(provider)]
    refused = [asker for asker in askers if asker.refused]
    if refused and not exports:
        raise NotReadable(provider, f"{refused[0].scope.name}: {refused[0].refused}")
    told = [f"{len(askers) - len(refused)} of {len(askers)} {scopes[0].noun}s were read"] if refused else []
    told += [f"{asker.scope.name} ({asker.scope.id}): {asker.refused}{asker.stands}" for asker in refused]
    told += _together([line for asker in askers for line in asker.told])
    return Read(exports, tuple(told), max((one.made_at for one in exports), default=None))


@dataclass
class Asker:
    """Asks about one scope, keeps what it is told, and knows what it did not come to."""

    connection: Connection
    scope: Scope
    folder: Path
    now: datetime
    left: int
    names: Mapping[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    refused: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.answers = ANSWERS.validate_json((self.folder / "answers.json").read_bytes())
        except (OSError, ValueError):
            self.answers = {}

    @property
    def stands(self) -> str:
        """What is left of a scope that refuses."""
        return f"; its rows of {max(self.answers)} and before stand" if self.answers else ""

    def months(self, count: int) -> None:
        """Bring the last months up to date, the newest first; a month is asked for whole or not at all."""
        late = []
        for span in _spans(self.now.date(), count):
            month = f"{span.start:%Y-%m}"
            if self._known(month):
                continue
            if self.left < A_MONTH:
                late.append(month)
                continue
            try:
                rows = self._month(span)
            except UNREADABLE as error:
                self.refused = refusal(error)
                return
            self._keep(month, rows, span)
        if late:
            self.told.append(f"{min(late)} to {max(late)} follow with the next assessments, at the pace Azure allows")

    def exports(self, provider: str) -> Iterator[Export]:
        """What is on disk, a month each."""
        for month, answer in sorted(self.answers.items()):
            file = self.folder / f"{month}.parquet"
            if file.exists():
                yield Export(f"{self.scope.name} {month}", (file,), answer.asked, provider, WAY)

    def _known(self, month: str) -> bool:
        answer = self.answers.get(month)
        return answer is not None and (answer.closed or self.now - answer.asked < FRESH)

    def _month(self, span: Period) -> dict[Key, tuple[Decimal, Decimal]]:
        """BilledCost and EffectiveCost of each row of a month."""
        rows: dict[Key, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
        kinds: tuple[Kind, Kind] = ("ActualCost", "AmortizedCost")
        for place, kind in enumerate(kinds):
            used = Decimal(0)
            for key, cost in self._rows(kind, span, usage=True):
                rows[key][place] += cost
                used += cost
            for key, cost in self._rows(kind, span, usage=False):
                if key[4] == USAGE:  # is there with its services already; it tells whether those are all
                    used -= cost
                else:
                    rows[key][place] += cost
            if abs(used) > TOLERANCE:
                self.told.append(f"{span.start:%Y-%m}: services and total of {kind} differ by {abs(used):.2f}")
        return {key: (billed, effective) for key, (billed, effective) in rows.items() if billed or effective}

    def _rows(self, kind: Kind, span: Period, *, usage: bool) -> Iterator[tuple[Key, Decimal]]:
        """One answer as rows; what is usage has its service, the rest its charge type."""
        second = "ServiceName" if usage else "ChargeType"
        first = "ResourceLocation" if self.scope.subscription and usage else "SubscriptionId"
        self.left -= 1
        rows = answered(self.connection, self.scope.id, question(kind, span, (first, second), usage=usage))
        if lacking := next((name for name in ("usagedate", "currency") if rows and name not in rows[0]), ""):
            raise AzureError(f"an answer without {lacking}; nothing of it was taken")
        for row in rows:
            said = row.get(second.lower()) or ""
            subscription = self.scope.subscription or str(row.get("subscriptionid") or "").lower()
            region = str(row.get("resourcelocation") or "").lower() if first == "ResourceLocation" else ""
            yield (
                (
                    _day(row["usagedate"]),
                    subscription,
                    str(said) if usage else "",
                    "" if region in ("unassigned", "unknown", "global") else region,
                    USAGE if usage or str(said).lower() == USAGE.lower() else str(said),
                    str(row["currency"]),
                ),
                _cost(row),
            )

    def _keep(self, month: str, rows: Mapping[Key, tuple[Decimal, Decimal]], span: Period) -> None:
        file = self.folder / f"{month}.parquet"
        if rows:
            aside = file.with_suffix(".new")
            pq.write_table(_table(rows, self.scope, span, self.names), aside, compression="zstd")
            aside.replace(file)
        self.answers[month] = Answer(self.now.astimezone(UTC), deliveries.closed(month, self.now))
        aside = self.folder / "answers.new"
        aside.write_bytes(ANSWERS.dump_json(self.answers))
        aside.replace(self.folder / "answers.json")


def resource_bills(
    connection: Connection, scopes: Sequence[Scope], folder: Path, now: datetime, *, workers: int = 8
) -> tuple[Mapping[str, Bill], tuple[str, ...]]:
    """What each resource is billed a month, of the last settled days; one question a scope, asked once a day.

    Scopes that refuse are told, and cost only their own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(workers, thread_name_prefix="azure-bill") as pool:
        found = list(pool.map(lambda scope: _resources(connection, scope, folder, now), scopes))
    bills: dict[str, Bill] = {}
    for some, _ in found:
        bills |= some
    return bills, tuple(told for _, told in found if told)


def question(kind: Kind, span: Period, by: Sequence[str], *, usage: bool, daily: bool = True) -> dict[str, Any]:
    """A question as Cost Management takes it: at most 31 days, at most two groupings."""
    said: dict[str, Any] = {
        "granularity": "Daily" if daily else "None",
        "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
        "grouping": [{"type": "Dimension", "name": name} for name in by],
    }
    if usage:
        said["filter"] = {"dimensions": {"name": "ChargeType", "operator": "In", "values": [USAGE]}}
    last = span.end - timedelta(days=1)
    return {
        "type": kind,
        "timeframe": "Custom",
        "timePeriod": {"from": f"{span.start}T00:00:00+00:00", "to": f"{last}T23:59:59+00:00"},
        "dataset": said,
    }


def answered(connection: Connection, scope: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All rows of an answer, all pages or none, by the names of its columns in lower case.

    Raises:
        AzureError: it is refused, or a page leads nowhere.
    """
    client = connection.client(CostManagementClient)
    first = client.query.usage(scope.strip("/"), asked)  # type: ignore[call-overload]  # a plain mapping is taken
    if first is None:  # 204: nothing is billed there
        return []
    said: Mapping[str, Any] = first.as_dict()
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    while True:
        properties: Mapping[str, Any] = said.get("properties") or {}
        names = [str(column["name"]).lower() for column in properties.get("columns") or ()]
        rows += [dict(zip(names, row, strict=True)) for row in properties.get("rows") or ()]
        link = str(properties.get("nextLink") or "")
        if not link:
            return rows
        if link in seen or len(seen) >= MOST_PAGES:
            raise AzureError("Cost Management gives the same page again and again; nothing of it was taken")
        seen.add(link)
        response = client.send_request(HttpRequest("POST", link, json=dict(asked)))
        response.raise_for_status()
        said = response.json() if response.status_code != NO_CONTENT else {}


def _resources(connection: Connection, scope: Scope, folder: Path, now: datetime) -> tuple[dict[str, Bill], str]:
    end = now.date() - timedelta(days=LATE)
    span = Period(end - timedelta(days=RESOURCE_DAYS), end)
    file = folder / f"resources-{_folder(scope)}.json"
    try:
        kept = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        kept = {}
    told = ""
    if kept.get("until") != end.isoformat():
        asked = question("AmortizedCost", span, ("ResourceId",), usage=True, daily=False)
        try:
            rows = answered(connection, scope.id, asked)
            kept = {
                "until": end.isoformat(),
                "rows": [(str(row.get("resourceid") or "").lower(), str(_cost(row)), row["currency"]) for row in rows],
            }
            aside = file.with_suffix(".new")
            aside.write_text(json.dumps(kept), "utf-8")
            aside.replace(file)
        except UNREADABLE as error:
            told = f"resources of {scope.name} are {'priced as of ' + kept['until'] if kept else 'not priced'}: "
            told += refusal(error)
    whole: dict[str, Money] = {}
    for name, cost, currency in kept.get("rows", ()):
        if name:
            whole[name] = whole.get(name, Money.zero(currency)) + Money(Decimal(cost), currency)
    scale = Decimal(str(DAYS_A_MONTH))
    return {
        name: Bill(
            Money(money.amount * scale / RESOURCE_DAYS, money.currency), Money.zero(money.currency), RESOURCE_DAYS
        )
        for name, money in whole.items()
    }, told


def _spans(today: date, count: int) -> Iterator[Period]:
    """The last months, the newest first; the present one up to today."""
    month = month_of(today)
    for _ in range(count):
        yield Period(month.start, min(month.end, today + timedelta(days=1)))
        month = month_before(month.start)


def _day(value: Any) -> date:  # noqa: ANN401
    """A day as it is written: 20261101, or a date with a time."""
    text = str(value)
    return date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:8]}" if text.isdigit() else text[:10])


def _cost(row: Mapping[str, Any]) -> Decimal:
    for name in COST_NAMES:
        if name in row:
            try:
                found = Decimal(str(row[name]))
            except InvalidOperation:
                break
            if found.is_finite():
                return found
    raise AzureError("an answer without a cost; nothing of it was taken")


def _table(
    rows: Mapping[Key, tuple[Decimal, Decimal]], scope: Scope, span: Period, names: Mapping[str, str]
) -> pa.Table:
    month = month_of(span.start)
    begin, end = (datetime.combine(day, time()) for day in (month.start, month.end))
    made: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for (day, subscription, service, region, kind, currency), (billed, effective) in rows.items():
        at = datetime.combine(day, time())
        said = {
            "BilledCost": billed,
            "EffectiveCost": effective,
            "ListCost": effective,
            "ContractedCost": effective,
            "BillingPeriodStart": begin,
            "BillingPeriodEnd": end,
            "ChargePeriodStart": at,
            "ChargePeriodEnd": at + timedelta(days=1),
            "BillingAccountId": scope.id,
            "BillingAccountName": scope.name,
            "BillingCurrency": currency,
            "SubAccountId": f"/subscriptions/{subscription}" if subscription else None,
            "SubAccountName": names.get(subscription, subscription) or None,
            "ProviderName": "Microsoft",
            "ServiceName": service or kind,
            "RegionId": region or None,
            "ChargeCategory": CATEGORIES.get(kind.lower(), "Adjustment"),
            "ChargeDescription": kind,
            "CommitmentDiscountStatus": "Unused" if kind.lower() in UNUSED else None,
        }
        for name, cell in said.items():
            made[name].append(cell)
    return pa.table(made, schema=SCHEMA)


def _together(told: Sequence[str]) -> list[str]:
    """Each line once, with how many scopes it is said of."""
    counts: dict[str, int] = defaultdict(int)
    for line in told:
        counts[line] += 1
    return [f"{line} ({count} scopes)" if count > 1 else line for line, count in counts.items()]


def _folder(scope: Scope) -> str:
    return sha256(scope.id.lower().encode()).hexdigest()[:16]
