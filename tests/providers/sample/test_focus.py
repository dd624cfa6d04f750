"""The sample company's rows against the FOCUS 1.2 requirements, and against the FinOps Foundation's validator."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from providers.sample import SampleFolder

NEVER_NULL = (
    "BilledCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargeCategory",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "BillingAccountName",
    "ChargeDescription",
    "SubAccountId",
)
ALLOWED: dict[str, set[str | None]] = {  # closed lists of FOCUS 1.2; None where a null is allowed
    "ChargeCategory": {"Usage", "Purchase", "Tax", "Credit", "Adjustment"},
    "ChargeClass": {"Correction", None},
    "ChargeFrequency": {"One-Time", "Recurring", "Usage-Based"},
    "PricingCategory": {"Standard", "Dynamic", "Committed", "Other", None},
    "CommitmentDiscountStatus": {"Used", "Unused", None},
    "CommitmentDiscountCategory": {"Spend", "Usage", None},
    "BillingCurrency": {"USD", "EUR"},
    "ServiceCategory": {
        "AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases", "Developer Tools",
        "Multicloud", "Identity", "Integration", "Internet of Things", "Management and Governance", "Media",
        "Migration", "Mobile", "Networking", "Security", "Storage", "Web", "Other",
    },
}  # fmt: skip
REQUIREMENTS = {  # no row may be like this
    "a list cost that is not price times quantity": "ListUnitPrice IS NOT NULL"
    " AND ListCost <> CAST(ListUnitPrice * PricingQuantity AS DECIMAL(28,10))",
    "a contracted cost that is not price times quantity": "ContractedUnitPrice IS NOT NULL"
    " AND ContractedCost <> CAST(ContractedUnitPrice * PricingQuantity AS DECIMAL(28,10))",
    "usage or a purchase without prices": "ChargeCategory IN ('Usage', 'Purchase') AND ChargeClass IS NULL"
    " AND (ListUnitPrice IS NULL OR PricingQuantity IS NULL OR PricingUnit IS NULL OR SkuId IS NULL"
    " OR PricingCategory IS NULL)",
    "tax or a credit with a quantity": "ChargeCategory IN ('Tax', 'Credit', 'Adjustment')"
    " AND PricingQuantity IS NOT NULL",
    "a credit whose effective cost is not what is billed": "ChargeCategory = 'Credit' AND EffectiveCost <> BilledCost",
    "a credit that is no gift": "ChargeCategory = 'Credit' AND BilledCost >= 0",
    "a commitment's purchase with an effective cost": "ChargeCategory = 'Purchase'"
    " AND CommitmentDiscountId IS NOT NULL AND EffectiveCost <> 0",
    "a covered row that is billed again": "CommitmentDiscountStatus IS NOT NULL AND BilledCost <> 0",
    "a status on what is not usage": "CommitmentDiscountStatus IS NOT NULL AND ChargeCategory <> 'Usage'",
    "covered usage that is not priced as committed": "CommitmentDiscountStatus IS NOT NULL"
    " AND PricingCategory <> 'Committed'",
    "an unused commitment that was consumed": "CommitmentDiscountStatus = 'Unused' AND ConsumedQuantity IS NOT NULL",
    "a resource without a type": "(ResourceId IS NULL) <> (ResourceType IS NULL)",
    "a unit without a quantity": "(PricingQuantity IS NULL) <> (PricingUnit IS NULL)"
    " OR (ConsumedQuantity IS NULL) <> (ConsumedUnit IS NULL)",
    "a discount without a name": "(CommitmentDiscountId IS NULL) <> (CommitmentDiscountType IS NULL)"
    " OR (CommitmentDiscountId IS NULL) <> (CommitmentDiscountName IS NULL)",
    "a charge period outside of its billing period": "ChargeClass IS NULL"
    " AND (ChargePeriodStart < BillingPeriodStart OR ChargePeriodEnd > BillingPeriodEnd)",
    "a correction of its own billing period": "ChargeClass = 'Correction' AND ChargePeriodStart >= BillingPeriodStart",
    "a day that is not a day": "CAST(ChargePeriodEnd AS TIMESTAMP) - CAST(ChargePeriodStart AS TIMESTAMP)"
    " <> INTERVAL 1 DAY",
    "a row of tomorrow": "ChargePeriodStart >= '2026-11-18'",
    "an id that no AWS resource has": "ProviderName = 'AWS' AND ResourceId NOT LIKE 'arn:aws:%'",
    "an id that no Azure resource has": "ProviderName = 'Microsoft' AND ResourceId NOT LIKE '/subscriptions/%'"
    " AND ResourceId NOT LIKE '/providers/Microsoft.Capacity/%'",
}


@pytest.mark.parametrize("column", NEVER_NULL)
def test_a_mandatory_column_is_never_null(billed: duckdb.DuckDBPyConnection, column: str) -> None:
    assert billed.table("billed").filter(f"{column} IS NULL OR CAST({column} AS VARCHAR) = ''").fetchall() == []


@pytest.mark.parametrize("column", ALLOWED)
def test_a_closed_list_is_kept_to(billed: duckdb.DuckDBPyConnection, column: str) -> None:
    values = {value for (value,) in billed.table("billed").project(column).distinct().fetchall()}

    assert values <= ALLOWED[column]


@pytest.mark.parametrize("flaw", REQUIREMENTS)
def test_no_row_has(billed: duckdb.DuckDBPyConnection, flaw: str) -> None:
    broken = billed.table("billed").filter(REQUIREMENTS[flaw])

    assert broken.limit(3).fetchall() == []


def test_a_commitment_is_worth_what_was_paid_for_it_in_each_closed_month(billed: duckdb.DuckDBPyConnection) -> None:
    months = billed.sql(
        "SELECT CommitmentDiscountId, BillingPeriodStart, sum(BilledCost), sum(EffectiveCost) FROM billed"
        " WHERE CommitmentDiscountId IS NOT NULL AND BillingPeriodStart < '2026-11' GROUP BY ALL"
    ).fetchall()

    assert len(months) == 24
    assert all(paid == worth > 0 for _, _, paid, worth in months)


def test_every_category_and_class_is_there(billed: duckdb.DuckDBPyConnection) -> None:
    seen = {value for (value,) in billed.table("billed").project("ChargeCategory").distinct().fetchall()}
    [(corrections,)] = billed.sql("SELECT count(*) FROM billed WHERE ChargeClass = 'Correction'").fetchall()

    assert seen == ALLOWED["ChargeCategory"]
    assert corrections == 2


def test_costs_are_plain_text_with_ten_decimals_at_most(apex: SampleFolder) -> None:
    with duckdb.connect() as connection:
        files = str(apex.root / "billing/azure/2026-10/*.csv.gz")
        rows = connection.read_csv(files, all_varchar=True).project(
            "BilledCost, EffectiveCost, ListCost, ListUnitPrice"
        )
        texts = {text for row in rows.fetchall() for text in row if text is not None}

    assert texts
    assert not [text for text in texts if "e" in text.lower() or len(text.partition(".")[2]) > 10]


@pytest.fixture(scope="module")
def validate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """The FinOps Foundation's validator, in an environment of its own since it pins pandas < 3.

    Version 1.0.0 needs an older ``multimethod`` than it asks for, and finds its list of currencies only from the
    folder that it is installed in. Its rules need no network.
    """
    home = tmp_path_factory.mktemp("validator") / "venv"
    python = str(home / "bin/python")
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    wanted = ("focus-validator==1.0.0", "multimethod<2", "setuptools<80")
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *wanted], check=True)
    [packages] = home.glob("lib/python*/site-packages")

    def run(rows: Path) -> str:
        command = [python, "-m", "focus_validator.main", "--data-file", str(rows), "--validate-version", "1.0"]
        return subprocess.run(command, cwd=packages, capture_output=True, text=True, check=True).stdout

    return run


@pytest.mark.slow
@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_the_foundations_validator_passes_every_row(
    apex: SampleFolder, validate: Callable[[Path], str], tmp_path: Path, cloud: str
) -> None:
    for month in ("2025-11", "2026-10", "2026-11"):
        said = validate(_plain(apex, cloud, month, tmp_path / f"{month}.csv"))
        assert "Validation succeeded" in said, said[-3000:]


@pytest.mark.slow
def test_the_foundations_validator_would_have_said_so(
    apex: SampleFolder, validate: Callable[[Path], str], tmp_path: Path
) -> None:
    rows = _plain(apex, "aws", "2026-11", tmp_path / "rows.csv")
    rows.write_text(rows.read_text().replace(",Usage-Based,", ",Hourly,"))

    assert "ChargeFrequency_Enum failed" in validate(rows)


def _plain(apex: SampleFolder, cloud: str, month: str, out: Path) -> Path:
    """One month of a cloud as the validator wants it.

    It guesses types, so what is a number by looks alone (account ids, zones) gets a letter; and some of its rules
    still know columns by the names they had before FOCUS 1.0.
    """
    folder = apex.root / "billing" / cloud / month
    old_names = (
        "InvoiceIssuerName AS InvoiceIssuer, ProviderName AS Provider, PublisherName AS Publisher,"
        " ResourceId AS ResourceID, ChargeCategory AS ChargeType"
    )
    lettered = ", ".join(
        f"'x' || {name} AS {name}" for name in ("BillingAccountId", "SubAccountId", "AvailabilityZone")
    )
    with duckdb.connect() as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        changes = lettered
        if cloud == "aws":
            rows = connection.read_parquet(str(folder / "*.parquet"))
            changes += ", to_json(Tags) AS Tags" + "".join(
                f", strftime({name}, '%Y-%m-%dT%H:%M:%SZ') AS {name}"
                for name in ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
            )
        else:
            rows = connection.read_csv(str(folder / "*.csv.gz"), all_varchar=True)
        rows.project(f"* EXCLUDE (ResourceId) REPLACE ({changes}), {old_names}").write_csv(str(out), header=True)
    return out
