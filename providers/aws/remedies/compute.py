"""Machines, their disks, images and groups: the commands to act, and those that take it back."""

from __future__ import annotations

import json
import re

from analysis.findings import Finding, Fix
from providers.aws.remedies.grammar import (
    NAMES,
    SIZE,
    TIER,
    ZONE,
    account_of,
    name_of,
    numbers,
    region_of,
    tag_specification,
    writable,
)
from providers.shell import Unsafe, line, matching, steps, untouched

DAYS = "mon|tue|wed|thu|fri|sat|sun"
WINDOW = re.compile(
    rf"(?P<from>{DAYS})-(?P<to>{DAYS}) (?P<on>[0-2]\d:[0-5]\d)-(?P<off>[0-2]\d:[0-5]\d) (?P<zone>[A-Za-z_/+-]{{2,40}})",
    re.ASCII,
)


def delete_disk(finding: Finding) -> Fix:
    """A snapshot first, then the volume goes."""
    region, volume = region_of(finding), name_of(finding, "vol", "volume/")
    zone, _, tier = finding.remedy.source.partition(" ")
    zone, tier = matching(ZONE, zone), matching(TIER, tier)
    here = ("--region", region)
    wait = line("aws", "ec2", "wait", "snapshot-completed", *here, "--snapshot-ids") + ' "$snapshot"'
    create = line(
        *("aws", "ec2", "create-snapshot", *here, "--volume-id", volume),
        *("--description", f"{volume} before it was deleted", "--query", "SnapshotId", "--output", "text"),
    )
    newest = line(
        *("aws", "ec2", "describe-snapshots", *here, "--owner-ids", "self"),
        *("--filters", f"Name=volume-id,Values={volume}", "Name=status,Values=completed"),
        *("--query", "sort_by(Snapshots,&StartTime)[-1].SnapshotId", "--output", "text"),
    )
    tags = writable(finding.tags)
    undo = line("aws", "ec2", "create-volume", *here, "--availability-zone", zone, "--volume-type", tier)
    undo += f' --snapshot-id "$({newest})"'
    if tags:
        undo += " " + line("--tag-specifications", tag_specification("volume", tags))
    return Fix(
        act=steps(f"snapshot=$({create})", wait, line("aws", "ec2", "delete-volume", *here, "--volume-id", volume)),
        undo=undo,
        safety=f"Use credentials of account {account_of(finding)}. The volume goes only once its snapshot is complete; "
        "the snapshot is billed until you delete it. The undo makes a new volume id, with the default IOPS and "
        "throughput of its type." + untouched(finding.tags, tags),
    )


def retype_disk(finding: Finding) -> Fix:
    """Another tier, with the speed that it had."""
    region, volume = region_of(finding), name_of(finding, "vol", "volume/")
    return Fix(
        act=_retyped(region, volume, finding.remedy.target),
        undo=_retyped(region, volume, finding.remedy.source),
        safety=f"Use credentials of account {account_of(finding)}. The volume stays attached and in use while it "
        "changes, which takes minutes to hours. After a change it cannot be changed again for six hours: the undo "
        "waits as long.",
    )


def _retyped(region: str, volume: str, words: str) -> str:
    tier, _, speed = words.partition(" ")
    tier = matching(TIER, tier)
    given = numbers(speed, 0)
    options = [*(("--iops", given[0]) if given else ()), *(("--throughput", given[1]) if len(given) > 1 else ())]
    change = ("aws", "ec2", "modify-volume", "--region", region, "--volume-id", volume, "--volume-type", tier)
    return line(*change, *options)


def delete_snapshot(finding: Finding) -> Fix:
    """It goes for good, unless a Recycle Bin rule keeps it."""
    region, snapshot = region_of(finding), name_of(finding, "snap", "snapshot/")
    there = ("--region", region, "--snapshot-id", snapshot)
    return Fix(
        act=line("aws", "ec2", "delete-snapshot", *there),
        undo=line("aws", "ec2", "restore-snapshot-from-recycle-bin", *there),
        safety=f"Use credentials of account {account_of(finding)}. The undo works only if a Recycle Bin retention rule "
        "for EBS snapshots exists before you delete: look with `aws rbin list-rules --resource-type EBS_SNAPSHOT`. "
        "To keep it for less instead: `aws ec2 modify-snapshot-tier --storage-tier archive`. Snapshots are increments, "
        "so that what is saved can be less than what it is billed.",
    )


def retire_image(finding: Finding) -> Fix:
    """Disabled first: whoever misses it can have it back."""
    region, image = region_of(finding), name_of(finding, "ami", "image/")
    there = ("--region", region, "--image-id", image)
    return Fix(
        act=line("aws", "ec2", "disable-image", *there),
        undo=line("aws", "ec2", "enable-image", *there),
        safety=f"Use credentials of account {account_of(finding)}. A disabled image starts nothing and can be enabled "
        "again. The saving comes with the second step, after some quiet weeks: `aws ec2 deregister-image` and then "
        "`aws ec2 delete-snapshot` for each of its snapshots.",
    )


def stop_machine(finding: Finding) -> Fix:
    """Off, until it is started again."""
    region, instance = region_of(finding), name_of(finding, "i", "instance/")
    there = ("--region", region, "--instance-ids", instance)
    return Fix(
        act=line("aws", "ec2", "stop-instances", *there),
        undo=line("aws", "ec2", "start-instances", *there),
        safety=f"Use credentials of account {account_of(finding)}. A public IP that is not elastic changes, what is on "
        "instance store is lost, and its volumes go on being billed. An Auto Scaling group would replace it.",
    )


def resize_machine(finding: Finding) -> Fix:
    """Stopped, changed, started."""
    region, instance = region_of(finding), name_of(finding, "i", "instance/")
    new, old = matching(SIZE, finding.remedy.target), matching(SIZE, finding.remedy.source)
    return Fix(
        act=_resized(region, instance, new),
        undo=_resized(region, instance, old),
        safety=f"Use credentials of account {account_of(finding)}. It restarts (minutes of downtime); a public IP that "
        "is not elastic changes and what is on instance store is lost. Check first that its image's architecture, "
        "its drivers and its number of network interfaces fit the new size.",
    )


def _resized(region: str, instance: str, size: str) -> str:
    there = ("--region", region, "--instance-ids", instance)
    return steps(
        line("aws", "ec2", "stop-instances", *there),
        line("aws", "ec2", "wait", "instance-stopped", *there),
        line(
            *("aws", "ec2", "modify-instance-attribute", "--region", region, "--instance-id", instance),
            *("--instance-type", f"Value={size}"),
        ),
        line("aws", "ec2", "start-instances", *there),
    )


def end_machine(finding: Finding) -> Fix:
    """An image first, then it is terminated; its volumes go with it, or on their own."""
    region, instance = region_of(finding), name_of(finding, "i", "instance/")
    size = matching(SIZE, finding.remedy.source)
    here = ("--region", region)
    create = line(
        *("aws", "ec2", "create-image", *here, "--instance-id", instance, "--name", f"{instance}-before-its-end"),
        *("--no-reboot", "--query", "ImageId", "--output", "text"),
    )
    find = line(
        *("aws", "ec2", "describe-images", *here, "--owners", "self"),
        *("--filters", f"Name=name,Values={instance}-before-its-end"),
        *("--query", "Images[0].ImageId", "--output", "text"),
    )
    tags = writable(finding.tags)
    undo = (
        line("aws", "ec2", "run-instances", *here, "--count", "1", "--instance-type", size) + f' --image-id "$({find})"'
    )
    if tags:
        undo += " " + line("--tag-specifications", tag_specification("instance", tags))
    return Fix(
        act=steps(
            f"image=$({create})",
            line("aws", "ec2", "wait", "image-available", *here, "--image-ids") + ' "$image"',
            line("aws", "ec2", "terminate-instances", *here, "--instance-ids", instance),
        ),
        undo=undo,
        safety=f"Use credentials of account {account_of(finding)}. Volumes without DeleteOnTermination stay and are "
        "billed: delete them after it. Elastic IPs are released by hand. The undo makes a new instance: give it "
        "its subnet, security groups and role again." + untouched(finding.tags, tags),
    )


def schedule_machine(finding: Finding) -> Fix:
    """Two schedules: one that starts it, one that stops it."""
    region, instance = region_of(finding), name_of(finding, "i", "instance/")
    account = account_of(finding)
    found = WINDOW.fullmatch(finding.remedy.target)
    if found is None:
        raise Unsafe(finding.remedy.target)
    days = f"{found['from'].upper()}-{found['to'].upper()}"
    role = f"arn:aws:iam::{account}:role/instance-schedule"
    made = [
        _schedule(region, f"{instance}-{verb}", days, found[at], found["zone"], f"{verb}Instances", instance, role)
        for verb, at in (("start", "on"), ("stop", "off"))
    ]
    gone = [
        line("aws", "scheduler", "delete-schedule", "--region", region, "--name", f"{instance}-{verb}")
        for verb in ("start", "stop")
    ]
    return Fix(
        act=steps(*made),
        undo=steps(*gone, line("aws", "ec2", "start-instances", "--region", region, "--instance-ids", instance)),
        safety=f"Use credentials of account {account}. It needs the role instance-schedule there, which EventBridge "
        "Scheduler may assume and which may start and stop this instance. A public IP that is not elastic changes at "
        "each start; its volumes are billed on.",
    )


def _schedule(  # noqa: PLR0913, PLR0917
    region: str, name: str, days: str, at: str, zone: str, call: str, instance: str, role: str
) -> str:
    hour, minute = at.split(":")
    target = {
        "Arn": f"arn:aws:scheduler:::aws-sdk:ec2:{call}",
        "RoleArn": role,
        "Input": json.dumps({"InstanceIds": [instance]}),
    }
    return line(
        *("aws", "scheduler", "create-schedule", "--region", region, "--name", name),
        *("--schedule-expression", f"cron({int(minute)} {int(hour)} ? * {days} *)"),
        *("--schedule-expression-timezone", zone, "--flexible-time-window", "Mode=OFF"),
        *("--target", json.dumps(target)),
    )


def empty_group(finding: Finding) -> Fix:
    """No machine wanted; the group stays."""
    name = finding.resource_id.rpartition("autoScalingGroupName/")[2]
    group, region = matching(NAMES["group"], name), region_of(finding)
    least, wanted = numbers(finding.remedy.source, 2)[:2]
    there = ("aws", "autoscaling", "update-auto-scaling-group", "--region", region, "--auto-scaling-group-name", group)
    return Fix(
        act=line(*there, "--min-size", "0", "--desired-capacity", "0"),
        undo=line(*there, "--min-size", least, "--desired-capacity", wanted),
        safety=f"Use credentials of account {account_of(finding)}. All of its machines are terminated, and made anew "
        "by the undo: what they hold on their own disks is lost. Scheduled actions of the group may start it again.",
    )


def cancel_capacity(finding: Finding) -> Fix:
    """It ends; the same may not be had again."""
    region, reservation = region_of(finding), name_of(finding, "cr", "capacity-reservation/")
    size, _, count = finding.remedy.source.partition(" ")
    size, held = matching(SIZE, size), numbers(count)[0]
    return Fix(
        act=line(
            "aws", "ec2", "cancel-capacity-reservation", "--region", region, "--capacity-reservation-id", reservation
        ),
        undo=line(
            *("aws", "ec2", "create-capacity-reservation", "--region", region, "--instance-type", size),
            *("--instance-count", held, "--instance-platform", "Linux/UNIX"),
            *("--availability-zone", f"{region}a"),
        ),
        safety=f"Use credentials of account {account_of(finding)}. The capacity may not be there again when you want "
        "it back. Set zone and platform in the undo to what it had.",
    )
