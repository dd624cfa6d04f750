"""A whole assessment of 50 AWS accounts, 5,000 resources and ten million billed rows, beside what it cannot be under.

Every answer of AWS takes 50 ms. Goals: the load ≤ 1.3 × the same daily sums by hand-written DuckDB over the same files;
the assessment ≤ 2 × its lower bound (calls ÷ requests side by side × latency, and the lake's own queries); ≤ 1.5 GB.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks import bill
from benchmarks.assessment import LATENCY, WORKERS, compared
from bot import config as deployment
from bot.clock import stopped_at
from bot.garbage import rarely
from bot.log import configure
from bot.wiring import assembled
from tests.aws.double import SESSION, Answer, Double, Request

BUCKET, EXPORT = "bill", "benchmark"
MEASURED_DAYS = 14
THERE = ("sts", "s3")  # what moto answers
SERVICES = (  # whose descriptions the double reads before the clock starts: it is to take 50 ms, no more
    *("autoscaling", "budgets", "ce", "cloudwatch", "cost-optimization-hub", "ec2", "organizations", "pricing"),
    *("bcm-data-exports", "cur", "trustedadvisor"),
)


def main() -> None:
    """Print the table; exit 1 when a goal is missed."""
    configure(json=False)
    with tempfile.TemporaryDirectory() as made, closing(Aws(Path(made))) as aws:
        os.environ.update(aws.environment)
        raw = {
            "data": {"folder": f"{made}/data"},
            "providers": [
                {
                    "kind": "aws",
                    "role": f"arn:aws:iam::{bill.PAYER}:role/pitcrew-read",
                    "member_role": "arn:aws:iam::{account}:role/pitcrew-read",
                    "workers": WORKERS,
                }
            ],
            "roles": {"*": ["read", "act"]},
        }
        with (
            assembled(deployment.parse(raw, lambda _: "benchmark"), stopped_at(bill.NOW), load=False) as crew,
            rarely(),
        ):
            within = compared(crew, aws)
    sys.exit(0 if within else 1)


class Aws:
    """The double in a process of its own, so that it takes nothing of ours but the processor."""

    def __init__(self, folder: Path) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=served, args=(theirs, folder), daemon=True)
        self._process.start()
        theirs.close()  # so that we hear when the double has died
        self.environment: Mapping[str, str] = self._pipe.recv()

    def calls(self) -> int:
        """How many there were since the last time that this was asked."""
        self._pipe.send("calls")
        return int(self._pipe.recv())

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.join()


class Nothing(dict[tuple[str, str], Answer]):
    """Answers; what has none is answered with nothing, but for what moto does."""

    def get(self, key: Any, default: Any = None) -> Any:
        """The answer to (service, operation)."""
        if key in self or key[0] in THERE:
            return super().get(key, default)
        shape = SESSION.get_service_model(key[0]).operation_model(key[1]).output_shape
        return {name: [] for name in (shape.required_members if shape else ())}


def served(pipe: Connection, folder: Path) -> None:
    """Stand everything up, then answer and count."""
    with Double.running() as aws:
        os.environ.update(aws.environment)
        aws.answers = Nothing()
        deliver(aws, folder)
        names = [(bill.account_id(number), f"team-{number}") for number in range(bill.ACCOUNTS)]
        listed = [{"Id": account, "Name": name, "State": "ACTIVE"} for account, name in names]
        organization = {"Organization": {"Id": "o-1", "MasterAccountId": bill.PAYER}}
        aws.answer("organizations", "DescribeOrganization", organization)
        aws.answer("organizations", "ListAccounts", {"Accounts": listed})
        aws.answer("ec2", "DescribeInstances", lambda request: instances_of(int(request.account[-5:])))
        aws.answer("ec2", "DescribeVolumes", lambda request: volumes_of(int(request.account[-5:])))
        aws.answer("cloudwatch", "GetMetricData", measured)
        for service in SERVICES:
            SESSION.get_service_model(service)
        aws.latency = LATENCY
        pipe.send(aws.environment)
        while pipe.recv():
            pipe.send(len(aws.calls))
            aws.calls.clear()


def measured(request: Request) -> dict[str, Any]:
    """What was asked for, whichever protocol it was asked in."""
    return measured_of(tuple(one["Id"] for one in request.parameters["MetricDataQueries"]))


def deliver(aws: Double, folder: Path) -> None:
    """The export in S3, a manifest a month."""
    import boto3

    hub = boto3.client("sts").assume_role(RoleArn=f"arn:aws:iam::{bill.PAYER}:role/builder", RoleSessionName="builder")
    given = hub["Credentials"]
    s3 = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]).client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for month, file in bill.months(folder / "made").items():
        key = f"out/{EXPORT}/data/BILLING_PERIOD={month}/{EXPORT}-00001.snappy.parquet"
        s3.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())
        file.unlink()
        manifest = json.dumps({"dataFiles": [f"s3://{BUCKET}/{key}"]}).encode()
        key = f"out/{EXPORT}/metadata/BILLING_PERIOD={month}/{EXPORT}-Manifest.json"
        s3.put_object(Bucket=BUCKET, Key=key, Body=manifest)
    output = {"OutputType": "CUSTOM", "Format": "PARQUET", "Compression": "PARQUET", "Overwrite": "OVERWRITE_REPORT"}
    target = {"S3Bucket": BUCKET, "S3Prefix": "out", "S3Region": "us-east-1", "S3OutputConfigurations": output}
    export = {
        "Name": EXPORT,
        "DataQuery": {"QueryStatement": "SELECT * FROM FOCUS_1_2_AWS", "TableConfigurations": {"FOCUS_1_2_AWS": {}}},
        "DestinationConfigurations": {"S3Destination": target},
        "RefreshCadence": {"Frequency": "SYNCHRONOUS"},
    }
    arn = f"arn:aws:bcm-data-exports:us-east-1:{bill.PAYER}:export/{EXPORT}"
    listed = {"ExportArn": arn, "ExportName": EXPORT, "ExportStatus": {"StatusCode": "HEALTHY"}}
    aws.answer("bcm-data-exports", "ListExports", {"Exports": [listed]})
    aws.answer("bcm-data-exports", "GetExport", {"Export": export})


@cache
def instances_of(account: int) -> dict[str, Any]:
    """Sixty machines in each account."""
    found = [
        {
            "InstanceId": f"i-{account * 1000 + number:017}",
            "InstanceType": "m5.large",
            "State": {"Name": "running", "Code": 16},
            "LaunchTime": datetime(2025, 1, 1, tzinfo=UTC),
            "Architecture": "x86_64",
            "Tags": [{"Key": "team", "Value": bill.TEAMS[number % len(bill.TEAMS)]}],
        }
        for number in range(bill.MACHINES)
    ]
    return {"Reservations": [{"ReservationId": "r-1", "OwnerId": bill.account_id(account), "Instances": found}]}


@cache
def volumes_of(account: int) -> dict[str, Any]:
    """Forty disks in each account, the first of which has no machine."""
    found: list[dict[str, Any]] = []
    for number in range(bill.DISKS):
        holder = {"InstanceId": f"i-{account * 1000 + number:017}", "State": "attached", "Device": "/dev/sdf"}
        found.append(
            {
                "VolumeId": f"vol-{account * 1000 + number:017}",
                "Size": 100,
                "VolumeType": "gp3",
                "State": "in-use" if number else "available",
                "AvailabilityZone": "us-east-1a",
                "CreateTime": datetime(2025, 1, 1, tzinfo=UTC),
                "Attachments": [holder] if number else [],
            }
        )
    return {"Volumes": found}


@cache
def measured_of(asked: tuple[str, ...]) -> dict[str, Any]:
    """Half-busy machines, a value a day."""
    midnight = datetime.combine(bill.NOW.date(), time.min, UTC)
    times = [midnight - timedelta(days=back) for back in range(1, MEASURED_DAYS + 1)]
    return {
        "MetricDataResults": [
            {"Id": name, "Label": name, "Timestamps": times, "Values": [45.0] * len(times)} for name in asked
        ]
    }


if __name__ == "__main__":
    main()
