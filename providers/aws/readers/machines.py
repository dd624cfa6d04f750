"""EC2 instances and the groups that make them; capacity that is held free."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from analysis.estate import Machine, Size
from analysis.kinds import CapacityReservation, ScalingGroup
from analysis.money import Money
from providers.aws.readers import Place, Seen, Wanted, reader, tags_of

SINCE = re.compile(r"\((\d{4}-\d{2}-\d{2}) ")  # "User initiated (2026-10-01 12:00:00 GMT)"
ALIVE = ("pending", "running", "stopping", "stopped")
GROUP = "aws:autoscaling:groupName"
ARM = "arm64"


@reader("machines", billed=("Elastic Compute Cloud", "EC2"))
def machines(place: Place) -> Iterator[Seen]:
    """Every instance that is not gone."""
    addresses = _addresses(place)
    for one in place.machines(*ALIVE):
        yield Seen(_machine(place, one, addresses), _wanted(one["InstanceId"]))


@reader("scaling-groups", billed=("Elastic Compute Cloud", "EC2"))
def groups(place: Place) -> Iterator[Seen]:
    """Auto Scaling groups, and capacity reservations."""
    for one in place.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"):
        members = tuple(place.arn("ec2", f"instance/{each['InstanceId']}") for each in one.get("Instances", ()))
        yield Seen(
            ScalingGroup(
                **place.common(one["AutoScalingGroupARN"], one["AutoScalingGroupName"], tags_of(one.get("Tags"))),
                smallest=one["MinSize"],
                wanted=one["DesiredCapacity"],
                members=members,
                created=one["CreatedTime"].date(),
            )
        )
    active = [{"Name": "state", "Values": ["active"]}]
    for one in place.pages("ec2", "describe_capacity_reservations", "CapacityReservations", Filters=active):
        arn = place.arn("ec2", f"capacity-reservation/{one['CapacityReservationId']}")
        tags = tags_of(one.get("Tags"))
        yield Seen(
            CapacityReservation(
                **place.common(arn, tags.get("Name") or one["CapacityReservationId"], tags),
                size=one["InstanceType"],
                held=one["TotalInstanceCount"],
                unused=one["AvailableInstanceCount"],
                created=one["CreateDate"].date() if "CreateDate" in one else None,
            )
        )


def _machine(place: Place, one: Mapping[str, Any], addresses: Mapping[str, list[str]]) -> Machine:
    name, kind, tags = one["InstanceId"], one["InstanceType"], tags_of(one.get("Tags"))
    system = one.get("PlatformDetails") or "Linux/UNIX"
    known = place.prices.machine(kind, place.region, system)
    arm = one.get("Architecture") == ARM
    volumes = [
        device["Ebs"]["VolumeId"]
        for device in one.get("BlockDeviceMappings", ())
        if device.get("Ebs", {}).get("VolumeId")
    ]
    running = one["State"]["Name"] in ("pending", "running")
    return Machine(
        **place.common(place.arn("ec2", f"instance/{name}"), tags.get("Name") or name, tags),
        size=known or Size(name=kind, vcpus=_vcpus(one), memory_gb=0.0, hourly=Money.zero("USD")),
        running=running,
        smaller=place.prices.machines_like(kind, place.region, system),
        successor=place.prices.newer_machine(kind, place.region, system),
        arm=None if arm else place.prices.arm_machine(kind, place.region, system),
        since=one["LaunchTime"].date() if running else None,
        stopped_since=None if running else _since(one),
        spot=one.get("InstanceLifecycle") == "spot",
        group=tags.get(GROUP, ""),
        holds=(*(place.arn("ec2", f"volume/{volume}") for volume in volumes), *addresses.get(name, ())),
        created=min((_attached(one), one["LaunchTime"].date())),
    )


def _wanted(name: str) -> list[Wanted]:
    of = {"InstanceId": name}
    return [
        Wanted("cpu_percent", "AWS/EC2", "CPUUtilization", of, "Average", days=30),
        Wanted("network_mb_per_day", "AWS/EC2", "NetworkIn+NetworkOut", of, "Sum", days=30, scale=1e-6),
        Wanted("memory_percent", "CWAgent", "mem_used_percent", of, "Average", days=30),
    ]


def _addresses(place: Place) -> dict[str, list[str]]:
    """The Elastic IPs of each instance."""
    found: dict[str, list[str]] = {}
    for one in place.client("ec2").describe_addresses().get("Addresses", ()):
        if one.get("InstanceId") and one.get("AllocationId"):
            found.setdefault(one["InstanceId"], []).append(place.arn("ec2", f"elastic-ip/{one['AllocationId']}"))
    return found


def _vcpus(one: Mapping[str, Any]) -> int:
    options = one.get("CpuOptions") or {}
    return int(options.get("CoreCount", 1)) * int(options.get("ThreadsPerCore", 1))


def _since(one: Mapping[str, Any]) -> date | None:
    matched = SINCE.search(one.get("StateTransitionReason", ""))
    return date.fromisoformat(matched[1]) if matched else None


def _attached(one: Mapping[str, Any]) -> date:
    """When its root volume was attached: the launch time changes with each start, this does not."""
    moments: list[datetime] = [
        device["Ebs"]["AttachTime"]
        for device in one.get("BlockDeviceMappings", ())
        if device.get("Ebs", {}).get("AttachTime")
    ]
    return min(moments).date() if moments else one["LaunchTime"].date()
