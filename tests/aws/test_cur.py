"""Cost and usage reports as FOCUS: every row counted, to the last digit, amortised by AWS's own columns."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as some

from analysis.errors import BadData
from providers.aws.cur import as_focus

PLAN = "arn:aws:savingsplans::111122223333:savingsplan/1"
RESERVED = "arn:aws:ec2:us-east-1:111122223333:reserved-instances/1"
USUAL = {
    "bill_billing_period_start_date": "2026-10-01 00:00:00",
    "bill_billing_period_end_date": "2026-11-01 00:00:00",
    "bill_payer_account_id": "111122223333",
    "line_item_usage_account_id": "222233334444",
    "line_item_usage_account_name": "shop",
    "line_item_usage_start_date": "2026-10-05 00:00:00",
    "line_item_usage_end_date": "2026-10-06 00:00:00",
    "line_item_line_item_type": "Usage",
    "line_item_product_code": "AmazonEC2",
    "line_item_usage_type": "USE1-BoxUsage:m5.large",
    "line_item_unblended_cost": "1",
    "line_item_currency_code": "USD",
    "line_item_resource_id": "i-0a1b2c3d4e5f60718",
    "pricing_public_on_demand_cost": "1.1",
    "product_region_code": "us-east-1",
    "savings_plan_savings_plan_a_r_n": "",
    "savings_plan_savings_plan_effective_cost": "",
    "savings_plan_total_commitment_to_date": "",
    "savings_plan_used_commitment": "",
    "reservation_reservation_a_r_n": "",
    "reservation_effective_cost": "",
    "reservation_unused_amortized_upfront_fee_for_billing_period": "",
    "reservation_unused_recurring_fee": "",
    "resource_tags": '{"user_team": "search", "aws_created_by": ""}',
}


def converted(tmp_path: Path, *rows: dict[str, Any], ending: str = "csv") -> list[dict[str, Any]]:
    """What becomes of some rows of CUR 2.0."""
    file, target = tmp_path / f"cur.{ending}", tmp_path / "focus.parquet"
    columns = sorted({name for row in rows for name in USUAL | row})
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE cur ({', '.join(f'{name} VARCHAR' for name in columns)})")
        connection.executemany(
            f"INSERT INTO cur VALUES ({', '.join('?' * len(columns))})",
            [[(USUAL | row).get(name) for name in columns] for row in rows],
        )
        connection.execute(f"COPY cur TO '{file}'" + (" (HEADER)" if ending == "csv" else ""))
        as_focus([file], target)
        found = connection.execute(f"SELECT * FROM '{target}' ORDER BY BilledCost DESC")
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_usage_is_usage(tmp_path: Path, ending: str) -> None:
    [row] = converted(tmp_path, {"line_item_unblended_cost": "1.23456789012345678"}, ending=ending)

    assert row["BilledCost"] == row["EffectiveCost"] == Decimal("1.23456789012345678")
    assert (row["ChargeCategory"], row["PricingCategory"]) == ("Usage", "Standard")
    assert (row["ServiceName"], row["SubAccountName"]) == ("Amazon Elastic Compute Cloud", "shop")
    assert row["Tags"] == {"team": "search"} and row["SkuMeter"] == "USE1-BoxUsage:m5.large"


def test_a_savings_plan_is_spread_over_what_it_covers(tmp_path: Path) -> None:
    plan = {"savings_plan_savings_plan_a_r_n": PLAN}
    fee, covered, negation, idle = sorted(
        converted(
            tmp_path,
            plan
            | {
                "line_item_line_item_type": "SavingsPlanCoveredUsage",
                "line_item_unblended_cost": "2",
                "savings_plan_savings_plan_effective_cost": "1.4",
            },
            plan | {"line_item_line_item_type": "SavingsPlanNegation", "line_item_unblended_cost": "-2"},
            plan
            | {
                "line_item_line_item_type": "SavingsPlanRecurringFee",
                "line_item_unblended_cost": "1.6",
                "savings_plan_total_commitment_to_date": "1.6",
                "savings_plan_used_commitment": "1.4",
            },
        ),
        key=lambda row: (
            row["ChargeCategory"] != "Purchase",
            row["CommitmentDiscountStatus"] == "Unused",
            -row["BilledCost"],
        ),
    )

    assert (fee["ChargeCategory"], fee["BilledCost"], fee["EffectiveCost"]) == ("Purchase", Decimal("1.6"), 0)
    assert (covered["EffectiveCost"], covered["CommitmentDiscountStatus"]) == (Decimal("1.4"), "Used")
    assert negation["EffectiveCost"] == 0 and covered["BilledCost"] + negation["BilledCost"] == 0
    assert (idle["EffectiveCost"], idle["CommitmentDiscountStatus"]) == (Decimal("0.2"), "Unused")
    assert {one["CommitmentDiscountId"] for one in (fee, covered, negation, idle)} == {PLAN}


def test_a_reservation_is_spread_over_what_it_covers(tmp_path: Path) -> None:
    reserved = {"reservation_reservation_a_r_n": RESERVED}
    rows = converted(
        tmp_path,
        reserved
        | {
            "line_item_line_item_type": "DiscountedUsage",
            "line_item_unblended_cost": "0",
            "reservation_effective_cost": "0.06",
        },
        reserved
        | {
            "line_item_line_item_type": "RIFee",
            "line_item_unblended_cost": "30",
            "reservation_unused_amortized_upfront_fee_for_billing_period": "2",
            "reservation_unused_recurring_fee": "3",
        },
        reserved | {"line_item_line_item_type": "Fee", "line_item_unblended_cost": "500"},
    )
    told = {
        (row["ChargeCategory"], row["CommitmentDiscountStatus"], row["BilledCost"]): row["EffectiveCost"]
        for row in rows
    }

    assert told == {
        ("Purchase", None, Decimal(500)): 0,
        ("Purchase", None, Decimal(30)): 0,
        ("Usage", "Unused", Decimal(0)): 5,
        ("Usage", "Used", Decimal(0)): Decimal("0.06"),
    }


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("Tax", "Tax"),
        ("Credit", "Credit"),
        ("Refund", "Credit"),
        ("Fee", "Purchase"),
        ("EdpDiscount", "Adjustment"),
        ("New", "Adjustment"),
    ],
)
def test_other_lines_have_their_categories(tmp_path: Path, kind: str, category: str) -> None:
    [row] = converted(tmp_path, {"line_item_line_item_type": kind, "line_item_unblended_cost": "-7"})

    assert (row["ChargeCategory"], row["BilledCost"], row["EffectiveCost"]) == (category, -7, -7)


def test_spot_is_dynamic(tmp_path: Path) -> None:
    assert converted(tmp_path, {"line_item_usage_type": "USE1-SpotUsage:m5.large"})[0]["PricingCategory"] == "Dynamic"


def test_a_report_without_what_is_needed_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cur.csv"
    file.write_text("line_item_unblended_cost\n1\n")

    with pytest.raises(BadData, match="without the column line_item_usage_start_date: the report must be of time"):
        as_focus([file], tmp_path / "focus.parquet")


LINES = some.tuples(
    some.sampled_from(
        ("Usage", "SavingsPlanCoveredUsage", "SavingsPlanNegation", "SavingsPlanRecurringFee", "RIFee", "Tax", "Odd")
    ),
    some.decimals("-99999", "99999", places=12),
)


@given(some.lists(LINES, min_size=1, max_size=20))
@pytest.mark.slow
def test_the_invoice_is_the_same_to_the_last_digit(tmp_path_factory: pytest.TempPathFactory, lines: Any) -> None:
    rows = [{"line_item_line_item_type": kind, "line_item_unblended_cost": str(cost)} for kind, cost in lines]
    found = converted(tmp_path_factory.mktemp("cur"), *rows)

    assert sum(row["BilledCost"] for row in found) == sum(cost for _, cost in lines)
