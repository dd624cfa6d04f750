"""The AWS CLI commands that end a finding, and those that take it back.

Syntax of the AWS CLI v2 (``aws ec2 … help``); ids by the patterns of the EC2 API: 8 or 17 hexadecimal digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from analysis.findings import Action, Finding, Fix
from analysis.tagging import TagChange
from providers.shell import Unsafe, line, matching, steps, untouched, withheld

ARN = re.compile(
    r"(?:arn:aws(?:-cn|-us-gov)?:ec2:(?P<region>[a-z0-9-]+):[0-9]{12}:(?:volume|instance)/)?"
    r"(?P<id>(?:vol|i)-(?:[0-9a-f]{8}|[0-9a-f]{17}))",
    re.ASCII,
)
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+){1,2}-[0-9]{1,2}", re.ASCII)
ZONE = re.compile(r"[a-z]{2}(?:-[a-z0-9]+){2,5}[a-z]", re.ASCII)
TIER = re.compile(r"gp2|gp3|io1|io2|st1|sc1|standard", re.ASCII)
SIZE = re.compile(r"[a-z][a-z0-9-]{1,20}\.[a-z0-9-]{2,20}", re.ASCII)
ANY_ARN = re.compile(
    r"arn:aws(?:-cn|-us-gov)?:[a-z0-9-]{2,40}:(?P<region>[a-z0-9-]*):(?P<account>[0-9]{12})?:[A-Za-z0-9_.:/+=@-]{1,1000}",
    re.ASCII,
)  # of any service
EC2_ID = re.compile(r"(?P<kind>vol|i)-(?:[0-9a-f]{8}|[0-9a-f]{17})", re.ASCII)
EC2_KINDS = {"vol": "volume", "i": "instance"}
ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
GLOBAL_REGION = "us-east-1"  # where what belongs to no region is tagged
TAG_KEY = re.compile(r"(?!-|(?i:aws:))[A-Za-z0-9 _.:/=+@-]{1,128}", re.ASCII)
TAG_WORD = re.compile(r"[A-Za-z0-9 _.:/=+@-]{1,256}", re.ASCII)  # the characters that every AWS service takes


def fix(finding: Finding) -> Fix:
    """The commands of one finding; withheld when a name in it does not follow AWS's grammar."""
    try:
        return FIXES[finding.remedy.action](finding)
    except Unsafe as unsafe:
        return withheld(unsafe)


def _delete_disk(finding: Finding) -> Fix:
    region, volume = _target(finding, "vol-")
    zone, tier = _place(finding)
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
    tags = _writable(finding.tags)
    undo = line("aws", "ec2", "create-volume", *here, "--availability-zone", zone, "--volume-type", tier)
    undo += f' --snapshot-id "$({newest})"'
    if tags:
        undo += " " + line("--tag-specifications", _tag_specification(tags))
    return Fix(
        act=steps(f"snapshot=$({create})", wait, line("aws", "ec2", "delete-volume", *here, "--volume-id", volume)),
        undo=undo,
        safety=f"Use credentials of account {_account(finding)}. The volume goes only once its snapshot is complete; "
        "the snapshot is billed until you delete it. The undo makes a new volume id, with the default IOPS and "
        "throughput of its type." + untouched(finding.tags, tags),
    )


def _stop_machine(finding: Finding) -> Fix:
    region, instance = _target(finding, "i-")
    there = ("--region", region, "--instance-ids", instance)
    return Fix(
        act=line("aws", "ec2", "stop-instances", *there),
        undo=line("aws", "ec2", "start-instances", *there),
        safety=f"Use credentials of account {_account(finding)}. A public IP that is not elastic changes, what is on "
        "instance store is lost, and its volumes go on being billed. An Auto Scaling group would replace it.",
    )


def _resize_machine(finding: Finding) -> Fix:
    region, instance = _target(finding, "i-")
    new, old = matching(SIZE, finding.remedy.target), matching(SIZE, finding.remedy.source)
    return Fix(
        act=_resized(region, instance, new),
        undo=_resized(region, instance, old),
        safety=f"Use credentials of account {_account(finding)}. It restarts (minutes of downtime); a public IP that "
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


def tag_fix(change: TagChange) -> Fix:
    """The command that tags resources of any service; withheld when a name does not follow AWS's grammar."""
    try:
        region = matching(REGION, change.region or GLOBAL_REGION)
        account = matching(ACCOUNT, change.account)
        key, value = matching(TAG_KEY, change.key), matching(TAG_WORD, change.value)
        arns = [_arn(one, region, account) for one in change.resource_ids]
    except Unsafe as unsafe:
        return withheld(unsafe)
    there = ("--region", region, "--resource-arn-list", *arns)
    tagging = ("aws", "resourcegroupstaggingapi")
    return Fix(
        act=line(*tagging, "tag-resources", *there, "--tags", json.dumps({key: value})),
        undo=line(*tagging, "untag-resources", *there, "--tag-keys", key),
        safety=f"Use credentials of account {account}. A tag counts in the bill from the day it is set, once it is "
        "activated as a cost allocation tag. Resources that come from a template are tagged there, or it drifts.",
    )


FIXES: Mapping[Action, Callable[[Finding], Fix]] = {
    Action.DELETE_DISK: _delete_disk,
    Action.STOP_MACHINE: _stop_machine,
    Action.RESIZE_MACHINE: _resize_machine,
}


def _target(finding: Finding, prefix: str) -> tuple[str, str]:
    """Region and bare id, as the ARN says or else the finding does."""
    matched = ARN.fullmatch(finding.resource_id)
    if matched is None or not matched["id"].startswith(prefix):
        raise Unsafe(finding.resource_id)
    return matching(REGION, matched["region"] or finding.region), matched["id"]


def _arn(name: str, region: str, account: str) -> str:
    """The ARN of a resource; exports that name machines and disks by their bare id mean one of that place.

    Raises:
        Unsafe: it is neither.
    """
    if bare := EC2_ID.fullmatch(name):
        cloud = {"cn": "aws-cn"}.get(region[:2], "aws-us-gov" if region.startswith("us-gov-") else "aws")
        return f"arn:{cloud}:ec2:{region}:{account}:{EC2_KINDS[bare['kind']]}/{name}"
    return matching(ANY_ARN, name)


def _place(finding: Finding) -> tuple[str, str]:
    """Zone and tier to restore a volume with, of a source like ``us-east-1a gp3``."""
    zone, _, tier = finding.remedy.source.partition(" ")
    return matching(ZONE, zone), matching(TIER, tier)


def _account(finding: Finding) -> str:
    return matching(ACCOUNT, finding.account)


def _writable(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that a command may set; ``aws:`` is AWS's own."""
    return {
        key: value
        for key, value in tags.items()
        if TAG_WORD.fullmatch(key) and (not value or TAG_WORD.fullmatch(value)) and not key.lower().startswith("aws:")
    }


def _tag_specification(tags: Mapping[str, str]) -> str:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    return json.dumps([{"ResourceType": "volume", "Tags": pairs}])
