"""From files to an assessment at one, ten and a hundred million billed rows; and three questions beside other tools.

Each size is made by DuckDB, measured in processes of their own, and deleted. ``ROWS=1000000,10000000`` asks for other
sizes. Whoever is compared has as many tries: a load and the sums by hand take turns, three each, and the middle one
counts (one each beyond ten million rows); so do our answers, DuckDB's and polars', eleven each; pandas answers once,
since it takes half a minute, and beside it stands our first answer. Goals: from ten million rows on, the load ≤ 1.3 ×
the same daily sums by hand-written DuckDB; files to assessment ≤ 15 s and ≤ 1.5 GB at ten million rows; beyond, memory
within ``lake.memory`` and a gigabyte, and time that grows no faster than the rows; questions ≤ 1.3 × DuckDB by hand
over the files and ≤ 0.15 × pandas.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import partial
from math import log
from pathlib import Path
from shutil import rmtree
from statistics import median
from time import perf_counter
from typing import Any, TypeVar

import duckdb

from analysis.focus import DAY, MONTH, CostQuery
from analysis.periods import Period, month_of
from benchmarks.assessment import by_hand
from benchmarks.bill import MONTHS, NOW, TEAMS
from benchmarks.row import Row
from bot import config as deployment
from bot.clock import stopped_at
from bot.garbage import rarely
from bot.log import configure
from bot.wiring import Crew, assembled
from providers.lake import Lake

T = TypeVar("T")
SIZES = (1_000_000, 10_000_000, 100_000_000)
LARGE = 10_000_000  # rows beyond which lake.memory is larger, each loads once, and pandas is not asked
LOADS, ANSWERS = 3, 11  # tries of each, of which the middle one counts
MEMORY = {False: "1GB", True: "4GB"}  # lake.memory, by whether it is larger
MOST_LOAD, MOST_SECONDS, MOST_GB, MOST_QUERY, MOST_PANDAS = 1.3, 15.0, 1.5, 1.3, 0.15
OVERHEAD_GB = 1.0  # of the process beside what DuckDB may hold
MOST_GROWTH = 1.0  # the exponent: time in rows ** exponent
ACCOUNTS, RESOURCES, SERVICES = 1_000_000, 2_000, 8  # rows an account and a resource (at a million, ×20 and ×500)
SPAN = Period(date(*MONTHS[0], 1), date(2026, 11, 18))
LAST = Period(date(2026, 10, 1), date(2026, 11, 1))
QUESTIONS: Mapping[str, CostQuery] = {
    "each day of each account and service": CostQuery(SPAN, "USD", by=("SubAccountId", "ServiceName", DAY)),
    "a month of each resource": CostQuery(LAST, "USD", by=("ResourceId",)),
    "each month of each team": CostQuery(SPAN, "USD", by=(MONTH, "Tags/team")),
}
BY_HAND: Mapping[str, str] = {
    "each day of each account and service": (
        "SELECT SubAccountId, ServiceName, CAST(ChargePeriodStart AS DATE) AS d, sum(EffectiveCost) FROM {bill}"
        " WHERE {usual} GROUP BY ALL"
    ),
    "a month of each resource": (
        "SELECT ResourceId, sum(EffectiveCost) FROM {bill} WHERE {usual} AND ChargePeriodStart >= '2026-10-01'"
        " AND ChargePeriodStart < '2026-11-01' GROUP BY ALL"
    ),
    "each month of each team": (
        "SELECT date_trunc('month', ChargePeriodStart) AS m, Tags['team'] AS team, sum(EffectiveCost) FROM {bill}"
        " WHERE {usual} GROUP BY ALL"
    ),
}
USUAL = "ChargeCategory IN ('Usage', 'Purchase') AND BillingCurrency = 'USD'"


def measured() -> Iterator[Row]:
    """Every size, the smallest first."""
    wanted = os.environ.get("ROWS", "")
    sizes = tuple(int(one.replace("_", "")) for one in wanted.split(",") if one) or SIZES
    before: tuple[int, float] | None = None
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="pitcrew-scale-") as made:
            made_of(Path(made) / "bill", rows)
            told = alone("whole", made, rows)
            ours, by_hand = in_turns(made, rows, told["load"])
            yield from sized(rows, told, ours, by_hand)
            if before:
                yield growth(before, (rows, told["load"] + told["assess"]))
            before = rows, told["load"] + told["assess"]
            if rows == max((size for size in sizes if size <= LARGE), default=0):
                yield from beside(made, rows)


def in_turns(made: str, rows: int, first: float) -> tuple[float, float]:
    """Seconds of the middle load and of the middle sums by hand, in an order that favours neither."""
    ours, theirs = [first], [alone("sums", made, rows)["seconds"]]
    for number in range(1, 1 if rows > LARGE else LOADS):
        for name, found in (("sums", theirs), ("load", ours))[:: 1 if number % 2 else -1]:
            found.append(alone(name, made, rows)["seconds"])
    return median(ours), median(theirs)


def sized(rows: int, told: Mapping[str, Any], load: float, by_hand: float) -> Iterator[Row]:
    """What one size came to."""
    named, large = millions(rows), rows > LARGE
    goal = MOST_LOAD if rows >= LARGE else None  # of fewer rows, opening and syncing files is most of it
    yield Row(f"load, {named}", load, theirs=by_hand, peer="DuckDB, by hand", goal=goal, rows=rows)
    yield Row(f"assessment, {named}", told["assess"], rows=rows)
    whole = told["load"] + told["assess"]
    yield Row(f"files to assessment, {named}", whole, rows=rows, goal=None if large else MOST_SECONDS)
    most = float(MEMORY[large].removesuffix("GB")) + OVERHEAD_GB if large else MOST_GB
    yield Row(f"most memory, {named}", told["memory"], "GB", rows=rows, goal=most)


def growth(before: tuple[int, float], now: tuple[int, float]) -> Row:
    """How fast time grew from one size to the next, as the exponent of the rows."""
    exponent = log(now[1] / before[1]) / log(now[0] / before[0])
    return Row(f"growth of time, {millions(before[0])} to {millions(now[0])}", exponent, "", goal=MOST_GROWTH)


def beside(made: str, rows: int) -> Iterator[Row]:
    """The three questions, beside what others take for them."""
    found = alone("duckdb", made, rows) | alone("polars", made, rows) | alone("pandas", made, rows)
    goals = {"DuckDB, by hand": MOST_QUERY, "pandas, once": MOST_PANDAS}
    for question in QUESTIONS:
        ours, first = found["ours"][question], found["ours, once"][question]
        for peer in ("DuckDB, by hand", "polars", "pandas, once"):
            what = f"{question}, {millions(rows)}"
            if isinstance(found[peer], str):
                yield Row(what, peer=peer, why=found[peer])
                continue
            seconds, came = found[peer][question]
            assert abs(came / ours[1] - 1) < 1e-6, (question, peer, "another sum")
            mine = first[0] if peer.endswith("once") else ours[0]
            yield Row(what, mine, theirs=seconds, peer=peer, goal=goals.get(peer))


def millions(rows: int) -> str:
    """A size in words."""
    return f"{rows / 1e6:g}M rows"


def made_of(folder: Path, rows: int) -> None:
    """A bill of about so many rows, a file a month: accounts and resources grow with it."""
    folder.mkdir(parents=True)
    accounts, resources = min(400, max(1, 20 * rows // ACCOUNTS)), max(1, rows // RESOURCES)
    with duckdb.connect() as connection, ThreadPoolExecutor(os.cpu_count()) as pool:
        connection.execute("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL memory_limit = '2GB'")
        connection.execute(_things(accounts, resources))

        def made(year: int, month: int) -> None:
            first = date(year, month, 1)
            days = (min(SPAN.end, month_of(first).end) - first).days
            with connection.cursor() as cursor:
                cursor.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false")
                cursor.execute(_month(first, days, rows * days // SPAN.days, resources, folder))

        list(pool.map(made, *zip(*MONTHS, strict=True)))


def _things(accounts: int, resources: int) -> str:
    """What is billed: each resource of each account, with its tags."""
    team = f"list_extract({list(TEAMS)}, (1 + range % {accounts} % {len(TEAMS)})::INT)"
    return f"""
CREATE TABLE things AS SELECT range AS thing, 'Service ' || range % {SERVICES} AS ServiceName,
  (200000000000 + range % {accounts})::VARCHAR AS SubAccountId, 'account-' || range % {accounts} AS SubAccountName,
  'us-east-' || (1 + range % {accounts} % 4) AS RegionId, 'i-' || lpad(range::VARCHAR, 17, '0') AS ResourceId,
  MAP {{'team': {team}, 'env': CASE WHEN range % 3 = 0 THEN 'prod' ELSE 'dev' END}} AS Tags
FROM range({resources})
"""


def _month(first: date, days: int, count: int, resources: int, folder: Path) -> str:
    """Its days in order, the things of a day in none."""
    begin = f"TIMESTAMP '{first}'"
    return f"""
COPY (
  SELECT '100000000000' AS BillingAccountId, 'payer' AS BillingAccountName, 'USD' AS BillingCurrency,
    {begin} AS BillingPeriodStart, {begin} + INTERVAL 1 MONTH AS BillingPeriodEnd,
    day AS ChargePeriodStart, day + INTERVAL 1 DAY AS ChargePeriodEnd,
    'Usage' AS ChargeCategory, 'Usage-Based' AS ChargeFrequency,
    cost AS BilledCost, cost AS EffectiveCost, cost AS ListCost, cost AS ContractedCost,
    'AWS' AS ProviderName, 'Compute' AS ServiceCategory, things.* EXCLUDE (thing), 'Standard' AS PricingCategory,
    'meter-' || meter AS SkuMeter, 'sku-' || meter AS SkuId, 'Hrs' AS PricingUnit, 24::DECIMAL(28,4) AS PricingQuantity
  FROM (
    SELECT (h % {resources})::BIGINT AS thing, ((50 + h // 8192 % 1000) / 10000.0)::DECIMAL(28,10) AS cost,
      (h // 67108864 % 5)::TINYINT AS meter, {begin} + to_days((i * {days} // {count})::INT) AS day
    FROM (SELECT range AS i, hash(range) AS h FROM range({count}))
  ) JOIN things USING (thing)
) TO '{folder / f"{first:%Y-%m}.parquet"}' (FORMAT parquet, COMPRESSION snappy)
"""


def alone(what: str, made: str, rows: int) -> dict[str, Any]:
    """Measure in a process of its own, so that its memory is its own."""
    asked = [sys.executable, "-m", "benchmarks.scale", what, made, str(rows)]
    done = subprocess.run(asked, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def opened(made: str, rows: int, folder: str) -> Iterator[Crew]:
    """A company whose exports lie there."""
    configure(json=False, least=40)
    raw = {
        "data": {"folder": f"{made}/{folder}"},
        "lake": {"memory": MEMORY[rows > LARGE]},
        "providers": [{"kind": "focus", "path": f"{made}/bill/*.parquet"}],
    }
    with assembled(deployment.parse(raw, lambda _: "benchmark"), stopped_at(NOW), load=False) as crew, rarely():
        yield crew


def whole(made: str, rows: int) -> dict[str, Any]:
    """Load, and assess."""
    with opened(made, rows, "data") as crew:
        load, _ = timed(partial(crew.assessor.load, NOW))  # its lake is open, as the database of its peer is
        assess, _ = timed(lambda: crew.typed("assess", "bench"))
    return {"load": load, "assess": assess, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}


def load(made: str, rows: int) -> dict[str, Any]:
    """Load once more, into a lake of its own."""
    with opened(made, rows, "again") as crew:
        seconds, _ = timed(partial(crew.assessor.load, NOW))
    rmtree(f"{made}/again")
    return {"seconds": seconds}


def sums(made: str, _rows: int) -> dict[str, Any]:
    """What a load is for, by hand."""
    return {"seconds": by_hand(sorted(Path(made, "bill").iterdir()))}


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds that some work took, and what came of it."""
    started = perf_counter()
    came = work()
    return perf_counter() - started, came


def middle(*works: Callable[[], float]) -> list[tuple[float, float]]:
    """Seconds of the middle of several tries of each, taken in turns, and what came of it."""
    tries = [[timed(work) for work in works] for _ in range(ANSWERS)]
    return [sorted(each)[ANSWERS // 2] for each in zip(*tries, strict=True)]


def by_duckdb(made: str, rows: int) -> dict[str, Any]:
    """Our lake, and DuckDB as anybody would write it, over the files."""
    lake = Lake.open("duckdb://", Path(made, "data", "lake"), memory=MEMORY[rows > LARGE])
    bill = f"read_parquet('{made}/bill/*.parquet')"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")

        def ours(query: CostQuery) -> float:
            lake._cache.clear()
            return float(lake.ask(query).total().amount)

        def theirs(name: str) -> float:
            rows = connection.execute(BY_HAND[name].format(bill=bill, usual=USUAL)).fetchall()
            return float(sum(row[-1] for row in rows))

        once = {name: timed(partial(ours, query)) for name, query in QUESTIONS.items()}
        both = {name: middle(partial(ours, query), partial(theirs, name)) for name, query in QUESTIONS.items()}
    return {
        "ours, once": once,
        "ours": {name: mine for name, (mine, _) in both.items()},
        "DuckDB, by hand": {name: other for name, (_, other) in both.items()},
    }


def by_polars(made: str, _rows: int) -> dict[str, Any]:
    """The same with polars' streaming engine."""
    try:
        import polars as pl
    except ImportError:
        return {"polars": "polars is not installed"}
    bill = pl.scan_parquet(f"{made}/bill/*.parquet").filter(
        pl.col("ChargeCategory").is_in(["Usage", "Purchase"]) & (pl.col("BillingCurrency") == "USD")
    )
    day, cost = pl.col("ChargePeriodStart"), pl.col("EffectiveCost").sum()
    inside = bill.filter((day >= pl.datetime(2026, 10, 1)) & (day < pl.datetime(2026, 11, 1)))
    team = pl.col("Tags").map.get("team")
    asked = (
        bill.group_by("SubAccountId", "ServiceName", day.dt.date().alias("d")).agg(cost),
        inside.group_by("ResourceId").agg(cost),
        bill.group_by(day.dt.truncate("1mo").alias("m"), team.alias("team")).agg(cost),
    )

    def run(one: pl.LazyFrame) -> float:
        return float(one.collect(engine="streaming")["EffectiveCost"].cast(pl.Float64).sum())

    return {"polars": {name: middle(partial(run, one))[0] for name, one in zip(BY_HAND, asked, strict=True)}}


def by_pandas(made: str, _rows: int) -> dict[str, Any]:
    """The same with pandas, which reads the columns that it needs; once."""
    import pandas as pd

    usual = ["ChargeCategory", "BillingCurrency", "ChargePeriodStart", "EffectiveCost"]

    def read(*names: str) -> pd.DataFrame:
        bill = pd.read_parquet(f"{made}/bill", columns=[*usual, *names])
        bill["EffectiveCost"] = bill["EffectiveCost"].astype(float)
        return bill[bill["ChargeCategory"].isin(["Usage", "Purchase"]) & (bill["BillingCurrency"] == "USD")]

    def days() -> float:
        bill = read("SubAccountId", "ServiceName")
        keys = ["SubAccountId", "ServiceName", bill["ChargePeriodStart"].dt.date]
        return float(bill.groupby(keys)["EffectiveCost"].sum().sum())

    def month() -> float:
        bill = read("ResourceId")
        inside = bill[(bill["ChargePeriodStart"] >= "2026-10-01") & (bill["ChargePeriodStart"] < "2026-11-01")]
        return float(inside.groupby("ResourceId")["EffectiveCost"].sum().sum())

    def teams() -> float:
        bill = read("Tags")
        team = bill["Tags"].map(lambda tags: dict(tags).get("team"))
        return float(bill.groupby([bill["ChargePeriodStart"].dt.to_period("M"), team])["EffectiveCost"].sum().sum())

    return {"pandas, once": {name: timed(work) for name, work in zip(BY_HAND, (days, month, teams), strict=True)}}


MEASURES = {
    "whole": whole,
    "load": load,
    "sums": sums,
    "duckdb": by_duckdb,
    "polars": by_polars,
    "pandas": by_pandas,
}

if __name__ == "__main__":
    print(json.dumps(MEASURES[sys.argv[1]](sys.argv[2], int(sys.argv[3]))))
