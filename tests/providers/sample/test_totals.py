"""What the sample company's files add up to, read by another engine than the one that wrote them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis.errors import BadAsk
from analysis.periods import month_before, month_of
from providers.sample import SampleFolder
from providers.sample.planted import OUTDATED
from providers.sample.write import write
from tests.providers.sample.conftest import AS_OF, load

LAST_MONTH = "2026-10"


def test_every_total_equals_the_truth_to_the_last_digit(apex: SampleFolder, billed: duckdb.DuckDBPyConnection) -> None:
    costs = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
    rows = billed.sql(
        "SELECT ChargePeriodStart[:7], BillingCurrency, ChargeCategory,"
        " sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(ContractedCost) FROM billed GROUP BY ALL"
    )
    read = {row[:3]: dict(zip(costs, row[3:], strict=True)) for row in rows.fetchall()}

    truths = {
        (told["month"], told["currency"], told["category"]): {cost: Decimal(told[cost]) for cost in costs}
        for told in apex.truths()["totals"]
    }

    assert read == truths
    assert {key[2] for key in truths} == {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}
    assert {key[1] for key in truths} == {"USD", "EUR"}


def test_it_is_as_large_as_it_is_said_to_be(billed: duckdb.DuckDBPyConnection) -> None:
    [(rows, resources, accounts, services, months)] = billed.sql(
        "SELECT count(*), count(DISTINCT ResourceId), count(DISTINCT SubAccountId), count(DISTINCT ServiceName),"
        " count(DISTINCT BillingPeriodStart) FROM billed"
    ).fetchall()

    assert rows > 230_000
    assert resources > 600
    assert (accounts, months) == (9, 13)
    assert services > 20


def test_untagged_cost_of_the_last_whole_month_is_the_truth(
    apex: SampleFolder, billed: duckdb.DuckDBPyConnection
) -> None:
    read = billed.execute(
        "SELECT BillingCurrency, sum(EffectiveCost), sum(EffectiveCost) FILTER (team IS NULL) FROM running"
        " WHERE ChargePeriodStart[:7] = ? GROUP BY ALL",
        [LAST_MONTH],
    ).fetchall()

    truths = apex.truths()["untagged"]

    assert {currency: (total, no_team) for currency, total, no_team in read} == {
        currency: (Decimal(told["total"]), Decimal(told["no_team"])) for currency, told in truths.items()
    }
    for told in truths.values():
        assert Decimal(0) < Decimal(told["no_team_in_any_spelling"]) < Decimal(told["no_team"])


def test_what_a_commitment_covers_and_leaves_unused_is_the_truth(
    apex: SampleFolder, billed: duckdb.DuckDBPyConnection
) -> None:
    for told in apex.truths()["commitments"]:
        read = billed.execute(
            "SELECT BillingPeriodStart[:7], sum(BilledCost) FILTER (ChargeCategory = 'Purchase'),"
            " sum(EffectiveCost) FILTER (CommitmentDiscountStatus = 'Used'),"
            " coalesce(sum(EffectiveCost) FILTER (CommitmentDiscountStatus = 'Unused'), 0)"
            " FROM billed WHERE CommitmentDiscountId = ? GROUP BY ALL ORDER BY ALL",
            [told["id"]],
        ).fetchall()
        truths = [
            (month["month"], *(Decimal(month[part]) for part in ("purchased", "used", "unused")))
            for month in told["months"]
        ]
        assert read == truths
        assert truths[-2][3] > truths[0][3]  # a covered machine was retired; the commitment goes on


def test_the_last_days_are_late_and_the_truth_knows_what_they_will_be(
    apex: SampleFolder, billed: duckdb.DuckDBPyConnection
) -> None:
    shares: dict[tuple[str, int], Decimal] = {}
    for told in apex.truths()["late"]:
        [(read,)] = billed.execute(
            "SELECT sum(EffectiveCost) FROM running WHERE ChargePeriodStart[:10] = ?"
            " AND BillingCurrency = ? AND ProviderName = ?",
            [told["day"], told["currency"], {"aws": "AWS", "azure": "Microsoft"}[told["cloud"]]],
        ).fetchall()
        age = (AS_OF - date.fromisoformat(told["day"])).days
        shares[told["cloud"] + told["currency"], age] = read / Decimal(told["EffectiveCost"])

    assert {key: round(share, 2) for key, share in shares.items()} == {
        **{("awsUSD", 1): Decimal("0.15"), ("awsUSD", 2): Decimal("0.45")},
        **{(name, 1): Decimal("0.15") for name in ("azureUSD", "azureEUR")},
        **{(name, 2): Decimal("0.45") for name in ("azureUSD", "azureEUR")},
        **{(name, 3): Decimal("0.80") for name in ("azureUSD", "azureEUR")},
    }


def test_what_was_told_of_late_days_and_of_the_month_is_billed_in_the_end(apex: SampleFolder, tmp_path: Path) -> None:
    later = write(tmp_path / "later", as_of=date(2026, 11, 30), months=2)
    told = {one["day"]: one for one in apex.truths()["late"] if one["cloud"] == "aws"}
    with duckdb.connect() as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        load(connection, later.root)
        read = connection.sql(
            "SELECT ChargePeriodStart[:10], sum(EffectiveCost) FROM running WHERE ProviderName = 'AWS'"
            " AND ChargePeriodStart[:10] IN ('2026-11-16', '2026-11-17') GROUP BY ALL ORDER BY ALL"
        ).fetchall()

    assert read == [(day, Decimal(one["EffectiveCost"])) for day, one in sorted(told.items())]
    assert later.truths()["future"] == apex.truths()["future"]


def test_the_future_adds_up_over_days_that_are_complete(apex: SampleFolder, billed: duckdb.DuckDBPyConnection) -> None:
    """Complete days from the files and late days from the truths leave exactly the days that have not come yet."""
    truths = apex.truths()
    assert [one["month"] for one in truths["future"]["USD"]] == ["2026-11", "2026-12", "2027-01", "2027-02"]
    read = billed.execute(
        "SELECT BillingCurrency, sum(EffectiveCost) FROM running WHERE ChargePeriodStart[:7] = '2026-11'"
        " AND ChargePeriodStart[:10] < if(ProviderName = 'AWS', ?, ?) GROUP BY ALL",
        [truths["complete_until"][cloud] for cloud in ("aws", "azure")],
    ).fetchall()
    for currency, known in read:
        late = sum(Decimal(one["EffectiveCost"]) for one in truths["late"] if one["currency"] == currency)
        end = Decimal(truths["future"][currency][0]["EffectiveCost"])
        to_come = (end - known - late) / 13
        assert Decimal("0.8") < to_come / ((known + late) / 17) < Decimal("1.1")  # the fees of the first are behind


def test_each_planted_surprise_is_on_the_bill(apex: SampleFolder, billed: duckdb.DuckDBPyConnection) -> None:
    surprises = apex.truths()["anomalies"]
    assert {one["shape"] for one in surprises} == {"spike", "step", "ramp", "drop"}
    for one in surprises:
        start = date.fromisoformat(one["start"])
        end = date.fromisoformat(one["end"]) if one["end"] else start + timedelta(days=14)
        daily = {
            date.fromisoformat(day): cost
            for day, cost in billed.execute(
                "SELECT ChargePeriodStart[:10], sum(EffectiveCost) FROM billed WHERE ResourceId = ? GROUP BY ALL",
                [one["resource_id"]],
            ).fetchall()
        }
        before = sum(cost for day, cost in daily.items() if start - timedelta(days=28) <= day < start) / 28
        during = sum(cost - before for day, cost in daily.items() if start <= day < end)
        expected = Decimal(one["dollars"])
        if one["end"] is None:
            expected *= Decimal((end - start).days) / (AS_OF - start).days
        assert abs(during / expected - 1) < Decimal("0.25"), one["name"]


def test_the_same_seed_writes_the_same_bytes(apex: SampleFolder, tmp_path: Path) -> None:
    again = write(tmp_path / "again", as_of=AS_OF)

    assert _digests(again.root) == _digests(apex.root)


def planted(company: SampleFolder) -> list[dict[str, str]]:
    """The waste that was hidden by hand; old disks lie about by chance."""
    return [one for one in company.truths()["waste"] if one["check"] != OUTDATED]


def test_another_seed_is_another_company(apex: SampleFolder, tmp_path: Path) -> None:
    other = write(tmp_path / "other", as_of=AS_OF, months=2, seed=2)

    assert other.truths()["future"] != apex.truths()["future"]
    assert {one["name"] for one in planted(other)} == {one["name"] for one in planted(apex)}


def test_a_day_later_the_past_is_the_same(apex: SampleFolder, tmp_path: Path) -> None:
    before = _by_month(apex.truths())
    after = _by_month(write(tmp_path / "after", as_of=AS_OF + timedelta(days=1)).truths())

    assert {month: rows for month, rows in after.items() if month != "2026-11"} == {
        month: rows for month, rows in before.items() if month != "2026-11"
    }
    assert after["2026-11"] != before["2026-11"]


@pytest.mark.parametrize("as_of", [date(2026, 3, 1), date(2026, 3, 2), date(2024, 2, 29), date(2026, 12, 31)])
def test_any_day_of_a_month_will_do(as_of: date, tmp_path: Path) -> None:
    folder = write(tmp_path / "company", as_of=as_of, months=2)

    last = month_of(as_of - timedelta(days=1)).start
    assert [period for cloud, period, _ in folder.billing() if cloud == "aws"] == [
        f"{month_before(last).start:%Y-%m}",
        f"{last:%Y-%m}",
    ]
    assert folder.truths()["future"]["USD"][0]["month"] == f"{as_of:%Y-%m}"


def test_a_larger_scale_has_more_of_everything(apex: SampleFolder, tmp_path: Path) -> None:
    twice = write(tmp_path / "twice", as_of=AS_OF, months=2, scale=2)

    assert len(planted(twice)) == 2 * len(planted(apex))
    assert len({one["resource_id"] for one in twice.truths()["waste"]}) == len(twice.truths()["waste"])


def test_one_month_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(BadAsk, match="2 at least"):
        write(tmp_path / "short", as_of=AS_OF, months=1)


def test_a_folder_that_holds_something_is_left_alone(apex: SampleFolder) -> None:
    with pytest.raises(BadAsk, match="not empty"):
        write(apex.root, as_of=AS_OF)


def _digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def _by_month(truths: dict[str, Any]) -> dict[str, list[Any]]:
    months: dict[str, list[Any]] = defaultdict(list)
    for row in truths["totals"]:
        months[row["month"]].append(row)
    return months
