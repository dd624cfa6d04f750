"""The FOCUS reader: every decimal, every quirk, and every row that cannot be read with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from analysis.errors import BadData
from providers.focus.quirks import EXPRESSIONS, TABLE
from providers.focus.reader import reading, rejected
from tests.examples import at_the_gate
from tests.providers.bills import SAMPLE, parquet, row, text, without, write


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        yield connection


def read(duck: duckdb.DuckDBPyConnection, file: Path, columns: str = "*") -> list[Any]:
    return duck.execute(f"SELECT {columns} FROM ({reading(duck, file).sql})").fetchall()


def one(duck: duckdb.DuckDBPyConnection, folder: Path, columns: str, **others: str) -> Any:
    [found] = read(duck, write(folder / "one.csv", [row(**others)]), columns)
    return found[0] if len(found) == 1 else found


def test_the_real_sample_adds_up_to_the_last_digit(duck: duckdb.DuckDBPyConnection) -> None:
    months = duck.execute(
        "SELECT BillingPeriodStart, count(*), sum(BilledCost), count(_problem)"
        f" FROM ({reading(duck, SAMPLE).sql}) GROUP BY 1 ORDER BY 1"
    ).fetchall()

    assert months == [
        (datetime(2024, 9, 1), 999, Decimal("20.28022672899"), 0),  # noqa: DTZ001 (UTC, as all of the lake)
        (datetime(2024, 10, 1), 1, Decimal("0.24"), 0),  # noqa: DTZ001
    ]


def test_the_quirks_of_the_real_sample_are_put_right(duck: duckdb.DuckDBPyConnection) -> None:
    def count(condition: str) -> int:
        [(found,)] = duck.execute(f"SELECT count(*) FROM ({reading(duck, SAMPLE).sql}) WHERE {condition}").fetchall()
        return int(found)

    assert count("ProviderName = 'AWS'") == 942
    assert count("ChargeClass IS NULL") == 1000  # the word NULL
    assert count("ChargeFrequency = 'Usage-based'") == 0 < count("ChargeFrequency = 'Usage-Based'")
    assert count("AvailabilityZone = '0.05'") == 0
    assert count("cardinality(Tags) > 0") == 711
    assert count("x_extra['Id'] IS NOT NULL") == 1000  # the column that no specification has
    assert count("hour(ChargePeriodStart) = 22") > 0  # times without a zone, taken for UTC


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_csv_and_parquet_are_equal_decimal_for_decimal(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path, ending: str
) -> None:
    written = write(tmp_path / f"bill.{ending}", SAMPLE.read_text("utf-8"))
    doubles = parquet(
        tmp_path / "bill.parquet",
        "SELECT * REPLACE (BilledCost::DOUBLE AS BilledCost, EffectiveCost::DOUBLE AS EffectiveCost,"
        " BillingPeriodStart::TIMESTAMP AS BillingPeriodStart, ChargePeriodStart::TIMESTAMPTZ AS ChargePeriodStart,"
        " Tags::JSON::MAP(VARCHAR, VARCHAR) AS Tags)"
        f" FROM read_csv('{SAMPLE}', all_varchar = true, nullstr = ['NULL', ''])",
    )
    columns = "BilledCost, EffectiveCost, BillingPeriodStart, ChargePeriodStart, ResourceId, Tags, x_extra, _problem"

    assert read(duck, written, columns) == read(duck, doubles, columns) == read(duck, SAMPLE, columns)


def test_columns_may_come_in_any_order_and_case(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    shuffled = {key.upper(): value for key, value in sorted(row(cost="2.25").items(), reverse=True)}

    assert read(duck, write(tmp_path / "a.csv", [shuffled]), "BilledCost, ServiceName, _problem") == [
        (Decimal("2.25"), "Compute", None)
    ]


def test_a_byte_order_mark_and_a_twin_column_are_no_trouble(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    heading, line = text([row(cost="3")]).splitlines()
    file = write(tmp_path / "a.csv", f"\ufeff{heading},billedcost\n{line},99\n")

    assert read(duck, file, "BilledCost, x_extra, _problem") == [(Decimal(3), {"billedcost_16": "99"}, None)]


def test_every_version_of_the_specification_is_read(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    newest = [{**row(), "ServiceProviderName": "Amazon Web Services", "HostProviderName": "Elsewhere"}]

    assert one(duck, tmp_path, "ProviderName", ProviderName="Microsoft Azure") == "Microsoft"  # 1.0
    assert one(duck, tmp_path, "InvoiceId", InvoiceId="in-1") == "in-1"  # 1.2
    assert one(duck, tmp_path, "ProviderName", ServiceProviderName="Other") == "AWS"  # 1.3 has both
    [later] = read(duck, write(tmp_path / "b.csv", without("ProviderName", newest)), "ProviderName, x_extra")
    assert later == ("AWS", {"HostProviderName": "Elsewhere"})  # 1.4 has left the old one out


def test_unknown_columns_are_kept_as_text(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    extra = one(duck, tmp_path, "x_extra", x_Operation="RunInstances", **{'o"dd': "it's", "Nothing": ""})

    assert extra == {"x_Operation": "RunInstances", 'o"dd': "it's"}


@pytest.mark.parametrize("name", ["EffectiveCost", "ListCost", "ContractedCost"])
def test_billed_cost_stands_in_for_a_cost_that_is_missing(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    file = write(tmp_path / "a.csv", without(name, [row(cost="7.5")]))

    assert read(duck, file, f"{name}, _problem") == [(Decimal("7.5"), None)]
    assert reading(duck, file).stood_in == (name,)
    assert one(duck, tmp_path, f"{name}, _note", cost="7.5", **{name: ""}) == (
        Decimal("7.5"),
        f"{name} is empty, so that BilledCost stands in for it",
    )


@pytest.mark.parametrize(
    "name",
    ["BilledCost", "BillingCurrency", "BillingAccountId", "BillingPeriodStart", "ChargePeriodStart", "ServiceName"],
)
def test_a_bill_without_a_needed_column_is_refused_by_name(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    file = write(tmp_path / "a.csv", without(name, [row(**{f"{name}s": "x"})]))

    with pytest.raises(BadData, match=rf"a\.csv: the column {name} is missing.*'{name}s' looks like it"):
        reading(duck, file)


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        ("0.00000080000", "0.0000008"),
        ("-2.61", "-2.61"),
        ("1.5E-13", "0.00000000000015"),
        ("1e3", "1000"),
        ("12345678901.12345678901234567891", "12345678901.12345678901234567891"),
    ],
)
def test_a_cost_is_what_is_written(duck: duckdb.DuckDBPyConnection, tmp_path: Path, written: str, exact: str) -> None:
    assert one(duck, tmp_path, "BilledCost, _problem, _note", cost=written) == (Decimal(exact), None, None)


@pytest.mark.parametrize("written", ["0.123456789012345678901", "1.2345678901234567e-05", "1e-25"])
def test_decimals_beyond_the_last_are_told_and_kept(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path, written: str
) -> None:
    cost, note, extra = one(duck, tmp_path, "BilledCost, _note, x_extra", BilledCost=written)

    assert abs(cost - Decimal(written)) < Decimal("1e-20")
    assert note == "a cost has more than 20 decimals, and is rounded there"
    assert extra == {"BilledCost": written}


@pytest.mark.parametrize(
    ("column", "written", "reason"),
    [
        *(("BilledCost", odd, "BilledCost is no amount") for odd in ("NaN", "Infinity", "1e308", "1,5", "$1", "1_000")),
        ("BilledCost", "", "BilledCost is missing"),
        ("BilledCost", "100000000000000", "BilledCost is no amount"),
        ("EffectiveCost", "abc", "EffectiveCost is no amount"),
        ("ChargePeriodStart", "", "ChargePeriodStart is missing"),
        ("ChargePeriodStart", "31/03/2026", "ChargePeriodStart is no time"),
        ("ChargePeriodStart", "infinity", "ChargePeriodStart is no time"),
        ("ChargePeriodStart", "9999-01-01", "ChargePeriodStart is no time"),
        ("BillingPeriodStart", "0001-01-01", "BillingPeriodStart is no time"),
        ("ChargePeriodEnd", "soon", "ChargePeriodEnd is no time"),
        ("ChargePeriodEnd", "2026-02-01", "ChargePeriodEnd is before ChargePeriodStart"),
        ("BillingCurrency", "", "BillingCurrency is no currency"),
        ("BillingCurrency", "dollars", "BillingCurrency is no currency"),
        ("BillingAccountId", "NULL", "BillingAccountId is missing"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path, column: str, written: str, reason: str
) -> None:
    assert one(duck, tmp_path, "_problem", **{column: written}) == reason


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("2026-03-01 22:00:00", datetime(2026, 3, 1, 22)),  # noqa: DTZ001
        ("2026-03-01T22:00:00Z", datetime(2026, 3, 1, 22)),  # noqa: DTZ001
        ("2026-03-02T00:00:00+02:00", datetime(2026, 3, 1, 22)),  # noqa: DTZ001
    ],
)
def test_times_are_utc(duck: duckdb.DuckDBPyConnection, tmp_path: Path, written: str, read_as: datetime) -> None:
    assert one(duck, tmp_path, "ChargePeriodStart", ChargePeriodStart=written) == read_as


def test_tags_that_are_no_object_are_told_and_kept(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    told = ("Tags are no JSON object, and are not read", {"Tags": "team=web"}, None)

    assert one(duck, tmp_path, "_note, x_extra, _problem", Tags="team=web") == told
    assert one(duck, tmp_path, "Tags", Tags='{"a": "x", "b": {"c": 1}}') == {"a": "x", "b": '{"c":1}'}


def test_tags_of_parquet_may_be_a_map_or_a_list_of_pairs(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    bill = f"SELECT * EXCLUDE (Tags) FROM read_csv('{write(tmp_path / 'a.csv', [row()])}', all_varchar = true)"
    pairs = "[{'key': 'team', 'value': 'web'}]"
    twice = "[{'key': 'team', 'value': 'web'}, {'key': 'team', 'value': 'app'}]"

    for number, tags in enumerate(["MAP {'team': 'web'}", pairs, "{'team': 'web'}", '\'{"team": "web"}\'::JSON']):
        file = parquet(tmp_path / f"{number}.parquet", f"SELECT *, {tags} AS Tags FROM ({bill})")
        assert read(duck, file, "Tags, _note") == [({"team": "web"}, None)]
    file = parquet(tmp_path / "twice.parquet", f"SELECT *, {twice} AS Tags FROM ({bill})")
    assert read(duck, file, "Tags, _problem") == [(None, None)]


def test_one_azure_resource_has_one_name_and_an_arn_keeps_its_case(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    azure = one(duck, tmp_path, "ResourceId", ResourceId="/Subscriptions/A/resourceGroups/B")

    assert azure == "/subscriptions/a/resourcegroups/b"
    assert one(duck, tmp_path, "ResourceId", ResourceId="arn:aws:s3:::Big") == "arn:aws:s3:::Big"


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe garbage", b"PAR1", b"\x1f\x8b\x08garbage"])
def test_a_file_that_is_something_else_is_refused_by_name(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(BadData, match=name):
        reading(duck, tmp_path / name)


def test_the_table_of_quirks_can_be_printed() -> None:
    assert all(quirk.where and quirk.column and quirk.seen and quirk.read_as for quirk in TABLE)
    assert len(EXPRESSIONS) == sum(bool(quirk.sql) for quirk in TABLE)  # no column is mended twice


CELLS = st.one_of(
    st.sampled_from(["", "NULL", "1.5", "-0.1", "NaN", "1e308", "2026-03-01", "USD", "x", "{}", "'", "1e-30"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)


@at_the_gate(60, HealthCheck.function_scoped_fixture)
@given(st.lists(st.dictionaries(st.sampled_from(sorted(row())), CELLS, max_size=6), min_size=1, max_size=8))
def test_no_row_gets_lost_whatever_is_in_its_cells(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    file = write(tmp_path / "fuzz.csv", [row() | cells for cells in rows])

    with duck.cursor() as alone:  # what is rejected is kept by a connection, and is not another example's
        found = read(alone, file, "BilledCost, ChargePeriodStart, BillingCurrency, _problem")
        ragged = rejected(alone)

    assert len(found) + len(ragged) == len(rows)
    assert all(problem or None not in values for *values, problem in found)
