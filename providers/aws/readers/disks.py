"""EBS volumes and their snapshots; machine images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from analysis.estate import Disk
from analysis.kinds import Image, Snapshot
from providers.aws.readers import Place, Seen, Wanted, reader, tags_of

KEEPERS = {  # tags by which what looks after a snapshot says so
    "aws:backup:source-resource": "AWS Backup",
    "aws:dlm:lifecycle-policy-id": "Data Lifecycle Manager",
    "dlm:managed": "Data Lifecycle Manager",
}
STOPPED = ("stopped", "stopping")


@reader("disks", billed=("Elastic Compute Cloud", "EC2", "Elastic Block Store"))
def disks(place: Place) -> Iterator[Seen]:
    """Every volume; of those that nothing uses AWS tells no day of detachment, CloudWatch does."""
    stopped = {one["InstanceId"] for one in place.machines(*STOPPED)}
    for one in place.pages("ec2", "describe_volumes", "Volumes"):
        yield Seen(_disk(place, one, stopped), _wanted(one["VolumeId"]))


@reader("snapshots", billed=("Elastic Compute Cloud", "EC2", "Elastic Block Store"))
def snapshots(place: Place) -> Iterator[Seen]:
    """Every snapshot of one's own, and every image that is built of some."""
    images = place.client("ec2").describe_images(Owners=["self"]).get("Images", ())
    built = {
        device["Ebs"]["SnapshotId"]: one["ImageId"]
        for one in images
        for device in one.get("BlockDeviceMappings", ())
        if device.get("Ebs", {}).get("SnapshotId")
    }
    volumes = {one["VolumeId"] for one in place.pages("ec2", "describe_volumes", "Volumes")}
    for one in place.pages("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"]):
        yield Seen(_snapshot(place, one, built, volumes))
    used = _used(place) if images else Counter[str]()
    for one in images:
        yield Seen(_image(place, one, used[one["ImageId"]]))


def _disk(place: Place, one: Mapping[str, Any], stopped: set[str]) -> Disk:
    name, tags = one["VolumeId"], tags_of(one.get("Tags"))
    holder = next((each["InstanceId"] for each in one.get("Attachments", ()) if each.get("InstanceId")), None)
    created: date = one["CreateTime"].date()
    return Disk(
        **place.common(place.arn("ec2", f"volume/{name}"), tags.get("Name") or name, tags),
        size_gb=one["Size"],
        tier=one["VolumeType"],
        zone=one.get("AvailabilityZone", ""),
        attached_to=place.arn("ec2", f"instance/{holder}") if holder else None,
        idle_since=None if holder else created,
        holder_running=holder not in stopped,
        iops=one.get("Iops", 0) if one["VolumeType"] in ("io1", "io2", "gp3") else 0,
        throughput_mb=one.get("Throughput", 0),
        created=created,
    )


def _wanted(name: str) -> list[Wanted]:
    """What is read and written; a volume reports nothing, not even zeros, on days on which it is not attached."""
    return [Wanted("ops_per_day", "AWS/EBS", "VolumeReadOps+VolumeWriteOps", {"VolumeId": name}, "Sum", days=30)]


def _snapshot(place: Place, one: Mapping[str, Any], built: Mapping[str, str], volumes: set[str]) -> Snapshot:
    name, tags = one["SnapshotId"], tags_of(one.get("Tags"))
    return Snapshot(
        **place.common(place.arn("ec2", f"snapshot/{name}"), tags.get("Name") or name, tags),
        size_gb=one["VolumeSize"],
        of=one.get("VolumeId", ""),
        of_exists=one.get("VolumeId") in volumes,
        made_by=next((keeper for key, keeper in KEEPERS.items() if key in tags), ""),
        image=built.get(name, ""),
        tier=one.get("StorageTier", "standard"),
        created=one["StartTime"].date(),
        billed_as=(f"arn:{place.partition}:ec2:{place.region}::snapshot/{name}",),
    )


def _image(place: Place, one: Mapping[str, Any], used: int) -> Image:
    tags = tags_of(one.get("Tags"))
    made = [
        place.arn("ec2", f"snapshot/{device['Ebs']['SnapshotId']}")
        for device in one.get("BlockDeviceMappings", ())
        if device.get("Ebs", {}).get("SnapshotId")
    ]
    return Image(
        **place.common(place.arn("ec2", f"image/{one['ImageId']}"), one.get("Name") or one["ImageId"], tags),
        used_by=used,
        last_used=_day(one.get("LastLaunchedTime")),
        snapshots=tuple(made),
        created=_day(one.get("CreationDate")),
    )


def _used(place: Place) -> Counter[str]:
    """How many machines, templates and configurations start from each image."""
    found = Counter[str]()
    found.update(one["ImageId"] for one in place.machines() if one.get("ImageId"))
    for template in place.pages("ec2", "describe_launch_templates", "LaunchTemplates"):
        versions = place.client("ec2").describe_launch_template_versions(
            LaunchTemplateId=template["LaunchTemplateId"], Versions=["$Latest", "$Default"]
        )
        said = (one.get("LaunchTemplateData", {}).get("ImageId") for one in versions["LaunchTemplateVersions"])
        found.update(image for image in said if image)
    for one in place.pages("autoscaling", "describe_launch_configurations", "LaunchConfigurations"):
        found.update([one["ImageId"]] if one.get("ImageId") else [])
    return found


def _day(text: str | None) -> date | None:
    return datetime.fromisoformat(text).date() if text else None
