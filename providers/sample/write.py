"""Writing the sample company down: billing files of two clouds, inventory, budgets, drivers, and the truths beside."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import rmtree
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.budgets import Budget
from analysis.errors import BadAsk
from analysis.estate import Disk, Machine
from analysis.findings import Finding
from analysis.focus import RUNNING
from analysis.money import Money
from analysis.periods import Period, month_before, month_of, months_after
from providers.sample import charges, company, rows, truths
from providers.sample.cast import Thing, cast
from providers.sample.changes import Change, changed
from providers.sample.charges import Promise, Row
from providers.sample.company import AWS, AZURE
from providers.sample.days import LATE, WEEK, Calendar, Meters
from providers.sample.folder import BUDGETS, INVENTORY, PAST, SampleFolder
from providers.sample.past import fixed
from providers.sample.rows import Sheet
from providers.sample.truths import Sums

FEWEST_MONTHS = 2  # the present one and a whole one
ARRIVED = 100  # percent: all of a day is there
AHEAD = 3  # months after the present one whose truth is told
CUSTOMERS, GROWTH, ORDERS_EACH = 41_000, 0.22, 0.31


def write(
    out: Path,
    *,
    seed: int = 1,
    months: int = 13,
    scale: int = 1,
    as_of: date,
    progress: Callable[[float, str], None] | None = None,
) -> SampleFolder:
    """Write the company as its bills stand on the morning of ``as_of``, the last days still incomplete.

    ``months`` counts the one that yesterday lies in. ``scale`` times the usual 700 resources. The same arguments
    write the same figures.

    Raises:
        BadAsk: ``out`` holds something already, or there is no whole month to look back on.
    """
    if months < FEWEST_MONTHS:
        raise BadAsk(f"{months} months are too few; the sample company needs {FEWEST_MONTHS} at least")
    if out.exists() and any(out.iterdir()):
        raise BadAsk(f"{out} is not empty; name a new folder, or delete that one first")
    out.mkdir(parents=True, exist_ok=True)
    say = progress or (lambda _share, _what: None)
    sums, told, seen, past = Sums(), _Told(), list[Disk | Machine](), list[Finding]()
    for place, cloud in enumerate((AWS, AZURE)):
        things = cast(cloud, seed=seed, scale=scale, as_of=as_of)
        seen += [thing.seen for thing in things if thing.seen is not None]
        past += fixed(things, as_of)
        bill = _Bill(cloud, things, out, seed, _months(as_of, months), as_of, as_of)
        for share, month in bill.written(sums, told):
            say((place + share) / 2, f"{company.PROVIDER_NAMES[cloud]}, {month}")
    (out / "inventory.json").write_bytes(INVENTORY.dump_json(seen, indent=1))
    (out / "past.json").write_bytes(PAST.dump_json(past, indent=1))
    (out / "budgets.json").write_bytes(BUDGETS.dump_json(_budgets(sums, told, as_of), indent=1))
    _write_drivers(out / "drivers.csv", _months(as_of, months)[0].start, seed, as_of, as_of)
    truth = {"seed": seed, "months": months, "scale": scale, "as_of": as_of.isoformat()} | _truth(sums, told, as_of)
    (out / "truths.json").write_text(json.dumps(truth, indent=1))
    say(1.0, "the sample company is written")
    return SampleFolder(out, as_of)


def go_on(folder: SampleFolder, *, seed: int, months: int, began: date, as_of: date, changes: Sequence[Change]) -> None:
    """Let a company that was written as of the day it ``began`` go on until the morning of ``as_of``, in its folder.

    Months that are over and arrived stay as they are. ``changes`` are what people did to its resources meanwhile. The
    truths are those of the beginning.
    """
    every = _months(began, months)
    every += [month for month in _months(as_of, months) if month.start > every[-1].start]
    seen: list[Disk | Machine] = []
    for cloud in (AWS, AZURE):
        things = changed(cast(cloud, seed=seed, scale=1, as_of=began), changes)
        seen += [thing.seen for thing in things if thing.seen is not None]
        since = folder.as_of - timedelta(days=len(LATE[cloud]) + 1)
        _Bill(cloud, things, folder.root, seed, every, as_of, began).written_again(since)
    (folder.root / "inventory.json").write_bytes(INVENTORY.dump_json(seen, indent=1))
    _write_drivers(folder.root / "drivers.csv", every[0].start, seed, began, as_of)


class _Told:
    """What the bills tell of themselves while they are written."""

    def __init__(self) -> None:
        self.waste: list[dict[str, str]] = []
        self.decoys: list[dict[str, str]] = []
        self.surprises: list[dict[str, Any]] = []
        self.commitments: list[dict[str, Any]] = []
        self.accounts: defaultdict[company.Account, Decimal] = defaultdict(Decimal)


class _Bill:
    """One cloud's bill, month by month."""

    def __init__(  # noqa: PLR0913, PLR0917 (whose bill, where, of when)
        self, cloud: str, things: list[Thing], out: Path, seed: int, months: list[Period], as_of: date, began: date
    ) -> None:
        self.cloud, self.things, self.as_of, self.began = cloud, things, as_of, began
        self.folder = out / "billing" / cloud
        self.meters = Meters.of(cloud, things)
        self.calendar = Calendar(cloud, self.meters, seed=seed, as_of=as_of, began=began)
        self.sheet = Sheet(cloud, self.meters)
        self.promise = Promise(cloud, self.meters)
        self.months = months

    def written(self, sums: Sums, told: _Told) -> Iterator[tuple[float, Period]]:
        """Write every month, and reckon the coming ones; yield how far it is before each."""
        extra: dict[date, np.ndarray] = {}
        kept: list[dict[str, str]] = []
        coming = [month_of(self.as_of), *months_after(self.as_of, AHEAD)]
        every = sorted({*self.months, *coming})
        for place, month in enumerate(every):
            yield place / len(every), month
            units = self.calendar.used(month)
            whole = self._charges(month, units, np.full(month.days, ARRIVED))
            sums.foresee(self.cloud, month, self.meters, units, whole)
            if month in self.months:
                extra[month.start] = self.calendar.surprises(month)
                kept.append(self._write(month, units, sums))
            if month == month_before(self.as_of):
                self._last_month(month, units, whole, sums, told)
        told.waste += truths.waste(self.meters, self.as_of)
        told.decoys += truths.decoys(self.things)
        told.surprises += truths.surprises(self.meters, self.as_of, extra)
        told.commitments[-1]["months"] = kept

    def written_again(self, since: date) -> None:
        """Write the months anew that have changed since a day: the last days of before have arrived, new ones came."""
        for month in self.months:
            if month.end > since:
                rmtree(self.folder / f"{month.start:%Y-%m}", ignore_errors=True)
                self._write(month, self.calendar.used(month), Sums())

    def _write(self, month: Period, complete: np.ndarray, sums: Sums) -> dict[str, str]:
        known = self.calendar.known(month)
        units = complete * known // ARRIVED
        made = self._charges(month, units, known)
        committed = [row for row in made if row.get("CommitmentDiscountId")]
        made += self._invoiced(month, units, made, known)
        sums.count_used(month, self.meters, units)
        sums.count_rows(made)
        tables = self.sheet.tables(month, units)
        self._save(month, tables, rows.few(self.cloud, made))
        return truths.kept(month, committed, self.promise.used(units))

    def _charges(self, month: Period, units: np.ndarray, known: np.ndarray) -> list[Row]:
        """What recurs: the commitment, and the fees of the first."""
        if not known[0]:
            return []
        return self.promise.rows(month, self.promise.used(units), known) + charges.fees(self.cloud, month)

    def _invoiced(self, month: Period, units: np.ndarray, made: list[Row], known: np.ndarray) -> list[Row]:
        """What comes with the invoice: credits, tax once the month is complete, and what is put right."""
        extra = charges.put_right(self.cloud, month, self.began, self.months[0])
        if known[charges.CREDIT_DAY - 1] == ARRIVED:
            extra += charges.credit(self.cloud, month)
        if known[-1] == ARRIVED:
            billed, listed = (
                int((units * price[:, None]).sum(axis=1).astype(object).sum())
                + int(sum((row[cost] for row in made), start=Decimal(0)).scaleb(10))
                for price, cost in ((self.meters.paid, "BilledCost"), (self.meters.listed, "ListCost"))
            )
            extra += charges.tax(self.cloud, month, billed, listed)
        return extra

    def _last_month(self, month: Period, units: np.ndarray, whole: list[Row], sums: Sums, told: _Told) -> None:
        sums.count_tags(self.meters, units, whole)
        commitment = self.promise.commitment
        told.commitments.append(
            {
                "id": commitment.id,
                "name": commitment.name,
                "currency": commitment.payer.currency,
                "ends": commitment.term(self.as_of)[1].isoformat(),
                "coverage": truths.coverage(month, self.meters, units),
            }
        )
        costs = (units * self.meters.worth[:, None]).sum(axis=1)
        for thing, cost in zip(self.meters.things, costs, strict=True):
            told.accounts[thing.spot.account] += rows.exact(int(cost))

    def _save(self, month: Period, tables: Iterator[pa.Table], last: pa.Table) -> None:
        folder = self.folder / f"{month.start:%Y-%m}"
        folder.mkdir(parents=True)
        if self.cloud == AWS:
            with pq.ParquetWriter(folder / "part-0.parquet", last.schema, compression="zstd", store_schema=False) as to:
                for table in (*tables, last):
                    to.write_table(table)
            return
        for place, table in enumerate((*tables, last)):
            _write_csv(folder / f"part-{place}.csv.gz", table)


def _write_csv(path: Path, table: pa.Table) -> None:
    """As plain text, decimals with all their digits (pyarrow writes small ones as ``0E-10``)."""
    with duckdb.connect() as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        connection.register("billed", table)
        moments = ", ".join(
            f"strftime({name}, '%Y-%m-%dT%H:%M:%SZ') AS {name}" if kind == rows.MOMENT else name
            for name, kind in rows.COLUMNS.items()
        )
        connection.execute(f"COPY (SELECT {moments} FROM billed) TO '{_quoted(path)}' (HEADER, COMPRESSION gzip)")  # noqa: S608


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _months(as_of: date, count: int) -> list[Period]:
    """The last ``count`` months, up to the one that the day before ``as_of`` lies in."""
    months = [month_of(as_of - timedelta(days=1))]
    while len(months) < count:
        months.insert(0, month_before(months[0].start))
    return months


def _budgets(sums: Sums, told: _Told, as_of: date) -> list[Budget]:
    """A budget a currency and one an account, a little above last month; the sandbox's is below."""
    before = f"{month_before(as_of).start:%Y-%m}"
    totals = {currency: amount for (month, currency), amount in sums.whole.items() if month == before}
    budgets = [
        Budget(f"Cloud, everything in {currency}", Money(_rounded(amount * Decimal("1.02")), currency))
        for currency, amount in sorted(totals.items(), key=lambda item: -item[1])
    ]
    for account, amount in told.accounts.items():
        room = Decimal("0.85") if account.env == "sandbox" else Decimal("1.06")
        money = Money(_rounded(amount * room), account.payer.currency)
        budgets.append(Budget(account.name, money, account.id))
    return budgets


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("1E2")).quantize(Decimal(1))


def _write_drivers(path: Path, first: date, seed: int, began: date, as_of: date) -> None:
    """Customers and orders a day, from the first day up to the one before ``as_of``."""
    anchor = began.replace(day=1)
    with path.open("w", newline="") as file:
        to = csv.writer(file)
        to.writerow(("day", "customers", "orders"))
        for day in Period(first, as_of):
            random = np.random.default_rng([seed, 47, day.toordinal()])
            trend = float(np.exp(GROWTH * (day - anchor).days / 365))
            customers = round(CUSTOMERS * trend * WEEK["shop"][day.weekday()] * float(np.exp(random.normal(0, 0.03))))
            to.writerow((day.isoformat(), customers, round(customers * ORDERS_EACH * random.uniform(0.95, 1.05))))


def _truth(sums: Sums, told: _Told, as_of: date) -> dict[str, Any]:
    complete = {cloud: as_of - timedelta(days=len(late)) for cloud, late in LATE.items()}
    coming = [f"{month.start:%Y-%m}" for month in (month_of(as_of), *months_after(as_of, AHEAD))]
    return {
        "complete_until": {cloud: day.isoformat() for cloud, day in complete.items()},
        "totals": [
            {"month": month, "currency": currency, "category": category}
            | {name: str(total) for name, total in zip(rows.COSTS, totals, strict=True)}
            for (month, currency, category), totals in sorted(sums.written.items())
        ],
        "future": {
            currency: [{"month": month, "EffectiveCost": str(sums.whole[month, currency])} for month in coming]
            for currency in sorted({currency for _, currency in sums.whole})
        },
        "late": [
            {"day": day.isoformat(), "cloud": cloud, "currency": currency, "EffectiveCost": str(amount)}
            for (cloud, day, currency), amount in sorted(sums.days.items())
            if complete[cloud] <= day < as_of
        ],
        "untagged": {
            currency: {name: str(amount) for name, amount in parts.items()} for currency, parts in sums.untagged.items()
        },
        "categories_of_future": list(RUNNING),
        "waste": told.waste,
        "decoys": told.decoys,
        "anomalies": told.surprises,
        "commitments": told.commitments,
    }
