"""Data exports in S3: found, fetched whole, and looked at again only where AWS delivered anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest

from analysis.errors import BadData, NotReadable
from analysis.focus import CostQuery
from analysis.periods import month_of
from providers.aws.exports import Fetched, Found, discovered, fetch, legacy
from providers.lake import Lake
from tests.aws.double import Double, Request
from tests.builders import quietly
from tests.providers.bills import row, write

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
FOCUS = Found(
    "finops", "arn:aws:bcm-data-exports:us-east-1:111122223333:export/finops-1", "FOCUS_1_2_AWS", "bill", "out"
)
DELIVERIES = count()
DATA, META = "out/finops/data/BILLING_PERIOD=", "out/finops/metadata/BILLING_PERIOD="


@pytest.fixture
def s3(aws: Double) -> Any:  # noqa: ARG001
    client = boto3.client("s3")
    client.create_bucket(Bucket="bill")
    return client


def deliver(  # noqa: PLR0913
    s3: Any, folder: Path, month: str, costs: Mapping[str, str], *, execution: str = "", parts: int = 1, listed: int = 0
) -> None:
    """One delivery of a month: files, then the manifest that names them."""
    year, number = map(int, month.split("-"))
    start = date(year, number, 1)
    end = date(year + number // 12, number % 12 + 1, 1)
    names = []
    for part in range(parts):
        rows = [
            row(
                BilledCost=cost,
                EffectiveCost=cost,
                ServiceName=service,
                BillingPeriodStart=f"{start:%Y-%m-%dT00:00:00Z}",
                BillingPeriodEnd=f"{end:%Y-%m-%dT00:00:00Z}",
                ChargePeriodStart=f"{start:%Y-%m-%dT00:00:00Z}",
                ChargePeriodEnd=f"{start:%Y-%m-02T00:00:00Z}",
            )
            for number, (service, cost) in enumerate(costs.items())
            if number % parts == part
        ]
        file = write(folder / f"{month}-{execution}-{part}.csv.gz", rows)
        key = f"{DATA}{month}/{execution + '/' if execution else ''}finops-0000{part + 1}.csv.gz"
        s3.put_object(Bucket="bill", Key=key, Body=file.read_bytes())
        names.append(f"s3://bill/{key}")
    names += [f"s3://bill/{DATA}{month}/finops-0009{one}.csv.gz" for one in range(listed)]
    key = f"{META}{month}/{execution + '/' if execution else ''}finops-Manifest.json"
    s3.put_object(Bucket="bill", Key=key, Body=json.dumps({"dataFiles": names, "delivery": next(DELIVERIES)}).encode())


def fetched(s3: Any, tmp_path: Path, **said: Any) -> Fetched:
    return fetch(s3, FOCUS, tmp_path / "cache", NOW, **({"progress": quietly} | said))


def total(found: Fetched, tmp_path: Path, month: str = "2026-10") -> Decimal:
    lake = Lake.open("duckdb://", tmp_path / "lake")
    lake.ingest(found.exports, NOW)
    return lake.ask(CostQuery(month_of(date.fromisoformat(f"{month}-01")), "USD")).total().amount


def test_a_month_is_read_by_its_manifest(s3: Any, tmp_path: Path) -> None:
    deliver(s3, tmp_path, "2026-10", {"EC2": "1.25", "S3": "2.5"}, parts=2)
    s3.put_object(Bucket="bill", Key=f"{DATA}2026-10/finops-00003.csv.gz", Body=b"left over from another delivery")
    found = fetched(s3, tmp_path)

    assert [(one.name, len(one.files)) for one in found.exports] == [("finops 2026-10", 2)]
    assert total(found, tmp_path) == Decimal("3.75") and found.warnings == ()


def test_of_several_executions_the_newest_counts(s3: Any, tmp_path: Path) -> None:
    deliver(s3, tmp_path, "2026-10", {"EC2": "100"}, execution="20261102T0100-aaaa")
    deliver(s3, tmp_path, "2026-10", {"EC2": "110"}, execution="20261103T0100-bbbb")

    assert total(fetched(s3, tmp_path), tmp_path) == Decimal(110)


def test_what_has_not_changed_is_not_fetched_again(s3: Any, aws: Double, tmp_path: Path) -> None:
    for month in ("2026-09", "2026-10", "2026-11"):
        deliver(s3, tmp_path, month, {"EC2": "1"})
    fetched(s3, tmp_path)
    aws.calls.clear()
    again = fetched(s3, tmp_path)

    assert aws.counted("s3") == ["ListObjectsV2"]
    assert len(again.exports) == 3


def test_a_month_delivered_anew_takes_the_place_of_the_old_one(s3: Any, tmp_path: Path) -> None:
    deliver(s3, tmp_path, "2026-11", {"EC2": "1"})
    first = fetched(s3, tmp_path)
    assert total(first, tmp_path, "2026-11") == 1
    deliver(s3, tmp_path, "2026-11", {"EC2": "3"})
    second = fetched(s3, tmp_path)

    assert total(second, tmp_path, "2026-11") == 3 and second.warnings == ()
    assert not first.exports[0].files[0].exists()


def test_a_closed_month_that_is_restated_is_told(s3: Any, tmp_path: Path) -> None:
    deliver(s3, tmp_path, "2026-08", {"EC2": "1"})
    fetched(s3, tmp_path)
    deliver(s3, tmp_path, "2026-08", {"EC2": "2"})

    assert fetched(s3, tmp_path).warnings == ("2026-08 of finops was closed and has been delivered anew",)


def test_a_half_written_month_leaves_the_former_rows(s3: Any, tmp_path: Path) -> None:
    deliver(s3, tmp_path, "2026-11", {"EC2": "5"})
    fetched(s3, tmp_path)
    deliver(s3, tmp_path, "2026-11", {"EC2": "6"}, listed=1)
    found = fetched(s3, tmp_path)

    assert total(found, tmp_path, "2026-11") == 5
    *_, warning = found.warnings
    assert "finops-00090.csv.gz is not there yet; its former rows stay" in warning


def test_a_half_written_month_without_former_rows_is_left_out(s3: Any, tmp_path: Path) -> None:
    deliver(s3, tmp_path, "2026-10", {"EC2": "5"})
    deliver(s3, tmp_path, "2026-11", {"EC2": "6"}, listed=1)
    found = fetched(s3, tmp_path)

    assert [one.name for one in found.exports] == ["finops 2026-10"]
    assert "it is left out" in found.warnings[0]


@pytest.mark.parametrize("name", ["../../etc/passwd.csv.gz", "x/%2e%2e%2f%2e%2e%2fetc.csv.gz", "/../x.parquet"])
def test_a_manifest_that_leads_out_of_its_export_is_refused(s3: Any, tmp_path: Path, name: str) -> None:
    deliver(s3, tmp_path, "2026-10", {"EC2": "7"})
    fetched(s3, tmp_path)
    said = {"dataFiles": [f"s3://bill/{DATA}2026-10/{name}"]}
    s3.put_object(Bucket="bill", Key=f"{META}2026-10/finops-Manifest.json", Body=json.dumps(said).encode())
    found = fetched(s3, tmp_path)

    *_, warning = found.warnings
    assert "which leads out of the export; its former rows stay" in warning
    assert total(found, tmp_path) == 7


def test_files_of_one_name_in_two_folders_are_two_files(s3: Any, tmp_path: Path) -> None:
    deliver(s3, tmp_path, "2026-10", {"EC2": "7"}, execution="a")
    deliver(s3, tmp_path, "2026-10", {"EC2": "8"}, execution="b")
    names = [f"s3://bill/{DATA}2026-10/{each}/finops-00001.csv.gz" for each in "ab"]
    said = json.dumps({"dataFiles": names}).encode()
    s3.put_object(Bucket="bill", Key=f"{META}2026-10/b/finops-Manifest.json", Body=said)

    assert total(fetched(s3, tmp_path), tmp_path) == 15


def test_a_month_that_is_overwritten_while_it_is_read_is_read_again(s3: Any, aws: Double, tmp_path: Path) -> None:
    deliver(s3, tmp_path, "2026-11", {"EC2": "5"})
    done: list[bool] = []

    def overwritten(request: Request) -> None:
        if request.operation == "GetObject" and aws.counted("s3").count("GetObject") == 2 and not done:
            done.append(True)
            deliver(boto3.client("s3"), tmp_path, "2026-11", {"EC2": "7"})

    aws.calls.clear()
    aws.meanwhile = overwritten
    found = fetched(s3, tmp_path)

    assert done and total(found, tmp_path, "2026-11") == 7


def test_an_empty_export_says_how_long_the_first_delivery_takes(s3: Any, tmp_path: Path) -> None:
    with pytest.raises(BadData, match="first delivery can take 24 hours"):
        fetched(s3, tmp_path)


def test_a_bucket_that_may_not_be_read_names_the_permissions(s3: Any, aws: Double, tmp_path: Path) -> None:
    deliver(s3, tmp_path, "2026-11", {"EC2": "5"})
    aws.fault("s3", "GetObject", kind="denied", times=None)

    with pytest.raises(NotReadable, match=r"s3:GetObject on its objects.*kms:Decrypt"):
        fetched(s3, tmp_path)


def test_a_bucket_that_is_gone_is_named(s3: Any, tmp_path: Path) -> None:
    gone = Found("finops", "", "FOCUS_1_2_AWS", "no-such-bucket", "out")

    with pytest.raises(NotReadable, match="there is no bucket no-such-bucket"):
        fetch(s3, gone, tmp_path, NOW, progress=quietly)


def test_throttling_is_waited_for(s3: Any, aws: Double, tmp_path: Path) -> None:
    deliver(s3, tmp_path, "2026-11", {"EC2": "5"})
    aws.fault("s3", "ListObjectsV2", kind="error500", times=2)

    assert len(fetched(s3, tmp_path).exports) == 1


def test_exports_are_discovered_the_best_first(aws: Double) -> None:
    made = {
        "cur": ("COST_AND_USAGE_REPORT", "HEALTHY"),
        "focus": ("FOCUS_1_0_AWS", "HEALTHY"),
        "broken": ("FOCUS_1_2_AWS", "UNHEALTHY"),
        "carbon": ("CARBON_EMISSIONS", "HEALTHY"),
    }
    arn = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/"
    aws.answer(
        "bcm-data-exports",
        "ListExports",
        {
            "Exports": [
                {"ExportArn": arn + name, "ExportName": name, "ExportStatus": {"StatusCode": health}}
                for name, (_, health) in made.items()
            ]
        },
    )

    def one(request: Any) -> dict[str, Any]:
        name = request.parameters["ExportArn"].removeprefix(arn)
        s3 = {
            "S3Bucket": "bill",
            "S3Prefix": "out",
            "S3Region": "eu-west-1",
            "S3OutputConfigurations": {
                "OutputType": "CUSTOM",
                "Format": "PARQUET",
                "Compression": "PARQUET",
                "Overwrite": "OVERWRITE_REPORT",
            },
        }
        query = {"QueryStatement": f"SELECT * FROM {made[name][0]}", "TableConfigurations": {made[name][0]: {}}}
        return {
            "Export": {
                "Name": name,
                "DataQuery": query,
                "DestinationConfigurations": {"S3Destination": s3},
                "RefreshCadence": {"Frequency": "SYNCHRONOUS"},
            }
        }

    aws.answer("bcm-data-exports", "GetExport", one)
    found = discovered(boto3.client("bcm-data-exports"))

    assert [(one.name, one.table, one.healthy) for one in found] == [
        ("focus", "FOCUS_1_0_AWS", True),
        ("cur", "COST_AND_USAGE_REPORT", True),
        ("broken", "FOCUS_1_2_AWS", False),
    ]
    assert found[0].region == "eu-west-1" and found[0].manifests == "out/focus/metadata/"


def test_a_legacy_report_is_fetched_and_made_focus(s3: Any, aws: Double, tmp_path: Path) -> None:
    definition = {
        "ReportName": "old",
        "TimeUnit": "HOURLY",
        "Format": "textORcsv",
        "Compression": "GZIP",
        "AdditionalSchemaElements": ["RESOURCES"],
        "S3Bucket": "bill",
        "S3Prefix": "cur",
        "S3Region": "us-east-1",
    }
    aws.answer("cur", "DescribeReportDefinitions", {"ReportDefinitions": [definition]})
    [found] = legacy(boto3.client("cur"))
    file = tmp_path / "old.csv.gz"
    duckdb.sql(
        "COPY (SELECT '2026-10-01T00:00:00Z' AS \"bill/BillingPeriodStartDate\","
        " '2026-10-03T00:00:00Z' AS \"lineItem/UsageStartDate\", 'Usage' AS \"lineItem/LineItemType\","
        " '111122223333' AS \"bill/PayerAccountId\", '111122223333' AS \"lineItem/UsageAccountId\","
        " 'AmazonEC2' AS \"lineItem/ProductCode\", '4.5600000001' AS \"lineItem/UnblendedCost\","
        f" 'search' AS \"resourceTags/user:team\") TO '{file}' (FORMAT csv, HEADER, COMPRESSION gzip)"
    )
    key = "cur/old/20261001-20261101/0a0b/old-00001.csv.gz"
    s3.put_object(Bucket="bill", Key=key, Body=file.read_bytes())
    manifest = {"assemblyId": "0a0b", "reportKeys": [key], "bucket": "bill"}
    s3.put_object(Bucket="bill", Key="cur/old/20261001-20261101/old-Manifest.json", Body=json.dumps(manifest).encode())
    read = fetch(s3, found, tmp_path / "cache", NOW, progress=quietly)

    assert total(read, tmp_path) == Decimal("4.5600000001")
    assert read.exports[0].files[0].name == "focus.parquet"
