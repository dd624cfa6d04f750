"""AWS as it is configured: which bill is chosen, what is said of it, and what is left when something fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from analysis.errors import NotReadable
from analysis.money import Money
from analysis.periods import Period
from bot import config as deployment
from bot.clock import stopped_at
from bot.wiring import Crew, assembled
from commands.core.answer import Answer
from tests.aws.cost_explorer import Explorer, Line
from tests.aws.double import ROOT, Double
from tests.aws.test_exports import DATA, META, deliver
from tests.commands.test_commands import text_of
from tests.providers.bills import row, write

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
EBS = "EC2 - Other"

Opened = Callable[..., AbstractContextManager[Crew]]


@pytest.fixture
def opened(aws: Double, tmp_path: Path) -> Opened:
    """A crew on one AWS account in which nobody has switched anything on."""
    for service in ("cost-optimization-hub", "compute-optimizer", "trustedadvisor"):
        aws.fault(service, kind="denied", times=None)
    aws.answer("bcm-data-exports", "ListExports", {"Exports": []})
    aws.answer("cur", "DescribeReportDefinitions", {"ReportDefinitions": []})
    aws.answer("budgets", "DescribeBudgets", {"Budgets": []})
    aws.answer("ce", "GetAnomalies", {"Anomalies": []})

    def crew(now: datetime = NOW, **said: Any) -> AbstractContextManager[Crew]:
        raw = {"data": {"folder": str(tmp_path / "data")}, "providers": [{"kind": "aws", **said}]}
        return assembled(deployment.parse(raw, lambda _: "test"), stopped_at(now), load=False)

    return crew


def disk(aws: Double) -> str:
    """A disk that nothing has ever used."""
    made: str = boto3.client("ec2").create_volume(AvailabilityZone="us-east-1a", Size=160, VolumeType="gp3")["VolumeId"]
    aws.backend("ec2", ROOT, "us-east-1").volumes[made].create_time = "2026-06-01T00:00:00.000Z"
    return made


def lines(volume: str = "NoResourceId", days: int = 60) -> Iterator[Line]:
    for back in range(1, days + 1):
        yield Line(NOW.date() - timedelta(days=back), ROOT, "us-east-1", EBS, "0.42", resource=volume)
        yield Line(NOW.date() - timedelta(days=back), ROOT, "us-east-1", "Amazon EC2", "12")


def explorer(aws: Double, volume: str = "NoResourceId", **said: Any) -> None:
    """A Cost Explorer that knows all of it."""
    for operation in ("GetCostAndUsage", "GetCostAndUsageWithResources"):
        aws.answer("ce", operation, Explorer(list(lines(volume)), **said))


def export(aws: Double, *names: str) -> None:
    """FOCUS exports in the bucket ``bill``."""
    output = {
        "OutputType": "CUSTOM",
        "Format": "TEXT_OR_CSV",
        "Compression": "GZIP",
        "Overwrite": "OVERWRITE_REPORT",
    }
    arns = {name: f"arn:aws:bcm-data-exports:us-east-1:{ROOT}:export/{name}" for name in names}
    target = {"S3Bucket": "bill", "S3Prefix": "out", "S3Region": "us-east-1", "S3OutputConfigurations": output}
    query = {"QueryStatement": "SELECT * FROM FOCUS_1_2_AWS", "TableConfigurations": {"FOCUS_1_2_AWS": {}}}
    listed = [
        {"ExportArn": arn, "ExportName": name, "ExportStatus": {"StatusCode": "HEALTHY"}} for name, arn in arns.items()
    ]
    aws.answer("bcm-data-exports", "ListExports", {"Exports": listed})

    def one(request: Any) -> Mapping[str, Any]:
        arn = request.parameters["ExportArn"]
        name = next(name for name, known in arns.items() if known == arn)
        return {
            "Export": {
                "Name": name,
                "DataQuery": query,
                "DestinationConfigurations": {"S3Destination": target},
                "RefreshCadence": {"Frequency": "SYNCHRONOUS"},
            }
        }

    aws.answer("bcm-data-exports", "GetExport", one)


def assessed(crew: Crew) -> Answer:
    crew.assessor.load(NOW)
    return crew.typed("assess", "ana")


def test_without_an_export_the_bill_is_cost_explorers_and_a_disk_has_its_price(aws: Double, opened: Opened) -> None:
    volume = disk(aws)
    explorer(aws, volume)
    with opened(months=2) as crew:
        answer = assessed(crew)
        found = crew.typed("waste", "ana").data["findings"]

    text = text_of(answer)
    assert "bill from Cost Explorer, for want of an export" in text and "calls today" in text
    assert [(one["check"], one["monthly_waste"]) for one in found] == [("unattached-disk", Decimal("12.78"))]


def test_cost_explorer_may_be_chosen_though_there_is_an_export(aws: Double, opened: Opened) -> None:
    explorer(aws)
    export(aws, "finops")
    with opened(months=2, source="cost-explorer") as crew:
        text = text_of(assessed(crew))

    assert "bill from Cost Explorer" in text
    assert not aws.counted("bcm-data-exports")


def test_an_export_that_is_not_there_is_named_with_those_that_are(aws: Double, opened: Opened) -> None:
    export(aws, "finops", "other")
    with opened(export="fimops") as crew, pytest.raises(NotReadable) as refused:
        crew.assessor.load(NOW)

    assert "there is no export named 'fimops'; there are: finops, other" in str(refused.value)


def test_an_export_is_asked_for_where_there_is_none(opened: Opened) -> None:
    with opened(source="export") as crew, pytest.raises(NotReadable, match="there is no data export; create one"):
        crew.assessor.load(NOW)


def test_credentials_that_expired_are_said_with_the_next_step(aws: Double, opened: Opened) -> None:
    aws.fault("ce", kind="expired", times=None)
    with opened() as crew, pytest.raises(NotReadable, match="expired: renew them"):
        crew.assessor.load(NOW)


def test_two_currencies_are_two_totals(aws: Double, opened: Opened, tmp_path: Path) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bill")
    rows = [
        row(
            BilledCost=cost,
            EffectiveCost=cost,
            BillingCurrency=currency,
            BillingAccountId=payer,
            BillingPeriodStart="2026-10-01T00:00:00Z",
            BillingPeriodEnd="2026-11-01T00:00:00Z",
            ChargePeriodStart=f"2026-10-{day:02}T00:00:00Z",
            ChargePeriodEnd=f"{date(2026, 10, day) + timedelta(days=1)}T00:00:00Z",
        )
        for cost, currency, payer in (("10", "USD", "111122223333"), ("7", "EUR", "444455556666"))
        for day in range(1, 32)
    ]
    body = write(tmp_path / "mixed.csv.gz", rows).read_bytes()
    s3.put_object(Bucket="bill", Key=f"{DATA}2026-10/finops-00001.csv.gz", Body=body)
    named = f'{{"dataFiles": ["s3://bill/{DATA}2026-10/finops-00001.csv.gz"]}}'
    s3.put_object(Bucket="bill", Key=f"{META}2026-10/finops-Manifest.json", Body=named.encode())
    export(aws, "finops")
    with opened() as crew:
        crew.assessor.load(NOW)
        found = crew.lake.currencies(Period(date(2026, 10, 1), date(2026, 11, 1)))
        text = text_of(crew.typed("summary finance", "ana"))

    assert {str(one) for one in found} == {"$310.00", "€217.00"}
    assert "€217.00" in text and "527" not in text


def test_what_was_read_before_stands_while_nobody_can_ask(aws: Double, opened: Opened) -> None:
    plan = {
        "savingsPlanArn": f"arn:aws:savingsplans::{ROOT}:savingsplan/one",
        "state": "active",
        "savingsPlanType": "Compute",
        "paymentOption": "No Upfront",
        "start": "2026-01-01T00:00:00.000Z",
        "end": "2027-01-01T00:00:00.000Z",
    }
    limit = {"Amount": "900", "Unit": "USD"}
    listed = [{"BudgetName": "all of it", "BudgetLimit": limit, "TimeUnit": "MONTHLY", "BudgetType": "COST"}]
    aws.answer("budgets", "DescribeBudgets", {"Budgets": listed})
    aws.answer("savingsplans", "DescribeSavingsPlans", {"savingsPlans": [plan]})
    explorer(aws)
    with opened(months=2) as crew:
        assessed(crew)

    for service in ("ce", "budgets", "savingsplans", "sts"):
        aws.fault(service, kind="expired", times=None)
    with opened(months=2) as crew:
        assert "all of it" in text_of(crew.typed("budget", "ana"))
        [source] = crew.sources
        assert [one.amount.amount for one in source.budgets(date(2026, 11, 1))] == [900]


def test_a_memory_that_broke_is_as_none(aws: Double, opened: Opened, tmp_path: Path) -> None:
    explorer(aws)
    file = tmp_path / "data" / "aws" / "aws" / "memory.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"terms": [')
    with opened(months=2) as crew:
        assert "Cost Explorer" in text_of(assessed(crew))

    assert file.read_text().startswith('{"terms":[]')


def test_a_month_delivered_half_leaves_the_one_before(aws: Double, opened: Opened, tmp_path: Path) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bill")
    deliver(s3, tmp_path, "2026-10", {"EC2": "100"}, parts=1)
    export(aws, "finops")
    with opened() as crew:
        crew.assessor.load(NOW)
    deliver(s3, tmp_path, "2026-10", {"EC2": "120"}, parts=1, listed=1)  # the manifest names a file that is not there
    with opened() as crew:
        told = text_of(assessed(crew))
        [stands] = crew.lake.currencies(Period(date(2026, 10, 1), date(2026, 11, 1)))

    assert stands == Money.of("100", "USD")
    assert "2026-10" in told
