"""The AWS half of the sample company, as it would stand in AWS: accounts, machines, disks, measurements, its export."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3

from analysis.estate import Disk, Machine
from providers.provider import Billed
from providers.sample import SampleFolder, SampleProvider
from providers.sample.company import ACCOUNTS, AWS, COMMITMENTS, FAMILIES, US_AWS
from tests.aws.double import Double, Request
from tests.builders import quietly

PAYER = US_AWS.id
BUCKET, EXPORT = "apex-bill", "apex-focus"
HUB = f"arn:aws:iam::{PAYER}:role/pitcrew-read"
MEMBER = "arn:aws:iam::{account}:role/pitcrew-read"
NAMES = {account.id: account.name for account in ACCOUNTS[AWS]}


def stand_up(aws: Double, folder: SampleFolder) -> None:
    """All of it; boto3's environment must point at the double."""
    _organization(aws)
    _bill(aws, folder)
    estate = SampleProvider(folder).inventory(datetime.combine(folder.as_of, time(), UTC), Billed(), quietly).resources
    for account, region in sorted({(one.account, one.region) for one in estate if one.cloud == AWS}):
        here = [one for one in estate if (one.cloud, one.account, one.region) == (AWS, account, region)]
        _machines(aws, [one for one in here if isinstance(one, Machine)], account, region)
        _disks(aws, [one for one in here if isinstance(one, Disk)], account, region)
    machines = {one.id.rsplit("/", 1)[-1]: one for one in estate if isinstance(one, Machine) and one.cloud == AWS}
    aws.answer("cloudwatch", "GetMetricData", partial(_measured, machines, folder.as_of))
    _rest(aws)


def client(service: str, account: str, region: str = "us-east-1") -> Any:
    """A client in one of its accounts."""
    role = MEMBER.replace("{account}", account)
    given = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="builder")["Credentials"]
    keys = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return boto3.Session(*keys, region_name=region).client(service)


def _organization(aws: Double) -> None:
    payer = client("organizations", PAYER)
    payer.create_organization(FeatureSet="ALL")
    for name in NAMES.values():
        payer.create_account(AccountName=name, Email=f"{name}@example.com")
    backend = aws.backend("organizations", PAYER, "aws")
    for one in backend.accounts:
        one.id = next((id_ for id_, name in NAMES.items() if name == one.name), one.id)


def _bill(aws: Double, folder: SampleFolder) -> None:
    """FOCUS files in S3, with a manifest a month."""
    s3 = client("s3", PAYER)
    s3.create_bucket(Bucket=BUCKET)
    for cloud, period, files in folder.billing():
        if cloud != AWS:
            continue
        month = f"BILLING_PERIOD={period[:7]}"
        keys = [f"finops/{EXPORT}/data/{month}/{file.name}" for file in files]
        for key, file in zip(keys, files, strict=True):
            s3.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())
        manifest = json.dumps({"dataFiles": [f"s3://{BUCKET}/{key}" for key in keys]})
        s3.put_object(
            Bucket=BUCKET, Key=f"finops/{EXPORT}/metadata/{month}/{EXPORT}-Manifest.json", Body=manifest.encode()
        )
    arn = f"arn:aws:bcm-data-exports:us-east-1:{PAYER}:export/{EXPORT}"
    output = {"OutputType": "CUSTOM", "Format": "PARQUET", "Compression": "PARQUET", "Overwrite": "OVERWRITE_REPORT"}
    target = {"S3Bucket": BUCKET, "S3Prefix": "finops", "S3Region": "us-east-1", "S3OutputConfigurations": output}
    export = {
        "Name": EXPORT,
        "DataQuery": {"QueryStatement": "SELECT * FROM FOCUS_1_2_AWS", "TableConfigurations": {"FOCUS_1_2_AWS": {}}},
        "DestinationConfigurations": {"S3Destination": target},
        "RefreshCadence": {"Frequency": "SYNCHRONOUS"},
    }
    listed = {"ExportArn": arn, "ExportName": EXPORT, "ExportStatus": {"StatusCode": "HEALTHY"}}
    aws.answer("bcm-data-exports", "ListExports", {"Exports": [listed]})
    aws.answer("bcm-data-exports", "GetExport", {"Export": export})


def _machines(aws: Double, machines: Sequence[Machine], account: str, region: str) -> None:
    ec2 = client("ec2", account, region)
    image = ec2.register_image(Name="base", RootDeviceName="/dev/sda1")["ImageId"]
    backend = aws.backend("ec2", account, region)
    for one in machines:
        made = ec2.run_instances(ImageId=image, InstanceType=one.size.name, MinCount=1, MaxCount=1)["Instances"][0]
        if not one.running:
            ec2.stop_instances(InstanceIds=[made["InstanceId"]])
        instance = backend.get_instance(made["InstanceId"])
        instance.id = one.id.rsplit("/", 1)[-1]
        for mapping in instance.block_device_mapping.values():
            backend.volumes.pop(mapping.volume_id, None)
        instance.block_device_mapping.clear()
        _tagged(backend, instance.id, one)


def _disks(aws: Double, disks: Sequence[Disk], account: str, region: str) -> None:
    from moto.ec2.models.elastic_block_store import VolumeAttachment

    ec2, backend = client("ec2", account, region), aws.backend("ec2", account, region)
    for one in disks:
        iops = {"Iops": 3_000} if one.tier == "io2" else {}
        made = ec2.create_volume(AvailabilityZone=one.zone, Size=one.size_gb, VolumeType=one.tier, **iops)["VolumeId"]
        volume = backend.volumes.pop(made)
        volume.id = one.id.rsplit("/", 1)[-1]
        backend.volumes[volume.id] = volume
        if one.attached_to:
            name = one.attached_to.rsplit("/", 1)[-1]
            holder = SimpleNamespace(id=name if name.startswith("i-") else "i-0123456789abcdef0")
            volume.attachment = VolumeAttachment(volume, holder, "/dev/sdf", "attached")  # type: ignore[abstract]
        else:
            begin = one.idle_since or date(2026, 1, 1)
            volume.create_time = f"{begin:%Y-%m-%dT00:00:00.000Z}"
        _tagged(backend, volume.id, one)


def _tagged(backend: Any, name: str, one: Disk | Machine) -> None:
    tags = {"Name": one.name, **one.tags}
    backend.create_tags([name], tags)


def _measured(machines: Mapping[str, Machine], as_of: date, request: Request) -> dict[str, Any]:
    """What each machine did, a value a day; moto looks through all of an account's values for each metric asked."""
    results = []
    for asked in request.parameters["MetricDataQueries"]:
        stat = asked["MetricStat"]
        machine = machines.get(stat["Metric"]["Dimensions"][0]["Value"])
        name, scale = MEASURED.get((stat["Metric"]["Namespace"], stat["Metric"]["MetricName"]), ("", 1.0))
        metric = machine.metrics.get(name) if machine else None
        days = range(1, metric.days + 1) if metric else ()
        values = [
            (metric.maximum if stat["Stat"] == "Maximum" and back == 1 else metric.average) / scale
            for back in days
            if metric
        ]
        times = [datetime.combine(as_of - timedelta(days=back), time(12), UTC) for back in days]
        results.append({"Id": asked["Id"], "Label": asked["Id"], "Timestamps": times, "Values": values})
    return {"MetricDataResults": results}


MEASURED = {  # as CloudWatch calls it, what the estate calls it, and how much of the former is one of the latter
    ("AWS/EC2", "CPUUtilization"): ("cpu_percent", 1.0),
    ("CWAgent", "mem_used_percent"): ("memory_percent", 1.0),
    ("AWS/EC2", "NetworkIn"): ("network_mb_per_day", 1e-6),
}


def _rest(aws: Double) -> None:
    """The price list, the commitments, and what AWS itself says: nothing, since nothing is switched on."""
    aws.answer("pricing", "GetProducts", _products)
    plan = COMMITMENTS[AWS]
    starts, ends = plan.term(date(2026, 11, 18))
    said = {"savingsPlanArn": plan.id, "state": "active", "savingsPlanType": "Compute", "paymentOption": "No Upfront"}
    span = {"start": f"{starts}T00:00:00.000Z", "end": f"{ends}T00:00:00.000Z"}
    aws.answer("savingsplans", "DescribeSavingsPlans", {"savingsPlans": [said | span]})
    aws.answer("ec2", "DescribeCapacityReservations", {"CapacityReservations": []})
    aws.answer("cur", "DescribeReportDefinitions", {"ReportDefinitions": []})
    aws.answer("ce", "GetAnomalies", {"Anomalies": []})
    for service in ("cost-optimization-hub", "compute-optimizer", "trustedadvisor"):
        aws.fault(service, kind="denied", times=None)


def _products(request: Request) -> dict[str, Any]:
    """The sample company's own price list, in AWS's words."""
    wanted = {one["Field"]: one["Value"] for one in request.parameters["Filters"]}
    family = wanted["instanceType"].rstrip(".")
    sizes = [size for sizes in FAMILIES[AWS] for size in sizes if size.name.rpartition(".")[0] == family]
    return {"FormatVersion": "aws_v1", "PriceList": [json.dumps(_product(one)) for one in sizes]}


def _product(size: Any) -> dict[str, Any]:
    said = {"instanceType": size.name, "vcpu": str(size.vcpus), "memory": f"{size.memory_gb} GiB"}
    price = {"unit": "Hrs", "pricePerUnit": {"USD": str(Decimal(size.hourly))}}
    return {"product": {"attributes": said}, "terms": {"OnDemand": {"a": {"priceDimensions": {"b": price}}}}}
