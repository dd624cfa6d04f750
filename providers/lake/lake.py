"""The lake's one question: a ``CostQuery`` as an Ibis expression, answered by the engine that holds the rows.

The engine adds, we never do; values are literals of the expression, never pasted into SQL; what comes out is a checked
``CostFrame``.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import add, and_
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias, TypeVar

import ibis
import pandas as pd
import pyarrow as pa

from analysis.errors import NoData
from analysis.estate import Bill, Charge
from analysis.focus import (
    BILLING_PERIOD,
    COST,
    COST_COLUMNS,
    DAY,
    MONTH,
    TAG,
    CostFrame,
    CostQuery,
    Freshness,
    Without,
)
from analysis.money import Money
from analysis.periods import DAYS_A_MONTH, Period, last_days
from providers.lake.engine import Engine
from providers.lake.engines import Secret, opened
from providers.lake.limits import Limits
from providers.lake.load import Loaded, load
from providers.lake.shelf import Shelf, stamp, writing
from providers.lake.sums import MART_DIMENSIONS
from providers.provider import Awaited, Billed, Export, Progress, Spot

T = TypeVar("T")
Told: TypeAlias = list[dict[str, Any]]
BUILT_IN = "duckdb://"
LATE_DAYS: Mapping[str, int] = {"AWS": 2, "Microsoft": 3}  # whole days after its end in which a day may still grow
USUALLY_LATE = 2
SILENT_DAYS = 10  # a provider that delivered nothing for so long is missing
PRICED_DAYS = 30
MOST_CACHED = 256
ALWAYS = ("BillingCurrency", "ChargeCategory")
MANY, BETWEEN = 50, "\x1f"  # values of a list that go as one text: Ibis takes as long for each as for a question
NOTHING_YET = "no billed rows are loaded yet; name your exports under [[providers]], then run pitcrew assess"


@dataclass(frozen=True, slots=True)
class View:
    """One version of the lake, as it is asked: the shelf, its two tables, and the tag keys of the first of them."""

    shelf: Shelf
    mart: Any
    rows: Any
    stamp: tuple[int, int, int] | None
    within: Callable[[Any, Period], Any] = lambda rows, _: rows  # the rows that may be of a period

    @property
    def summed_tags(self) -> set[str]:
        """The keys that the daily sums know everywhere: one that any partition keeps in its rows only is none."""
        parts = self.shelf.partitions.values()
        return {key for one in parts for key in one.tags} - {key for one in parts for key in one.other_tags}

    @property
    def tag_keys(self) -> set[str]:
        """All keys there are."""
        return {key for one in self.shelf.partitions.values() for key in (*one.tags, *one.other_tags)}

    def rows_of(self, period: Period) -> Any:  # noqa: ANN401 (Ibis types its tables at run time)
        """The rows, without most of those of other days."""
        return self.within(self.rows, period)

    def table_with(self, names: Iterable[str], period: Period | None = None) -> Any:  # noqa: ANN401
        """The smallest table that has some dimensions and figures, each as the column that ``column_of`` names.

        It has ``ALWAYS`` too, when a row was (``_moment``), and no other column: Ibis looks at each of them at every
        step. Rows of other days than those of a period may be missing in it.
        """
        asked = set(names)
        wanted = asked - {DAY, MONTH}
        tags = {name for name in wanted if name.startswith(TAG)}
        keys = {name.removeprefix(TAG) for name in sorted(tags)}
        unsummed = keys & (self.tag_keys - self.summed_tags)
        summed = wanted - tags <= {*MART_DIMENSIONS, BILLING_PERIOD, *COST_COLUMNS} and not unsummed
        rows = self.rows if period is None or summed else self.rows_of(period)
        table = self.mart if summed else rows
        day = table.Day if summed else table.ChargePeriodStart.date()
        made = {column_of(name): table.Tags.get(name.removeprefix(TAG)) for name in sorted(tags)}
        if DAY in asked:
            made[DAY] = day
        if MONTH in asked:
            made[MONTH] = day.truncate("M")
        if BILLING_PERIOD in asked:
            made[BILLING_PERIOD] = table.BillingPeriod if summed else table.BillingPeriodStart.date().truncate("M")
        plain = {*ALWAYS, *wanted, DAY if summed else "ChargePeriodStart"} - tags - {BILLING_PERIOD}
        return table.select(*sorted(plain - set(made)), **made)


class Lake:
    """Billed rows on a shelf, and an engine to ask them. Safe to use from many threads, even while it loads."""

    def __init__(self, folder: Path, *, limits: Limits | None = None, engine: Engine | None = None) -> None:
        self.folder = folder
        self.limits = limits or Limits()
        folder.mkdir(parents=True, exist_ok=True)
        self._engine = engine or opened(BUILT_IN, folder)
        self._lock = Lock()
        self._cache: OrderedDict[tuple[object, ...], CostFrame] = OrderedDict()
        self._seen: View | None = None
        self._view()

    @classmethod
    def open(cls, url: str, folder: Path, *, memory: str = "", secret: Secret = lambda _name: "") -> Lake:
        """The lake of a deployment; ``memory`` bounds what an engine in this process, or a load, may hold (``4GB``).

        ``secret`` knows what lets us into an engine elsewhere, by the name of its environment variable.

        Raises:
            BadConfig: no engine of that name.
        """
        return cls(folder, limits=Limits(memory=memory), engine=opened(url, folder, memory=memory, secret=secret))

    def close(self) -> None:
        """Let the engine go."""
        self._engine.close()

    @property
    def version(self) -> str:
        """Changes exactly when the rows do; empty when there are none."""
        return self._view().shelf.version

    def ingest(self, exports: Iterable[Export], now: datetime, progress: Progress | None = None) -> Loaded:
        """Load what is new of some exports; all of it, or nothing. The former rows can be asked meanwhile.

        Raises:
            BadData: a file cannot be read, or too many of its rows are bad; the former rows stay.
        """
        return load(self.folder, tuple(exports), now, limits=self.limits, progress=progress or _silently)[1]

    def keep_only(self, providers: Collection[str]) -> None:
        """Forget the rows of every other provider: what is not in the deployment file is in no figure."""
        with writing(self.folder):
            before = Shelf.read(self.folder)
            shelf = before.kept(providers)
            if shelf != before:
                shelf.put(self.folder)
                shelf.swept(self.folder, before=shelf)
        self._view()

    def ask(self, query: CostQuery) -> CostFrame:
        """Answer one question, exactly.

        Raises:
            NoData: there are no rows at all.
        """
        return self._now(lambda view: self._remembered(view, query))

    def currencies(self, period: Period, without: Sequence[Without] = ()) -> Sequence[Money]:
        """What was billed in each currency (EffectiveCost of all categories), the largest first."""
        if not self.version:
            return ()

        def summed(view: View) -> Told:
            table = view.table_with(("EffectiveCost", *_dimensions(without)))
            table = table.filter(_within(_moment(table), period), *_left(table, without))
            return self._told(table.group_by("BillingCurrency").agg(Cost=table.EffectiveCost.sum()))

        found = [Money(row["Cost"], row["BillingCurrency"]) for row in self._now(summed)]
        return sorted(found, key=lambda money: -money.amount)

    @property
    def covers(self) -> Period:
        """The days that have rows.

        Raises:
            NoData: there are no rows at all.
        """
        rows = self._now(lambda view: self._told(_spans(view.mart)))
        return Period(min(row["first"] for row in rows), max(row["last"] for row in rows) + timedelta(days=1))

    def freshness(self, now: datetime) -> Freshness:
        """How far the rows can be believed: each provider's newest days may still grow.

        AWS and Microsoft deliver a day's rows up to 48 and 72 hours after the day has ended, so a day of theirs is
        complete when two or three whole days lie between it and today; and no day is that has no rows after a gap in
        deliveries. Of several providers the slowest decides. One that was silent for ten days decides nothing and is
        named as missing, unless all are.

        Raises:
            NoData: there are no rows at all.
        """
        view, rows = self._now(lambda view: (view, self._told(_spans(view.mart))), empty=lambda: (self._view(), []))
        if not rows:
            raise NoData(NOTHING_YET)
        today = now.astimezone(UTC).date()
        first, last = min(row["first"] for row in rows), max(row["last"] for row in rows)
        silent = [row for row in rows if (today - row["last"]).days > SILENT_DAYS]
        heard = [row for row in rows if row not in silent] or silent
        until = min(_complete(row["ProviderName"], row["last"], today) for row in heard)
        missing = tuple(f"{row['ProviderName']} since {row['last'] + timedelta(days=1)}" for row in silent)
        sources = tuple(sorted({one.provider for one in view.shelf.partitions.values()}))
        loaded = datetime.fromisoformat(view.shelf.loaded_at)
        covers = Period(first, last + timedelta(days=1))
        return Freshness(covers, until, loaded, sources, (*missing, *view.shelf.warnings))

    def bills(self, now: datetime) -> Mapping[str, Bill]:
        """What each ResourceId (lower case) is billed a month: EffectiveCost of its last 30 complete days.

        A resource that had no rows in the 30 days before those either was created since: it is scaled from the days
        since its first row. One that is billed in two currencies is told in that of the larger part.
        """
        if not self.version:
            return {}
        window = last_days(PRICED_DAYS, self.freshness(now).complete_until)
        meters: dict[tuple[str, str], dict[str, Charge]] = defaultdict(dict)
        spans: dict[tuple[str, str], tuple[date, int]] = {}
        wider = last_days(2 * PRICED_DAYS, window.end)
        for row in self._now(lambda view: self._told(_billed(view.rows_of(wider), window))):
            key, currency = (row["resource"], row["currency"]), row["currency"]
            charge = Charge(Money(row["effective"], currency), Money(row["covered"] or Decimal(0), currency))
            meters[key][row["meter"] or ""] = charge
            spans[key] = (row["first"], int(row["days"]))
        found: dict[str, Bill] = {}
        for (resource, currency), charges in meters.items():
            first, days = spans[resource, currency]
            month = Decimal(str(DAYS_A_MONTH)) / min(PRICED_DAYS, (window.end - first).days)
            bill = _monthly(charges, month, days)
            known = found.get(resource)
            if known is None or bill.effective.amount > known.effective.amount:
                found[resource] = bill
        return found

    def billed(self, now: datetime) -> Billed:
        """What the bill of the last 30 complete days knows: resources, places and commitments.

        Places are known at once; what each resource is billed is summed up while the clouds are asked.
        """
        if not self.version:
            return Billed()
        beside = ThreadPoolExecutor(1, thread_name_prefix="bills")
        bills = beside.submit(self.bills, now)
        beside.shutdown(wait=False)
        window = last_days(PRICED_DAYS, self.freshness(now).complete_until)
        rows = self._now(lambda view: self._told(_places(view, window)))
        spots = [Spot(row["SubAccountId"] or "", row["RegionId"] or "", row["ServiceName"] or "") for row in rows]
        return Billed(Awaited(bills), spots, self.names("CommitmentDiscountId"))

    def names(self, dimension: str, without: Sequence[Without] = ()) -> Sequence[str]:
        """The values that a dimension has; for ``Tags``, the keys, with whatever rows."""
        if not self.version:
            return ()
        if dimension == "Tags":
            return sorted(self._view().tag_keys)

        def named(view: View) -> Told:
            table = view.table_with((dimension, *_dimensions(without)))
            left = _left(table, without)
            kept = table.filter(*left) if left else table
            return self._told(kept.select(name=column_of(dimension)).distinct())

        rows = self._now(named)
        return sorted(str(row["name"]) for row in rows if row["name"] is not None)

    def _view(self) -> View:
        """The version that is on the shelf, whichever process put it there."""
        seen = self._seen
        if seen is not None and seen.stamp == stamp(self.folder):
            return seen
        with self._lock:
            while True:
                present = stamp(self.folder)
                if self._seen is not None and self._seen.stamp == present:
                    return self._seen
                try:
                    self._seen = self._taken(Shelf.read(self.folder), present)
                except self._engine.errors:  # swept away meanwhile, unless the shelf is still the same
                    if stamp(self.folder) == present:
                        raise

    def _taken(self, shelf: Shelf, present: tuple[int, int, int] | None) -> View:
        if not shelf.partitions:
            return View(shelf, None, None, present)
        return View(shelf, *self._engine.take(self.folder, shelf), present, self._engine.within)

    def _now(self, question: Callable[[View], T], empty: Callable[[], T] | None = None) -> T:
        """Ask the present version; should another one have taken its place meanwhile, ask that.

        Raises:
            NoData: there are no rows at all.
        """
        while True:
            view = self._view()
            if not view.shelf.version:
                if empty is None:
                    raise NoData(NOTHING_YET)
                return empty()
            try:
                return question(view)
            except self._engine.errors:
                if stamp(self.folder) == view.stamp:
                    raise

    def _told(self, expression: Any) -> Told:  # noqa: ANN401
        """The few rows of an answer."""
        rows: Told = self._engine.answer(expression).to_pylist()
        return rows

    def _remembered(self, view: View, query: CostQuery) -> CostFrame:
        key = (view.shelf.version, *query.key())
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        frame = CostFrame.checked(_frame(self._engine.answer(_asked(view, query)), query), query)
        with self._lock:
            self._cache[key] = frame
            while len(self._cache) > MOST_CACHED:
                self._cache.popitem(last=False)
        return frame


def column_of(dimension: str) -> str:
    """The column of a dimension. Engines take ``Team`` and ``team`` for one name, so that keys of tags are in hex."""
    key = dimension.removeprefix(TAG)
    return dimension if key == dimension else TAG + key.encode().hex()


def _asked(view: View, query: CostQuery) -> Any:  # noqa: ANN401
    names = (*query.by, *query.where, *_dimensions(query.without), query.cost, *query.also)
    table = view.table_with(names, query.period)
    chosen = table.filter(
        _within(_moment(table), query.period),
        table.BillingCurrency == query.currency,
        table.ChargeCategory.isin(query.categories),
        *(_one_of(name, table[column_of(name)], values) for name, values in query.where.items()),
        *_left(table, query.without),
    )
    sums = [chosen[query.cost].sum().name(COST), *(chosen[name].sum().name(name) for name in query.also)]
    groups = [column_of(name) for name in query.by]
    return chosen.group_by(groups).agg(*sums).order_by(groups) if groups else chosen.agg(*sums)


def _frame(answer: pa.Table, query: CostQuery) -> pd.DataFrame:
    sums = [COST, *query.also]
    counted = answer.select([*map(column_of, query.by), *sums]).filter(answer[COST].is_valid())
    frame: pd.DataFrame = counted.to_pandas().set_axis([*query.by, *sums], axis="columns")
    return frame


def _spans(mart: Any) -> Any:  # noqa: ANN401
    """The first and the last day of each provider."""
    return mart.group_by("ProviderName").agg(first=mart.Day.min(), last=mart.Day.max())


def _places(view: View, window: Period) -> Any:  # noqa: ANN401
    """The accounts, regions and services that were billed in a window."""
    names = ("SubAccountId", "RegionId", "ServiceName")
    table = view.table_with(names, window)
    return table.filter(_within(_moment(table), window)).select(*names).distinct()


def _billed(table: Any, window: Period) -> Any:  # noqa: ANN401
    """What each resource was billed for its usage in a window, by meter; since when, and on how many days."""
    wider = last_days(PRICED_DAYS + window.days, window.end)
    rows = table.filter(
        _within(table.ChargePeriodStart, wider), table.ChargeCategory == "Usage", table.ResourceId.notnull()
    )
    inside = rows.ChargePeriodStart >= ibis.timestamp(window.start.isoformat())
    used = rows.CommitmentDiscountStatus == "Used"
    day = rows.ChargePeriodStart.date()
    named = {"resource": rows.ResourceId.lower(), "currency": rows.BillingCurrency}
    whole = rows.group_by(**named).agg(first=day.min(), days=day.nunique(where=inside))
    parts = rows.group_by(**named, meter=rows.SkuMeter).agg(
        effective=rows.EffectiveCost.sum(where=inside), covered=rows.EffectiveCost.sum(where=inside & used)
    )
    known = whole.filter(whole.days > 0)
    return parts.join(known, ["resource", "currency"]).filter(lambda row: row.effective.notnull())


def _monthly(charges: Mapping[str, Charge], month: Decimal, days: int) -> Bill:
    """Charges of some days as a bill of a month."""
    scaled = {name: Charge(charge.effective * month, charge.covered * month) for name, charge in charges.items()}
    whole = reduce(add, scaled.values())
    return Bill(whole.effective, whole.covered, days, scaled)


def _moment(table: Any) -> Any:  # noqa: ANN401
    """When a row was, as its table knows it."""
    return table.ChargePeriodStart if "ChargePeriodStart" in table.columns else table.Day


def _within(moment: Any, period: Period) -> Any:  # noqa: ANN401
    """Days, or times, of a period: a plain comparison, by which Parquet files are skipped."""
    made = ibis.timestamp if moment.type().is_timestamp() else ibis.date
    return (moment >= made(period.start.isoformat())) & (moment < made(period.end.isoformat()))


def _one_of(name: str, column: Any, values: Sequence[str | None]) -> Any:  # noqa: ANN401
    """Whether a dimension has one of some values. Clouds disagree with themselves about the case of a ResourceId."""
    named = [value for value in values if value is not None]
    if name == "ResourceId":
        column, named = column.lower(), [value.lower() for value in named]
    elif name in (DAY, MONTH, BILLING_PERIOD):
        column = column.strftime("%Y-%m-%d")  # to some engines, the first day of a month is a moment
    if len(named) > MANY and not any(BETWEEN in value for value in named):
        listed = ibis.literal(BETWEEN.join(named)).split(BETWEEN).unnest().name("value").as_table()
        found = column.isin(listed.value)
    else:
        found = column.isin(named) if named else ibis.literal(False)
    return found | column.isnull() if None in values else found


def _dimensions(without: Sequence[Without]) -> list[str]:
    return sorted({name for one in without for name, _ in one})


def _left(table: Any, without: Sequence[Without]) -> list[Any]:  # noqa: ANN401
    """What rows must be like that are not left out; one that does not have a dimension is none of those."""
    held = (
        reduce(and_, (_one_of(name, table[column_of(name)], values) for name, values in one)) for one in without if one
    )
    return [~ibis.coalesce(one, ibis.literal(False)) for one in held]


def _complete(provider: str | None, last: date, today: date) -> date:
    """The day before which a provider's rows are complete."""
    settled = today - timedelta(days=LATE_DAYS.get(provider or "", USUALLY_LATE))
    return min(settled, last + timedelta(days=1))


def _silently(share: float, what: str) -> None:
    """Tell nobody how far it is."""
