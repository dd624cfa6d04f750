"""Loading: whole partitions, once, from the newest complete export; what cannot be read is told or refuses the load."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow.parquet import write_table

from analysis.errors import BadConfig, BadData, NoData
from analysis.focus import CostColumn, CostQuery
from analysis.periods import Period
from providers.focus.bulk import Bulk
from providers.lake import Lake
from providers.lake.limits import Limits
from providers.lake.shelf import Shelf
from tests.providers.bills import NOW, SAMPLE, export, parquet, row, text, without, write

ALWAYS = Period(date(2020, 1, 1), date(2030, 1, 1))
EVERY = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def total(lake: Lake, cost: CostColumn = "BilledCost", currency: str = "USD") -> Decimal:
    return lake.ask(CostQuery(ALWAYS, currency, cost=cost, categories=EVERY)).total().amount


def quarantined(lake: Lake) -> list[Any]:
    with duckdb.connect() as duck:
        return duck.execute(
            f"SELECT file, \"row\", reason FROM '{lake.folder}/quarantine/*.parquet' ORDER BY ALL"
        ).fetchall()


def test_the_real_sample_is_loaded_to_the_last_digit(lake: Lake) -> None:
    done = lake.ingest([export(SAMPLE)], NOW)

    assert (done.rows, done.quarantined) == (1000, 0)
    assert total(lake) == Decimal("20.52022672899")
    assert {key.rpartition("|")[2] for key in done.partitions} == {"2024-09", "2024-10"}
    assert any("each EffectiveCost of AWS is a whole number" in said for said in done.warnings)


def test_the_same_file_twice_changes_nothing(lake: Lake, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [row()])
    lake.ingest([export(file)], NOW)
    version = lake.version

    again = lake.ingest([export(file, hour=5)], NOW)
    copied = lake.ingest([export(write(tmp_path / "b.csv", file.read_text()), hour=6)], NOW)

    assert (again.unchanged, again.partitions, again.rows) == (1, (), 0)
    assert copied.unchanged == 1
    assert lake.version == version
    assert total(lake) == Decimal("1.5")


def test_a_restated_month_takes_the_place_of_the_former_one_and_leaves_others(lake: Lake, tmp_path: Path) -> None:
    both = write(tmp_path / "a.csv", [row("2026-02-10", "10"), row("2026-03-10", "20")])
    restated = write(tmp_path / "b.csv", [row("2026-03-10", "25"), row("2026-03-11", "1")])
    lake.ingest([export(both)], NOW)

    done = lake.ingest([export(restated, hour=2)], NOW)

    assert done.partitions == ("1|2026-03",)
    assert total(lake) == Decimal(36)
    assert lake.ask(CostQuery(ALWAYS, "USD", by=("ResourceId",), cost="BilledCost")).total().amount == Decimal(36)


@pytest.mark.parametrize("together", [True, False])
def test_overlapping_exports_never_count_twice(lake: Lake, tmp_path: Path, together: bool) -> None:
    older = export(write(tmp_path / "a.csv", [row("2026-02-10", "10"), row("2026-03-10", "20")]), hour=1)
    newer = export(
        write(tmp_path / "b.csv", [row("2026-03-10", "21"), row("2026-03-10", "5", BillingAccountId="2")]), hour=2
    )

    for exports in ([newer, older],) if together else ([newer], [older]):
        lake.ingest(exports, NOW)

    assert total(lake) == Decimal(36)
    assert lake.ask(CostQuery(ALWAYS, "USD", by=("SkuId",), cost="BilledCost")).total().amount == Decimal(36)


def test_two_exports_of_one_month_in_one_load_are_told(lake: Lake, tmp_path: Path) -> None:
    done = lake.ingest(
        [export(write(tmp_path / f"{name}.csv", [row(cost=name)]), hour=int(name)) for name in ("1", "2")], NOW
    )

    assert "2026-03 of billing account 1 is in 1 and in 2: the newer, 2, counts" in done.warnings


def test_a_failed_load_leaves_the_former_rows_and_no_litter(lake: Lake, tmp_path: Path) -> None:
    lake.ingest([export(write(tmp_path / "a.csv", [row(cost="3")]))], NOW)
    version = lake.version
    good = export(write(tmp_path / "b.csv", [row("2026-02-01", cost="4")]), hour=2)
    bad = export(write(tmp_path / "c.csv", [row("2026-01-01", cost="oops")]), hour=3)

    with pytest.raises(BadData, match=r"c\.csv, row 1: BilledCost is no amount.*the former rows stay"):
        lake.ingest([good, bad], NOW)

    assert (lake.version, total(lake)) == (version, Decimal(3))
    assert len(list(lake.folder.glob("load-*"))) == 1
    lake.ingest([good], NOW)
    assert total(lake) == Decimal(7)


def test_a_load_that_was_killed_half_way_is_never_seen(lake: Lake, tmp_path: Path) -> None:
    lake.ingest([export(write(tmp_path / "a.csv", [row(cost="3")]))], NOW)
    torn = lake.folder / "load-torn"
    torn.mkdir()
    (torn / "rows.parquet").write_bytes(b"PAR1 half of")
    (lake.folder / ".lake.json.new").write_text('{"partitions": {')

    assert total(Lake(lake.folder)) == Decimal(3)
    lake.ingest([export(write(tmp_path / "b.csv", [row("2026-02-01", cost="4")]), hour=2)], NOW)
    assert total(Lake(lake.folder)) == Decimal(7)
    assert not torn.exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from providers.lake import Lake
from tests.providers.bills import NOW, export

def killed(share, what):
    if what.startswith("reading 3 of 9"):
        os.kill(os.getpid(), signal.SIGKILL)

folder, *files = map(Path, sys.argv[1:])
Lake(folder).ingest([export(file) for file in files], NOW, killed)
"""


def test_a_load_that_was_killed_is_taken_up_where_it_was(lake: Lake, tmp_path: Path) -> None:
    files = [write(tmp_path / f"{number}.csv", [row(f"2026-0{number}-01", str(number))] * 9) for number in range(1, 10)]

    ended = subprocess.run([sys.executable, "-c", KILLED, lake.folder, *files], check=False, timeout=60)
    finished = {file.parent.name for file in lake.folder.glob("load-*/load.json")}
    done = lake.ingest([export(file) for file in files], NOW)

    assert ended.returncode == -signal.SIGKILL
    assert len(finished) >= 2
    assert finished < {part.load for part in Shelf.read(lake.folder).partitions.values()}
    assert (len(done.partitions), done.rows, total(lake)) == (9, 81, Decimal(405))


@pytest.mark.parametrize("statistics", [True, False], ids=["with bounds in its footer", "without"])
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"EffectiveCost": "-100000000000000"}, "EffectiveCost is no amount"),
        ({"BilledCost": ""}, "BilledCost is missing"),
        ({"ChargePeriodStart": "1926-03-01T00:00:00Z"}, "ChargePeriodStart is no time"),
        ({"ChargePeriodEnd": "2026-02-01T00:00:00Z"}, "ChargePeriodEnd is before ChargePeriodStart"),
        ({"BillingCurrency": "dollars"}, "BillingCurrency is no currency"),
        ({"BillingAccountId": ""}, "BillingAccountId is missing"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_a_footer_does_not_prove_is_looked_at_row_by_row(
    lake: Lake, tmp_path: Path, broken: dict[str, str], reason: str, *, statistics: bool
) -> None:
    bill = write(tmp_path / "a.csv", [row()] * 300 + [row() | broken])
    with duckdb.connect() as duck:
        table = duck.sql(
            "SELECT * REPLACE (CAST(BilledCost AS DECIMAL(28, 10)) AS BilledCost,"
            " CAST(EffectiveCost AS DECIMAL(28, 10)) AS EffectiveCost, CAST(ChargePeriodStart AS TIMESTAMP) AS"
            " ChargePeriodStart, CAST(ChargePeriodEnd AS TIMESTAMP) AS ChargePeriodEnd)"
            f" FROM read_csv('{bill}', all_varchar = true)"
        ).to_arrow_table()
    file = tmp_path / "a.parquet"
    write_table(table, file, write_statistics=statistics, row_group_size=100)

    assert lake.ingest([export(file)], NOW).quarantined == 1
    assert [found[2] for found in quarantined(lake)] == [reason]
    assert total(lake, "EffectiveCost") == Decimal(450)


def test_of_exports_that_are_summed_up_together_only_the_bad_one_is_written_anew(lake: Lake, tmp_path: Path) -> None:
    bills = [
        parquet(tmp_path / f"{number}.parquet", f"SELECT * FROM read_csv('{written}', all_varchar = true)")
        for number in (1, 2, 3)
        for odd in [[row("2026-02-02", "oops")] if number == 2 else []]
        for written in [write(tmp_path / f"{number}.csv", [row(f"2026-0{number}-02", str(number))] * 300 + odd)]
    ]

    done = lake.ingest([export(one) for one in bills], NOW)

    assert (done.rows, done.quarantined) == (900, 1)
    assert done.warnings == ("2: 1 of 301 rows are quarantined",)
    assert len(list(lake.folder.glob("load-*/bill"))) == 2
    assert lake.ask(CostQuery(ALWAYS, "USD", by=("Month",), cost="BilledCost")).data["Cost"].tolist() == [300, 600, 900]


def test_of_exports_that_are_summed_up_together_the_unreadable_one_is_named(lake: Lake, tmp_path: Path) -> None:
    written = write(tmp_path / "a.csv", [row()] * 9)
    good = parquet(tmp_path / "a.parquet", f"SELECT * FROM read_csv('{written}', all_varchar = true)")
    torn = tmp_path / "torn.parquet"
    whole = bytearray(good.read_bytes())
    whole[8:200] = bytes(192)
    torn.write_bytes(whole)

    with pytest.raises(BadData, match="export torn cannot be read"):
        lake.ingest([export(good), export(torn)], NOW)
    assert lake.version == ""
    assert not list(lake.folder.glob("load-*"))


def test_bad_rows_are_put_aside_with_file_row_and_reason(lake: Lake, tmp_path: Path) -> None:
    rows = [row(cost="1", ResourceId="two\nlines") for _ in range(600)]
    rows[3] |= {"BilledCost": "NaN"}
    rows[200] |= {"ChargePeriodEnd": "2020-01-01"}
    lines = text(rows)
    parts = lines.split("\n")
    parts.insert(2 * 50 + 1, '"too","short"')  # record 51: each record takes two lines
    file = write(tmp_path / "a.csv.gz", "\n".join(parts))

    done = lake.ingest([export(file)], NOW)

    assert (done.rows, done.quarantined) == (598, 3)
    assert total(lake) == Decimal(598)
    assert quarantined(lake) == [
        (str(file), 4, "BilledCost is no amount"),
        (str(file), 51, "missing columns"),
        (str(file), 202, "ChargePeriodEnd is before ChargePeriodStart"),
    ]
    assert "a.csv: 3 of 601 rows are quarantined" in lake.freshness(NOW).missing


def test_rows_of_parquet_are_told_by_their_number_too(lake: Lake, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [row(cost="1")] * 300 + [row(BillingCurrency="")])
    bill = f"SELECT * FROM read_csv('{file}', all_varchar = true)"

    done = lake.ingest([export(parquet(tmp_path / "a.parquet", bill))], NOW)

    assert done.quarantined == 1
    assert [found[1:] for found in quarantined(lake)] == [(301, "BillingCurrency is no currency")]


def test_sound_parquet_is_kept_as_it_came_whatever_becomes_of_the_file(lake: Lake, tmp_path: Path) -> None:
    bills = [
        parquet(tmp_path / f"{number}.parquet", f"SELECT * FROM read_csv('{written}', all_varchar = {kind})")
        for number, kind in enumerate(("true", "false"))
        for written in [write(tmp_path / f"{number}.csv", [row(f"2026-0{number + 1}-01", "2.5", x_Own="a")] * 300)]
    ]
    came = [one.read_bytes() for one in bills]
    lake.ingest([export(one) for one in bills], NOW)
    for one in bills:
        one.unlink()
    kept = sorted(lake.folder.glob("load-*/bill/*.parquet"))
    asked = lake.ask(CostQuery(ALWAYS, "USD", by=("ResourceId", "Tags/team")))

    assert sorted(one.read_bytes() for one in kept) == sorted(came)
    assert asked.total().amount == Decimal(1500)
    assert asked.data[["ResourceId", "Tags/team"]].to_numpy().tolist() == [["i-1", "web"]]


def test_of_kept_rows_only_the_months_that_still_count_are_asked(lake: Lake, tmp_path: Path) -> None:
    written = write(tmp_path / "a.csv", [row("2026-02-10", "10"), row("2026-03-10", "20")])
    lake.ingest([export(parquet(tmp_path / "a.parquet", f"SELECT * FROM read_csv('{written}')"))], NOW)
    lake.ingest([export(write(tmp_path / "b.csv", [row("2026-03-10", "25")]), hour=2)], NOW)

    by_resource = lake.ask(CostQuery(ALWAYS, "USD", by=("ResourceId",)))

    assert by_resource.total().amount == total(lake) == Decimal(35)


def test_too_many_bad_rows_or_too_much_of_the_cost_refuse_the_load(lake: Lake, tmp_path: Path) -> None:
    rows = [row(cost="1") for _ in range(99)]
    one_dear = [*rows, *rows, row(cost="10", BillingCurrency="")]

    with pytest.raises(BadData, match="2 of 101 rows cannot be read"):
        lake.ingest([export(write(tmp_path / "a.csv", [*rows, row(cost=""), row(cost="x")]))], NOW)
    with pytest.raises(BadData, match="1 of 199 rows cannot be read"):
        lake.ingest([export(write(tmp_path / "b.csv", one_dear))], NOW)
    patient = Lake(lake.folder, limits=Limits(rows=Decimal("0.1"), cost=Decimal("0.5")))
    assert patient.ingest([export(tmp_path / "a.csv"), export(tmp_path / "b.csv")], NOW).quarantined == 3


def test_the_schema_may_drift_from_version_to_version(lake: Lake, tmp_path: Path) -> None:
    oldest = [row("2026-01-05", "1", Region="eu")]
    newer = [row("2026-02-05", "2", InvoiceId="in-1", SkuMeter="hours")]
    newest = [{**row("2026-03-05", "4"), "ServiceProviderName": "AWS", "AllocatedMethodId": "m"}]
    months = [oldest, newer, without("ProviderName", newest)]
    for number, rows in enumerate(months):
        lake.ingest([export(write(tmp_path / f"{number}.csv", rows), hour=number + 1)], NOW)

    frame = lake.ask(CostQuery(ALWAYS, "USD", by=("ProviderName",)))

    assert [(name, money.amount) for name, money in frame.by("ProviderName")] == [("AWS", Decimal(7))]
    assert lake.ask(CostQuery(ALWAYS, "USD", by=("ResourceId",))).total().amount == Decimal(7)


def test_files_of_one_export_may_differ_in_their_columns(lake: Lake, tmp_path: Path) -> None:
    first = write(tmp_path / "a-00001.csv", [row(cost="1")])
    second = write(tmp_path / "a-00002.csv", without("EffectiveCost", [row(cost="2", x_New="y")]))

    done = lake.ingest([export(first, second, name="a")], NOW)

    assert total(lake, "EffectiveCost") == Decimal(3)
    assert done.warnings == ("a has no EffectiveCost in 1 of 2 files: BilledCost stands in for it",)
    assert done.warnings[0] in lake.freshness(NOW).said()


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_a_bill_is_the_same_in_every_format(tmp_path: Path, ending: str) -> None:
    texts, tables = Lake(tmp_path / "one"), Lake(tmp_path / "other")
    query = f"SELECT * REPLACE (BilledCost::DOUBLE AS BilledCost) FROM read_csv('{SAMPLE}', nullstr = ['NULL', ''])"
    texts.ingest([export(write(tmp_path / f"a.{ending}", SAMPLE.read_text("utf-8")))], NOW)
    tables.ingest([export(parquet(tmp_path / "a.parquet", query))], NOW)
    asked = CostQuery(ALWAYS, "USD", by=("Day", "ServiceName", "SubAccountId"), cost="BilledCost", categories=EVERY)

    assert texts.ask(asked).data.equals(tables.ask(asked).data)
    assert len(texts.ask(asked)) > 100


def test_only_configured_providers_are_kept(lake: Lake, tmp_path: Path) -> None:
    ours = export(write(tmp_path / "a.csv", [row(cost="1")]), provider="ours")
    theirs = export(write(tmp_path / "b.csv", [row(cost="2", BillingAccountId="2")]), provider="theirs")
    lake.ingest([ours, theirs], NOW)

    lake.keep_only({"ours"})

    assert total(lake) == Decimal(1)
    assert lake.ingest([theirs], NOW).rows == 1


def test_an_export_bomb_fails_cleanly(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", limits=Limits(bulk=Bulk(largest=2000, harmless=100)))

    with pytest.raises(BadData, match=r"a\.csv\.gz.* are no export"):
        lake.ingest([export(write(tmp_path / "a.csv.gz", [row()] * 1000))], NOW)
    assert lake.version == ""


def test_a_bill_with_a_heading_alone_is_no_bill_and_no_error(lake: Lake, tmp_path: Path) -> None:
    heading = text([row()]).splitlines()[0]

    assert lake.ingest([export(write(tmp_path / "a.csv", f"{heading}\n"))], NOW).rows == 0
    with pytest.raises(NoData, match="no billed rows are loaded yet"):
        lake.freshness(NOW)


def test_another_process_sees_what_was_loaded(lake: Lake, tmp_path: Path) -> None:
    other = Lake(lake.folder)
    assert other.version == ""
    for hour, cost in enumerate(["1", "2", "3", "4"], start=1):
        lake.ingest([export(write(tmp_path / f"{hour}.csv", [row(cost=cost)]), hour=hour)], NOW)

        assert (other.version, total(other)) == (lake.version, Decimal(cost))
    assert len(list(lake.folder.glob("load-*"))) == 2


def test_how_far_it_is_is_told(lake: Lake, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []

    lake.ingest(
        [export(write(tmp_path / f"{name}.csv", [row(cost=name)])) for name in "12"],
        NOW,
        lambda share, what: told.append((share, what)),
    )

    assert told == [
        (0.0, "reading 1 of 2 exports, 1"),
        (0.5, "reading 2 of 2 exports, 2, 1 rows and 1 USD so far"),
    ]


def test_another_engine_or_another_format_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"no engine 'oracle' here; there are duckdb://, spark://, clickhouse://"):
        Lake.open("oracle://master", tmp_path / "lake")
    (tmp_path / "lake.json").write_text(json.dumps({"format": 1}))
    with pytest.raises(BadData, match="no lake that this version reads"):
        Lake.open("duckdb://", tmp_path)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.binary(min_size=1, max_size=6))
def test_whatever_is_broken_in_a_file_is_a_load_or_an_error_in_words(tmp_path: Path, place: int, junk: bytes) -> None:
    content = text([row(cost="1")] * 20).encode()
    at = place % len(content)
    file = tmp_path / "torn.csv"
    file.write_bytes(content[:at] + junk + content[at + len(junk) :])
    lake = Lake(Path(mkdtemp(dir=tmp_path)), limits=Limits(rows=Decimal(1), cost=Decimal(1)))

    try:
        done = lake.ingest([export(file, hour=place % 20)], NOW)
    except BadData as refused:
        said = str(refused)
    else:
        said = "torn" if done.rows >= 20 or done.quarantined else f"{20 - done.rows} rows are gone"
    assert "torn" in said


def test_rows_that_come_another_way_take_the_place_of_those_before_and_back_again(lake: Lake, tmp_path: Path) -> None:
    asked = write(tmp_path / "asked.csv", [row(cost="5", BillingAccountId="a subscription")])
    exported = write(tmp_path / "exported.csv", [row(cost="7", BillingAccountId="the billing account")])
    others = write(tmp_path / "others.csv", [row(cost="100", BillingAccountId="of another provider")])
    lake.ingest([export(others, provider="aws")], NOW)

    lake.ingest([export(asked, provider="azure", way="query")], NOW)
    assert total(lake) == 105
    lake.ingest([export(exported, provider="azure", way="export")], NOW)
    assert total(lake) == 107
    lake.ingest([export(asked, provider="azure", way="query")], NOW)
    assert total(lake) == 105
