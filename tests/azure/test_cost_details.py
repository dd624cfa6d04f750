"""Cost Details: reports that Azure writes on demand; two of them are one bill."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import ContainerClient, generate_blob_sas

from analysis.errors import NotReadable
from analysis.focus import CostColumn, CostQuery
from analysis.periods import Period
from providers.azure.cost_details import read
from providers.azure.cost_query import Read
from providers.azure.scopes import Scope
from providers.lake import Lake
from tests.azure.azurite import ACCOUNT, KEY
from tests.azure.double import Call, Double, Reply
from tests.builders import quietly

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
SUB = "6f1d2c3b-8a94-4e57-b1c0-3d5e7f901a2b"
SHOP = Scope(f"/subscriptions/{SUB}", "shop", SUB)
REPORT = "/providers/Microsoft.CostManagement/generateCostDetailsReport$"
VM = f"/subscriptions/{SUB}/resourceGroups/Web/providers/Microsoft.Compute/virtualMachines/web-1"
ORDER = "/providers/Microsoft.Capacity/reservationOrders/aaa/reservations/bbb"
NUMBERS = count()
EVERY = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")


def charged(day: str, cost: str, **others: str) -> dict[str, str]:
    """A row as an Enterprise Agreement's report has it."""
    return {
        "BillingAccountName": "Apex",
        "SubscriptionId": SUB.upper(),
        "SubscriptionName": "shop",
        "Date": day,
        "CostInBillingCurrency": cost,
        "BillingCurrencyCode": "EUR",
        "MeterCategory": "Virtual Machines",
        "MeterName": "D2s v5",
        "Quantity": "24",
        "UnitOfMeasure": "1 Hour",
        "ResourceLocation": "West Europe",
        "ResourceId": VM,
        "ChargeType": "Usage",
        "PricingModel": "OnDemand",
        "ReservationId": "",
        "Tags": '"team": "search","env": "prod"',
    } | others


ACTUAL = [
    charged("11/01/2026", "2.5"),
    charged("11/01/2026", "0", PricingModel="Reservation", ReservationId=ORDER),
    charged("11/01/2026", "120", ChargeType="Purchase", MeterCategory="", ReservationId=ORDER, ResourceId="", Tags=""),
]
AMORTISED = [
    charged("11/01/2026", "2.5"),
    charged("11/01/2026", "3.25", PricingModel="Reservation", ReservationId=ORDER),
    charged("11/01/2026", "0.75", ChargeType="UnusedReservation", PricingModel="Reservation", ReservationId=ORDER),
]


def report(container: ContainerClient, rows: Sequence[dict[str, str]]) -> dict[str, Any]:
    """A part of a report behind a signed link."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    body, name = out.getvalue().encode("utf-8-sig"), f"report-{next(NUMBERS)}.csv"
    container.upload_blob(name, body)
    signed = generate_blob_sas(
        ACCOUNT,
        container.container_name,
        name,
        account_key=KEY,
        permission="r",
        expiry=datetime(2100, 1, 1, tzinfo=UTC),
        version="2025-01-05",
    )
    return {"blobLink": f"{container.url}/{name}?{signed}", "byteCount": len(body)}


def written(
    azure: Double, container: ContainerClient, actual: Sequence[dict[str, str]], amortised: Sequence[dict[str, str]]
) -> None:
    """Reports of November; nothing was billed in other months."""
    begun: list[Call] = []

    def start(call: Call) -> Reply:
        begun.append(call)
        where = f"{azure.url}{call.path.rpartition('/')[0]}/costDetailsOperationResults/{len(begun) - 1}"
        return Reply(202, None, {"Location": f"{where}?api-version=2025-03-01"})

    def look(call: Call) -> Any:
        asked = begun[int(call.path.rpartition("/")[2])].body
        rows = actual if asked["metric"] == "ActualCost" else amortised
        blobs = [report(container, rows)] if asked["timePeriod"]["start"] == "2026-11-01" else []
        return {"status": "Completed", "manifest": {"dataFormat": "Csv", "blobCount": len(blobs), "blobs": blobs}}

    azure.on("POST", REPORT, start)
    azure.on("GET", "/costDetailsOperationResults/", look)


def fetched(azure: Double, tmp_path: Path, now: datetime = NOW, **said: Any) -> Read:
    asked: dict[str, Any] = {"months": 2, "poll": 0.01, "progress": quietly} | said
    return read(azure.connection(), [SHOP], tmp_path / "details", now, **asked)


def total(found: Read, tmp_path: Path, cost: CostColumn, **where: str) -> Decimal:
    lake = Lake.open("duckdb://", tmp_path / "lake")
    lake.ingest(found.exports, NOW)
    wanted = {name.replace("__", "/"): [value] for name, value in where.items()}
    return (
        lake.ask(
            CostQuery(Period(date(2026, 11, 1), date(2026, 12, 1)), "EUR", cost=cost, categories=EVERY, where=wanted)
        )
        .total()
        .amount
    )


def test_two_reports_are_one_bill_in_which_nothing_is_added_twice(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    written(azure, blobs, ACTUAL, AMORTISED)
    found = fetched(azure, tmp_path)

    assert total(found, tmp_path, "BilledCost") == Decimal("122.5")
    assert total(found, tmp_path, "EffectiveCost") == Decimal("6.5")
    assert total(found, tmp_path, "EffectiveCost", CommitmentDiscountStatus="Unused") == Decimal("0.75")
    assert total(found, tmp_path, "EffectiveCost", CommitmentDiscountStatus="Used") == Decimal("3.25")
    assert total(found, tmp_path, "BilledCost", ChargeCategory="Purchase") == 120
    assert total(found, tmp_path, "EffectiveCost", ResourceId=VM.lower()) == Decimal("6.5")
    assert total(found, tmp_path, "EffectiveCost", Tags__team="search") == Decimal("6.5")
    assert total(found, tmp_path, "EffectiveCost", RegionId="westeurope", SubAccountName="shop") == Decimal("6.5")
    assert [one.name for one in found.exports] == ["shop 2026-11"]
    assert not list((tmp_path / "details").rglob("*.csv"))


def test_a_customer_agreements_report_has_other_names_and_is_read_as_well(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    names = {
        "Date": "date",
        "CostInBillingCurrency": "costInBillingCurrency",
        "BillingCurrencyCode": "billingCurrency",
        "MeterCategory": "meterCategory",
        "ChargeType": "chargeType",
        "ReservationId": "benefitId",
        "PricingModel": "pricingModel",
        "Tags": "tags",
    }
    mca = [
        [{names.get(key, key): value for key, value in one.items()} | {"tags": '{"team":"search"}'} for one in rows]
        for rows in (ACTUAL, AMORTISED)
    ]
    written(azure, blobs, *mca)
    found = fetched(azure, tmp_path)

    assert total(found, tmp_path, "BilledCost") == Decimal("122.5")
    assert total(found, tmp_path, "EffectiveCost", Tags__team="search") == Decimal("6.5")


def test_a_report_is_written_twice_a_day_and_of_a_closed_month_once(
    azure: Double, blobs: ContainerClient, tmp_path: Path
) -> None:
    written(azure, blobs, ACTUAL, AMORTISED)
    fetched(azure, tmp_path)
    first = azure.counted(REPORT)
    fetched(azure, tmp_path, NOW + timedelta(hours=11))
    assert azure.counted(REPORT) == first == 4

    fetched(azure, tmp_path, NOW + timedelta(hours=13))
    assert azure.counted(REPORT) == 6  # November alone: October was closed on the 16th


def test_a_scope_that_refuses_is_told_and_its_rows_stand(azure: Double, blobs: ContainerClient, tmp_path: Path) -> None:
    written(azure, blobs, ACTUAL, AMORTISED)
    fetched(azure, tmp_path)
    azure.fault(REPORT, "denied", times=None)
    found = fetched(azure, tmp_path, NOW + timedelta(days=1))

    assert found.told[0] == "0 of 1 subscriptions were read" and "AuthorizationFailed" in found.told[1]
    assert total(found, tmp_path, "BilledCost") == Decimal("122.5")
    with pytest.raises(NotReadable, match="shop: AuthorizationFailed"):
        fetched(azure, tmp_path / "elsewhere")


def test_a_report_without_costs_names_what_it_has(azure: Double, blobs: ContainerClient, tmp_path: Path) -> None:
    written(azure, blobs, [{"Date": "11/01/2026", "Price": "1"}], AMORTISED)

    with pytest.raises(NotReadable, match="a cost report without costinbillingcurrency; it has: Date, Price"):
        fetched(azure, tmp_path)


def test_a_link_that_leads_out_of_azure_is_not_followed(azure: Double, tmp_path: Path) -> None:
    blob = {"blobLink": "https://evil.example/report.csv?sig=x", "byteCount": 1}
    azure.operation(REPORT, {"status": "Completed", "manifest": {"blobCount": 1, "blobs": [blob]}})

    with pytest.raises(Exception, match=r"evil\.example is no storage account of this cloud"):
        fetched(azure, tmp_path)


def test_reports_begin_at_the_pace_that_azure_allows(azure: Double, blobs: ContainerClient, tmp_path: Path) -> None:
    written(azure, blobs, ACTUAL, AMORTISED)
    fetched(azure, tmp_path, months=4)

    begun = [call.at for call in azure.calls if call.path.endswith("generateCostDetailsReport")]
    assert len(begun) == 8 and begun[4] - begun[0] >= 60
