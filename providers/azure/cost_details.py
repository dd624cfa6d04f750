"""Cost Details: reports that Azure writes on demand, of one scope and month; for agreements without FOCUS exports.

Actual and amortised cost are two reports of the same charges. They meet in one row by what they have in common: the
one is BilledCost, the other EffectiveCost, and they are never added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from azure.core.exceptions import AzureError, HttpResponseError
from azure.mgmt.costmanagement import CostManagementClient

from analysis.errors import BadData, NotReadable
from analysis.periods import Period, month_before, month_of
from providers import deliveries
from providers.azure.connection import UNREADABLE, Connection, refusal
from providers.azure.cost_query import Read
from providers.azure.scopes import Scope
from providers.deliveries import Kept
from providers.focus.columns import COSTS, DECIMALS
from providers.provider import Export, Progress
from providers.sql import literal, quoted

WAY = "details"
REACH = 13  # months that Azure keeps
FRESH = timedelta(hours=12)  # a report takes minutes: twice a day is enough
POLL = 15.0  # seconds between looks, where Azure names none
ALIASES: Mapping[str, tuple[str, ...]] = {  # FOCUS column to what it is called, by agreement (lower case)
    "Cost": ("costinbillingcurrency", "cost", "pretaxcost"),
    "BillingCurrency": ("billingcurrency", "billingcurrencycode", "currency"),
    "Day": ("date", "usagedatetime", "usagedate"),
    "BillingAccountId": ("billingaccountid", "billingprofileid"),
    "BillingAccountName": ("billingaccountname", "billingprofilename"),
    "SubAccountId": ("subscriptionid", "subscriptionguid"),
    "SubAccountName": ("subscriptionname",),
    "ServiceName": ("metercategory", "consumedservice"),
    "ServiceCategory": ("servicefamily",),
    "RegionId": ("resourcelocation", "location"),
    "ResourceId": ("resourceid", "instanceid"),
    "ResourceName": ("resourcename",),
    "SkuMeter": ("metername",),
    "SkuId": ("meterid",),
    "PricingUnit": ("unitofmeasure",),
    "PricingCategory": ("pricingmodel",),
    "ChargeType": ("chargetype",),
    "ChargeFrequency": ("frequency",),
    "PublisherName": ("publishername",),
    "CommitmentDiscountId": ("benefitid", "reservationid"),
    "CommitmentDiscountName": ("benefitname", "reservationname"),
    "Tags": ("tags",),
}
NEEDED = ("Cost", "BillingCurrency", "Day")
QUANTITY = ("quantity", "usagequantity")
UNUSED = "('unusedreservation', 'unusedsavingsplan')"
COMMITTED = "('reservation', 'savingsplan')"


def read(  # noqa: PLR0913
    connection: Connection,
    scopes: Sequence[Scope],
    folder: Path,
    now: datetime,
    *,
    months: int = REACH,
    poll: float = POLL,
    provider: str = "azure",
    progress: Progress,
) -> Read:
    """The last months of some scopes, a report a month and cost; what is closed is never asked for again.

    Raises:
        NotReadable: no scope can be read, and there is nothing from earlier.
    """
    reporters = [Reporter(connection, one, folder / _name(one), now, poll) for one in scopes]
    for place, one in enumerate(reporters):
        progress(place / len(reporters), f"Cost Details: {one.scope.name}")
        one.months(min(months, REACH))
    exports = [export for one in reporters for export in one.exports(provider)]
    refused = [one for one in reporters if one.refused]
    if refused and not exports:
        raise NotReadable(provider, f"{refused[0].scope.name}: {refused[0].refused}")
    told = [f"{len(reporters) - len(refused)} of {len(reporters)} {scopes[0].noun}s were read"] if refused else []
    told += [f"{one.scope.name} ({one.scope.id}): {one.refused}" for one in refused]
    return Read(exports, tuple(told), max((one.made_at for one in exports), default=None))


@dataclass
class Reporter:
    """Has reports written of one scope, and keeps what they say as FOCUS."""

    connection: Connection
    scope: Scope
    folder: Path
    now: datetime
    poll: float
    refused: str = ""
    index: dict[str, Kept] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.index = deliveries.read(self.folder)

    def months(self, count: int) -> None:
        """Bring the last months up to date, the newest first; the first refusal ends it."""
        month = month_of(self.now.date())
        for _ in range(count):
            known = self.index.get(f"{month.start:%Y-%m}")
            if known is None or not self._stands(known):
                try:
                    self._bring(month)
                except (*UNREADABLE, BadData) as error:
                    stand = f"; its rows of {max(self.index)} and before stand" if self.index else ""
                    self.refused = (str(error) if isinstance(error, BadData) else refusal(error)) + stand
                    return
            month = month_before(month.start)

    def exports(self, provider: str) -> list[Export]:
        """What is on disk, a month each; one in which nothing was billed has no file."""
        return [
            Export(
                f"{self.scope.name} {month}", tuple(self.folder / name for name in kept.files), kept.at, provider, WAY
            )
            for month, kept in sorted(self.index.items())
            if kept.files
        ]

    def _stands(self, known: Kept) -> bool:
        return known.stands(self.folder) and (known.mark == "closed" or self.now - known.at < FRESH)

    def _bring(self, month: Period) -> None:
        name = f"{month.start:%Y-%m}"
        target = self.folder / name
        target.mkdir(exist_ok=True)
        parts = {kind: self._report(kind, month, target) for kind in ("ActualCost", "AmortizedCost")}
        files: tuple[str, ...] = ()
        if any(parts.values()):
            focus(parts["ActualCost"], parts["AmortizedCost"], target / "focus.parquet", self.scope, month)
            files = (f"{name}/focus.parquet",)
        for file in (file for some in parts.values() for file in some):
            file.unlink(missing_ok=True)
        mark = "closed" if deliveries.closed(name, self.now) else "open"
        self.index[name] = Kept(mark, self.now.astimezone(UTC), files)
        deliveries.write(self.folder, self.index)

    def _report(self, kind: str, month: Period, target: Path) -> list[Path]:
        """The files of one report; none where nothing was billed.

        Raises:
            AzureError: it is refused, or fails.
        """
        end = min(month.end - timedelta(days=1), self.now.date())
        asked = {"metric": kind, "timePeriod": {"start": f"{month.start}", "end": f"{end}"}}
        reports = self.connection.client(CostManagementClient).generate_cost_details_report
        try:
            poller = reports.begin_create_operation(  # type: ignore[call-overload]  # a plain mapping is taken
                self.scope.id.strip("/"), asked, polling_interval=self.poll
            )
            result = poller.result()
        except HttpResponseError as error:
            if error.status_code == NO_CONTENT or "NoDataFound" in str(error):
                return []
            raise
        if result is None or result.manifest is None:
            return []
        files = []
        for number, one in enumerate(result.manifest.blobs or ()):
            file = target / f"{kind}-{number}.csv{'.gz' if (one.blob_link or '').split('?')[0].endswith('.gz') else ''}"
            with file.open("wb") as out:
                self.connection.blob(str(one.blob_link)).download_blob(max_concurrency=2).readinto(out)
            if one.byte_count and file.stat().st_size != one.byte_count:
                raise AzureError(f"a part of {kind} came short; nothing of it was taken")
            files.append(file)
        return files


NO_CONTENT = 204


def focus(actual: Sequence[Path], amortised: Sequence[Path], target: Path, scope: Scope, month: Period) -> None:
    """Two reports as one file of FOCUS rows.

    Raises:
        BadData: a column that every report has is missing.
    """
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        sides = [(kind, _grouped(database, files)) for kind, files in enumerate((actual, amortised)) if files]
        keys = ", ".join(quoted(name) for name in ALIASES if name != "Cost")
        whole = " UNION ALL BY NAME ".join(
            f"SELECT *, {'0' if kind else 'Cost'} AS billed, {'Cost' if kind else '0'} AS effective,"
            f" {'NULL' if kind else 'Quantity'} AS one, {'Quantity' if kind else 'NULL'} AS other FROM ({side})"
            for kind, side in sides
        )
        summed = (
            f"SELECT {keys}, sum(billed) AS billed, sum(effective) AS effective,"
            f" greatest(sum(one), sum(other)) AS Quantity FROM ({whole}) GROUP BY ALL"
        )
        aside = target.with_suffix(".new")
        database.execute(
            f"COPY ({_focus(summed, scope, month)}) TO {literal(aside)} (FORMAT parquet, COMPRESSION zstd)"
        )
        aside.replace(target)


def _grouped(database: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> str:
    """A report with its columns by our names."""
    listed = ", ".join(literal(file) for file in files)
    source = (
        f"read_csv([{listed}], all_varchar = true, header = true, quote = '\"', escape = '\"', union_by_name = true)"
    )
    present = {
        str(row[0]).lower(): str(row[0]) for row in database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    }
    picked = []
    for name, aliases in ALIASES.items():
        known = [present[alias] for alias in aliases if alias in present]
        if not known and name in NEEDED:
            raise BadData(f"{files[0].name}: a cost report without {aliases[0]}; it has: {', '.join(present.values())}")
        text = f"coalesce({', '.join(_told(one) for one in known)})" if known else "NULL"
        picked.append(f"{_typed(name, text)} AS {quoted(name)}")
    amount = next((quoted(present[one]) for one in QUANTITY if one in present), "NULL")
    picked.append(f"TRY_CAST({amount} AS DOUBLE) AS Quantity")
    return f"SELECT {', '.join(picked)} FROM {source}"


def _told(column: str) -> str:
    return f"nullif({quoted(column)}, '')"


def _typed(name: str, text: str) -> str:
    if name == "Cost":
        return f"CAST({text} AS DECIMAL(38,{DECIMALS}))"
    if name == "Day":  # 2026-11-01, 11/01/2026 (the month first), or with a time
        return f"coalesce(TRY_CAST(left({text}, 10) AS DATE), CAST(try_strptime(left({text}, 10), '%m/%d/%Y') AS DATE))"
    return f"CAST({text} AS VARCHAR)"


def _focus(rows: str, scope: Scope, month: Period) -> str:
    kind = "lower(coalesce(ChargeType, 'Usage'))"
    account = "regexp_replace(lower(SubAccountId), '^/subscriptions/', '')"
    own = literal(scope.subscription)
    tags = (
        "CASE WHEN Tags IS NULL OR starts_with(Tags, '{') THEN Tags ELSE '{' || Tags || '}' END"  # EA leaves braces out
    )
    picked = {
        "BilledCost": "billed",
        **dict.fromkeys(COSTS[1:], "effective"),
        "BillingPeriodStart": f"TIMESTAMP {literal(month.start)}",
        "BillingPeriodEnd": f"TIMESTAMP {literal(month.end)}",
        "ChargePeriodStart": "CAST(Day AS TIMESTAMP)",
        "ChargePeriodEnd": "CAST(Day + 1 AS TIMESTAMP)",
        "BillingAccountId": literal(scope.id),
        "BillingAccountName": f"coalesce(BillingAccountName, {literal(scope.name)})",
        "BillingCurrency": "BillingCurrency",
        "SubAccountId": f"'/subscriptions/' || coalesce({account}, nullif({own}, ''))",
        "SubAccountName": "SubAccountName",
        "ProviderName": "'Microsoft'",
        "PublisherName": "PublisherName",
        "ServiceName": "coalesce(ServiceName, PublisherName, ChargeType, 'Other')",
        "ServiceCategory": "ServiceCategory",
        "RegionId": "nullif(lower(replace(RegionId, ' ', '')), 'unassigned')",
        "ResourceId": "lower(ResourceId)",
        "ResourceName": "ResourceName",
        "SkuId": "SkuId",
        "SkuMeter": "SkuMeter",
        "PricingUnit": "PricingUnit",
        "PricingQuantity": "Quantity",
        "PricingCategory": f"CASE WHEN lower(PricingCategory) IN {COMMITTED} THEN 'Committed'"
        " WHEN lower(PricingCategory) = 'spot' THEN 'Dynamic' ELSE 'Standard' END",
        "ChargeCategory": f"CASE WHEN {kind} IN ('purchase', 'refund') THEN 'Purchase' WHEN {kind} = 'tax' THEN 'Tax'"
        f" WHEN {kind} = 'credit' THEN 'Credit' WHEN {kind} = 'roundingadjustment' THEN 'Adjustment' ELSE 'Usage' END",
        "ChargeDescription": "ChargeType",
        "ChargeFrequency": "ChargeFrequency",
        "CommitmentDiscountId": "CommitmentDiscountId",
        "CommitmentDiscountName": "CommitmentDiscountName",
        "CommitmentDiscountStatus": f"CASE WHEN {kind} IN {UNUSED} THEN 'Unused'"
        f" WHEN lower(PricingCategory) IN {COMMITTED} AND {kind} = 'usage' THEN 'Used' END",
        "Tags": tags,
    }
    shown = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in picked.items())
    return f"SELECT {shown} FROM ({rows}) WHERE (billed <> 0 OR effective <> 0) AND Day IS NOT NULL"


def _name(scope: Scope) -> str:
    return re.sub(r"[^a-z0-9]+", "-", scope.id.lower()).strip("-")[-80:]
