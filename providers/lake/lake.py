"""The lake's one question: a ``CostQuery`` as an Ibis expression, answered by the engine that holds the rows.

The engine adds, we never do; values are literals of the expression, never pasted into SQL; what comes out is a checked
``CostFrame``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import RLock
from typing import Any

import ibis
import pandas as pd

from analysis.errors import BadConfig, NoData
from analysis.estate import Bill
from analysis.focus import COST, DAY, MONTH, TAG, CostFrame, CostQuery, Freshness
from analysis.money import Money
from analysis.periods import DAYS_A_MONTH, Period, last_days
from providers.lake.load import MART_DIMENSIONS, Limits, Loaded, load
from providers.lake.shelf import Shelf
from providers.provider import Export, Progress

ENGINES = ("duckdb",)
LATE_DAYS: Mapping[str, int] = {"AWS": 2, "Microsoft": 3}  # days that may still grow: providers.md of each cloud
USUALLY_LATE = 2
SILENT_DAYS = 10  # a provider that delivered nothing for so long is missing
PRICED_DAYS = 30
MOST_CACHED = 256
NOTHING_YET = "no billed rows are loaded yet; name your exports under [[providers]], then run pitcrew assess"


class Lake:
    """Billed rows on a shelf, and an engine to ask them. Safe to use from many threads."""

    def __init__(self, folder: Path, *, limits: Limits | None = None) -> None:
        self.folder = folder
        self.limits = limits or Limits()
        self._lock = RLock()
        self._cache: OrderedDict[tuple[object, ...], CostFrame] = OrderedDict()
        self._engine = ibis.duckdb.connect()
        self._engine.raw_sql("SET GLOBAL TimeZone = 'UTC'")
        folder.mkdir(parents=True, exist_ok=True)
        self._take(Shelf.read(folder))

    @classmethod
    def open(cls, url: str, folder: Path) -> Lake:
        """The lake of a deployment.

        Raises:
            BadConfig: no engine of that name.
        """
        engine = url.partition("://")[0]
        if engine not in ENGINES:
            raise BadConfig(f"lake.url {url!r}: there is no engine {engine!r}; there is {', '.join(ENGINES)}")
        return cls(folder)

    @property
    def version(self) -> str:
        """Changes exactly when the rows do; empty when there are none."""
        return self._shelf.version

    def ingest(
        self, exports: Iterable[Export], now: datetime, progress: Progress = lambda _share, _what: None
    ) -> Loaded:
        """Load what is new of some exports; all of it, or nothing.

        Raises:
            BadData: a file cannot be read, or too many of its rows are bad; the former rows stay.
        """
        with self._lock:
            shelf, done = load(self.folder, tuple(exports), now, limits=self.limits, progress=progress)
            self._take(shelf)
            return done

    def keep_only(self, providers: Collection[str]) -> None:
        """Forget the rows of every other provider: what is not in the deployment file is in no figure."""
        with self._lock:
            shelf = self._shelf.kept(providers)
            if shelf != self._shelf:
                shelf.put(self.folder)
                shelf.swept(self.folder, before=shelf)
                self._take(shelf)

    def ask(self, query: CostQuery) -> CostFrame:
        """Answer one question, exactly."""
        key = (self.version, *query.key())
        with self._lock:
            if key not in self._cache:
                self._cache[key] = self._answered(query)
                if len(self._cache) > MOST_CACHED:
                    self._cache.popitem(last=False)
            self._cache.move_to_end(key)
            return self._cache[key]

    def currencies(self, period: Period) -> Sequence[Money]:
        """What was billed in each currency (EffectiveCost of all categories), the largest first."""
        if not self.version:
            return ()
        table = self._mart.filter(_within(self._mart.Day, period))
        rows = self._rows(table.group_by("BillingCurrency").agg(Cost=table.EffectiveCost.sum()))
        found = [Money(Decimal(row["Cost"]), row["BillingCurrency"]) for row in rows]
        return sorted(found, key=lambda money: -money.amount)

    def freshness(self, now: datetime) -> Freshness:
        """How far the rows can be believed: each provider's newest days may still grow.

        A day counts as complete when it is older than its provider usually takes (AWS and Microsoft say 24 to 48
        hours). Of several providers the slowest decides; one that has been silent for ten days is named as missing.

        Raises:
            NoData: there are no rows at all.
        """
        if not self.version:
            raise NoData(NOTHING_YET)
        mart = self._mart
        rows = self._rows(mart.group_by("ProviderName").agg(first=mart.Day.min(), last=mart.Day.max()))
        first, last = min(row["first"] for row in rows), max(row["last"] for row in rows)
        silent = [row for row in rows if (last - row["last"]).days > SILENT_DAYS]
        heard = [row for row in rows if row not in silent]
        until = min(_complete(row["ProviderName"], row["last"], now.date()) for row in heard)
        missing = tuple(f"{row['ProviderName']} since {row['last'] + timedelta(days=1)}" for row in silent)
        sources = tuple(sorted({one.provider for one in self._shelf.partitions.values()}))
        loaded = datetime.fromisoformat(self._shelf.loaded_at)
        covers = Period(first, last + timedelta(days=1))
        return Freshness(covers, until, loaded, sources, (*missing, *self._shelf.warnings))

    def bills(self, now: datetime) -> Mapping[str, Bill]:
        """What each ResourceId (lower case) is billed a month: EffectiveCost of its last 30 complete days.

        A resource that is younger than that is scaled from the days since its first row.
        """
        if not self.version:
            return {}
        window = last_days(PRICED_DAYS, self.freshness(now).complete_until)
        rows = self._raw.filter(
            _within(self._raw.ChargePeriodStart.date(), window),
            self._raw.ChargeCategory == "Usage",
            self._raw.ResourceId.notnull(),
        )
        used = rows.CommitmentDiscountStatus == "Used"
        summed = rows.group_by(resource=rows.ResourceId.lower(), currency=rows.BillingCurrency).agg(
            effective=rows.EffectiveCost.sum(),
            covered=ibis.ifelse(used, rows.EffectiveCost, ibis.literal(None, rows.EffectiveCost.type())).sum(),
            first=rows.ChargePeriodStart.date().min(),
            days=rows.ChargePeriodStart.date().nunique(),
        )
        found: dict[str, Bill] = {}
        for row in self._rows(summed.order_by(summed.effective)):  # of two currencies the larger stays
            span = (window.end - row["first"]).days
            month = Decimal(str(DAYS_A_MONTH)) / span
            effective = Money(row["effective"] * month, row["currency"])
            covered = Money((row["covered"] or Decimal(0)) * month, row["currency"])
            found[row["resource"]] = Bill(effective, covered, int(row["days"]))
        return found

    def names(self, dimension: str) -> Sequence[str]:
        """The values that a dimension has; for ``Tags``, the keys."""
        if not self.version:
            return ()
        if dimension == "Tags":
            return sorted(self._tag_keys)
        values = self._rows(self._table_with((dimension,)).select(name=dimension).distinct())
        return sorted(str(row["name"]) for row in values if row["name"] is not None)

    def _take(self, shelf: Shelf) -> None:
        """Look at another version from now on."""
        self._shelf = shelf
        self._cache.clear()
        parts = shelf.partitions.values()
        if not parts:
            return
        marts = self._engine.read_parquet([str(self.folder / one.mart) for one in parts], union_by_name=True)
        self._mart = self._engine.create_table("mart", marts, overwrite=True)  # small, and asked in every chat
        self._raw = self._engine.read_parquet(
            [str(self.folder / one.rows) for one in parts], union_by_name=True, hive_partitioning=False
        )
        keys = self._rows(self._mart.select(key=self._mart.TagKeys.unnest()).distinct())
        self._tag_keys = {row["key"] for row in keys}

    def _table_with(self, names: Iterable[str]) -> Any:  # noqa: ANN401 (Ibis types its tables at run time)
        """The smallest table that has all the dimensions, each as a column of its name."""
        wanted = {name for name in names if name not in (DAY, MONTH)}
        tags = {name for name in wanted if name.startswith(TAG)}
        summed = wanted - tags <= set(MART_DIMENSIONS) and {name.removeprefix(TAG) for name in tags} <= self._tag_keys
        table = self._mart if summed else self._raw.mutate(Day=self._raw.ChargePeriodStart.date())
        made = {name: table.Tags.get(name.removeprefix(TAG)) for name in tags}
        return table.mutate(**made, **{MONTH: table.Day.truncate("M")})

    def _answered(self, query: CostQuery) -> CostFrame:
        if not self.version:
            raise NoData(NOTHING_YET)
        table = self._table_with((*query.by, *query.where))
        chosen = table.filter(
            _within(table.Day, query.period),
            table.BillingCurrency == query.currency,
            table.ChargeCategory.isin(query.categories),
            *(_one_of(table[name], values) for name, values in query.where.items()),
        )
        cost = chosen[query.cost].sum().name(COST)
        groups = list(query.by)
        rows = self._rows(chosen.group_by(groups).agg(cost).order_by(groups) if groups else chosen.agg(cost))
        data = pd.DataFrame([row for row in rows if row[COST] is not None], columns=[*query.by, COST], dtype=object)
        return CostFrame.checked(data, query)

    def _rows(self, expression: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (Ibis types its tables at run time)
        with self._lock:
            return expression.to_pyarrow().to_pylist()  # type: ignore[no-any-return]


def _within(day: Any, period: Period) -> Any:  # noqa: ANN401
    return (day >= ibis.literal(period.start)) & (day < ibis.literal(period.end))


def _one_of(column: Any, values: Sequence[str | None]) -> Any:  # noqa: ANN401
    named = [value for value in values if value is not None]
    found = column.isin(named) if named else ibis.literal(False)
    return found | column.isnull() if None in values else found


def _complete(provider: str | None, last: date, today: date) -> date:
    """The day before which a provider's rows are complete."""
    settled = today - timedelta(days=LATE_DAYS.get(provider or "", USUALLY_LATE))
    return min(settled, last + timedelta(days=1))
