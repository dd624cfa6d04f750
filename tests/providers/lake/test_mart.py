"""The daily sums: made of what is new alone; and a drill-down reads the rows of its months, no others."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from analysis.focus import CostQuery
from analysis.periods import Period
from providers.lake import Lake
from providers.lake.engines.duck import DuckEngine
from providers.lake.load import KEPT, MART
from tests.providers.bills import NOW, export, parquet

SEPTEMBER, OCTOBER = Period(date(2026, 9, 1), date(2026, 10, 1)), Period(date(2026, 10, 1), date(2026, 11, 1))
ROWS = 50_000  # of a month, so that costs are pages of their own


def month(file: Path, period: Period, cost: str = "1.5", kind: str = "TIMESTAMP") -> Path:
    """A month of rows, each of a resource of its own."""
    begin, end = (f"{kind} '{day} 00:00:00+00'" for day in (period.start, period.end))
    names = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
    costs = ", ".join(f"{cost}::DECIMAL(28, 10) AS {name}" for name in names)
    return parquet(
        file,
        f"SELECT '1' AS BillingAccountId, 'USD' AS BillingCurrency, {begin} AS BillingPeriodStart,"
        f" {end} AS BillingPeriodEnd, {begin} AS ChargePeriodStart, {begin} + INTERVAL 1 DAY AS ChargePeriodEnd,"
        f" 'Usage' AS ChargeCategory, {costs}, 'AWS' AS ProviderName, 'EC2' AS ServiceName,"
        " 'Compute' AS ServiceCategory, '2' AS SubAccountId, 'two' AS SubAccountName,"
        f" 'i-' || hash(range) AS ResourceId FROM range({ROWS})",
    )


@pytest.fixture(params=["TIMESTAMP", "TIMESTAMPTZ"])
def lake(tmp_path: Path, request: pytest.FixtureRequest) -> Lake:
    """Two months, each an export; its times with a zone, as Parquet of AWS has them, or without."""
    made = Lake(tmp_path / "lake")
    for name, period in (("september", SEPTEMBER), ("october", OCTOBER)):
        made.ingest([export(month(tmp_path / f"{name}.parquet", period, kind=request.param))], NOW)
    return made


def by_resource(period: Period) -> CostQuery:
    return CostQuery(period, "USD", by=("ResourceId",))


def sums(lake: Lake) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in lake.folder.glob(f"load-*/{MART}")}


def test_a_new_month_leaves_the_sums_of_the_others_as_they_are(lake: Lake, tmp_path: Path) -> None:
    before, version = sums(lake), lake.version

    lake.ingest([export(month(tmp_path / "again.parquet", OCTOBER, "2"), hour=5)], NOW)

    kept = set(before.items()) & set(sums(lake).items())
    assert len(before) == 2 and len(kept) >= 1
    assert lake.version != version
    assert lake.ask(CostQuery(SEPTEMBER, "USD")).total().amount == Decimal("1.5") * ROWS
    assert lake.ask(CostQuery(OCTOBER, "USD")).total().amount == 2 * ROWS


def test_a_drill_down_reads_no_rows_of_other_months(lake: Lake) -> None:
    """September's rows are destroyed, but for the footer: what is asked of October never notices."""
    [file] = [one for one in lake.folder.glob(f"load-*/{KEPT}/*.parquet") if _is_of(one, SEPTEMBER)]
    destroy(file)
    fresh = Lake(lake.folder, engine=DuckEngine(lake.folder / ".spill"))

    assert fresh.ask(by_resource(OCTOBER)).total().amount == Decimal("1.5") * ROWS
    with pytest.raises(duckdb.Error):
        fresh.ask(by_resource(SEPTEMBER))


def test_what_the_sums_can_tell_is_not_asked_of_the_rows(lake: Lake) -> None:
    for file in lake.folder.glob(f"load-*/{KEPT}/*.parquet"):
        destroy(file)
    fresh = Lake(lake.folder, engine=DuckEngine(lake.folder / ".spill"))

    said = fresh.ask(
        CostQuery(Period(SEPTEMBER.start, OCTOBER.end), "USD", by=("SubAccountName", "ServiceName", "Day"))
    )

    assert said.total().amount == Decimal(3) * ROWS


def destroy(file: Path) -> None:
    """Overwrite the rows of a Parquet file; its footer still tells what was in them."""
    whole = file.read_bytes()
    footer = int.from_bytes(whole[-8:-4], "little") + 8
    file.write_bytes(whole[:4] + b"\xff" * (len(whole) - footer - 4) + whole[-footer:])


def _is_of(file: Path, period: Period) -> bool:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        [(first,)] = connection.execute(f"SELECT min(ChargePeriodStart)::DATE FROM '{file}'").fetchall()
    return bool(first == period.start)


def test_what_is_the_same_in_all_rows_of_some_files_is_told_of_those_alone(tmp_path: Path) -> None:
    def bill(name: str, cells: str) -> Path:
        billed = ", ".join(f"1.5::DECIMAL(28, 10) AS {cost}" for cost in ("BilledCost", "EffectiveCost", "ListCost"))
        october = "TIMESTAMP '2026-10-01' AS BillingPeriodStart, TIMESTAMP '2026-11-01' AS BillingPeriodEnd"
        day = "TIMESTAMP '2026-10-02' AS ChargePeriodStart, TIMESTAMP '2026-10-03' AS ChargePeriodEnd"
        usual = "'1' AS BillingAccountId, 'USD' AS BillingCurrency, 'Compute' AS ServiceCategory, 'AWS' AS ProviderName"
        query = (
            f"SELECT {usual}, {october}, {day}, {billed}, 1.5::DECIMAL(28, 10) AS ContractedCost, {cells} FROM range(4)"
        )
        return parquet(tmp_path / f"{name}.parquet", query)

    files = (
        bill("one", "'EC2' AS ServiceName, 'Usage' AS ChargeCategory, 'a' AS RegionId"),
        bill("two", "'S3' AS ServiceName, 'Usage' AS ChargeCategory, 'b' AS RegionId"),
        bill(
            "mixed", "'EC2' AS ServiceName, CASE WHEN range > 0 THEN 'Tax' END AS ChargeCategory, 'c' AS SubAccountId"
        ),
        bill("empty", "'EC2' AS ServiceName, 'Usage' AS ChargeCategory, CASE WHEN range > 2 THEN 'a' END AS RegionId"),
    )
    lake = Lake(tmp_path / "lake")
    lake.ingest([export(*files)], NOW)

    def told(*by: str) -> dict[tuple[str | None, ...], Decimal]:
        frame = lake.ask(CostQuery(OCTOBER, "USD", by=by, categories=("Usage", "Tax"))).data
        return {tuple(row[:-1]): row[-1] for row in frame.itertuples(index=False, name=None)}

    assert told("ServiceName") == {("EC2",): 18, ("S3",): 6}
    assert told("ChargeCategory", "SubAccountId") == {
        ("Usage", None): 18,
        ("Usage", "c"): Decimal("1.5"),
        ("Tax", "c"): Decimal("4.5"),
    }
    assert told("RegionId") == {("a",): Decimal("7.5"), ("b",): 6, (None,): Decimal("10.5")}


STORED = {
    "a map": "MAP {'team': team, 'own\"er': NULL, 'of': 'ü, {=}'}",
    "pairs": "[{'key': 'team', 'value': team}, {'key': 'own\"er', 'value': NULL}, {'key': 'of', 'value': 'ü, {=}'}]",
    "a record": "{'team': team, 'own\"er': NULL, 'of': 'ü, {=}'}",
    "JSON": "{'team': team, 'own\"er': NULL, 'of': 'ü, {=}'}::JSON",
    "text": "{'team': team, 'own\"er': NULL, 'of': 'ü, {=}'}::JSON::VARCHAR",
}


def tagged(file: Path, tags: str, months: str = "2026-09", rows: int = 30) -> Path:
    """Rows of one team after the other, a dollar each, in one month after the other; every fifth has no tags."""
    period = f"CAST(list_extract({months.split()}, 1 + (range % {len(months.split())})::INT) || '-01' AS TIMESTAMP)"
    return parquet(
        file,
        f"SELECT '1' AS BillingAccountId, 'USD' AS BillingCurrency, {period} AS BillingPeriodStart,"
        f" {period} AS ChargePeriodStart, 1::DECIMAL(28, 10) AS BilledCost, 'EC2' AS ServiceName,"
        f" CASE WHEN range % 5 > 0 THEN {tags} END AS Tags"
        f" FROM (SELECT range, list_extract(['web', 'data'], 1 + (range % 2)::INT) AS team FROM range({rows}))",
    )


@pytest.mark.parametrize("tags", STORED.values(), ids=STORED)
def test_teams_are_summed_alike_however_their_tags_are_stored(tmp_path: Path, tags: str) -> None:
    lake = Lake(tmp_path / "lake")
    september = [tagged(tmp_path / f"{name}.parquet", tags) for name in ("first", "second")]
    other = tagged(tmp_path / "other.parquet", tags, "2026-09 2026-10")

    done = lake.ingest([export(*september)], NOW)
    teams = lake.ask(CostQuery(SEPTEMBER, "USD", by=("Tags/team", "Tags/of"))).data.to_numpy().tolist()
    lake.ingest([export(other, hour=2), export(tagged(tmp_path / "two.parquet", tags, "2026-11"), hour=2)], NOW)
    months = lake.ask(CostQuery(Period(SEPTEMBER.start, date(2026, 12, 1)), "USD", by=("Month", "Tags/team"))).data

    assert done.rows == 60 and not any("Tags" in warning for warning in done.warnings)
    assert lake.names("Tags") == ["of", 'own"er', "team"]
    assert sorted(teams, key=str) == [["data", "ü, {=}", 24], ["web", "ü, {=}", 24], [None, None, 12]]
    assert {(f"{month:%m}", team): cost for month, team, cost in months.to_numpy().tolist()} == {
        **{("09", "web"): 12, ("09", None): 3, ("10", "data"): 12, ("10", None): 3},
        **{("11", "web"): 12, ("11", "data"): 12, ("11", None): 6},
    }


@pytest.mark.parametrize(
    "tags",
    ["'team=' || team", "[{'key': 'team', 'value': team}, {'key': 'team', 'value': 'app'}]"],
    ids=["text", "twice"],
)
def test_tags_of_parquet_that_cannot_be_read_are_told_and_counted_without(tmp_path: Path, tags: str) -> None:
    lake = Lake(tmp_path / "lake")

    done = lake.ingest([export(tagged(tmp_path / "odd.parquet", tags))], NOW)

    assert "odd: Tags are no JSON object, and are not read (24 rows)" in done.warnings
    assert lake.ask(CostQuery(SEPTEMBER, "USD", by=("ServiceName",))).total().amount == 30
    assert lake.names("Tags") == []
