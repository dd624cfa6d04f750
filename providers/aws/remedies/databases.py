"""Databases, caches, warehouses and tables: the commands to act, and those that take it back."""

from __future__ import annotations

import re

from analysis.findings import Finding, Fix
from providers.aws.remedies.grammar import (
    ARN,
    SIZE,
    TIER,
    VERSION,
    account_of,
    made_again,
    name_of,
    numbers,
    region_of,
)
from providers.shell import Unsafe, line, matching, steps

DOMAIN = (  # what CreateDomain takes of what DescribeDomain tells
    ".DomainStatus | {DomainName, EngineVersion, ClusterConfig, EBSOptions, AccessPolicies, IPAddressType, "
    "EncryptionAtRestOptions, NodeToNodeEncryptionOptions, AdvancedOptions, "
    "VPCOptions: (if .VPCOptions then .VPCOptions "
    "| {SubnetIds, SecurityGroupIds: (.SecurityGroupIds // [])} else null end)}"
)
STORAGE = re.compile(r"aurora-iopt1|aurora", re.ASCII)
WINDOW = re.compile(r"mon-fri (?P<on>[0-2][0-9]:[0-5][0-9])-(?P<off>[0-2][0-9]:[0-5][0-9]) UTC", re.ASCII)


def _there(finding: Finding) -> tuple[str, ...]:
    name = name_of(finding, "rds", "db:")
    return ("--region", region_of(finding), "--db-instance-identifier", name)


def _use(finding: Finding) -> str:
    return f"Use credentials of account {account_of(finding)}. "


def stop_database(finding: Finding) -> Fix:
    """Stopped; AWS starts it again after seven days."""
    there = _there(finding)
    return Fix(
        act=line("aws", "rds", "stop-db-instance", *there),
        undo=line("aws", "rds", "start-db-instance", *there),
        safety=_use(finding) + "AWS starts it again after seven days, and bills its storage all the while. If nobody "
        "missed it: `aws rds delete-db-instance` with `--final-db-snapshot-identifier`. Members of Aurora clusters and "
        "databases with replicas cannot be stopped alone.",
    )


def resize_database(finding: Finding) -> Fix:
    """Another class, in the next maintenance window."""
    there = _there(finding)
    new, old = matching(SIZE, finding.remedy.target), matching(SIZE, finding.remedy.source)
    change = ("aws", "rds", "modify-db-instance", *there, "--db-instance-class")
    return Fix(
        act=line(*change, new, "--no-apply-immediately"),
        undo=line(*change, old, "--no-apply-immediately"),
        safety=_use(finding)
        + "It restarts in its next maintenance window: minutes in one zone, seconds with a standby. "
        "Less memory is less cache: look at its read latency afterwards. Check that the engine's version has it.",
    )


def retype_database(finding: Finding) -> Fix:
    """Another kind of storage, while it works."""
    there = _there(finding)
    was, _, iops = finding.remedy.source.partition(" ")
    new, old = matching(TIER, finding.remedy.target), matching(TIER, was)
    given = numbers(iops, 0)
    change = ("aws", "rds", "modify-db-instance", *there, "--storage-type")
    return Fix(
        act=line(*change, new, "--apply-immediately"),
        undo=line(*change, old, *(("--iops", given[0]) if given else ()), "--apply-immediately"),
        safety=_use(finding)
        + "It stays up; the change can take hours and slows it a little. It cannot be changed again "
        "for six hours. Storage never shrinks.",
    )


def upgrade_database(finding: Finding) -> Fix:
    """A major version, after a snapshot; there is no way back but the snapshot."""
    arn = ARN.fullmatch(finding.resource_id)
    cluster = bool(arn and arn["name"].startswith("cluster:"))
    name, region = name_of(finding, "rds", "cluster:" if cluster else "db:"), region_of(finding)
    version = matching(VERSION, finding.remedy.target) if finding.remedy.target else ""
    kind, short = ("db-cluster", "db-cluster") if cluster else ("db-instance", "db")
    there = ("--region", region, f"--{kind}-identifier", name)
    kept = (f"--{short}-snapshot-identifier", f"{name}-before-upgrade")
    answer = "DBClusters[0].EngineVersion" if cluster else "DBInstances[0].EngineVersion"
    change = ("aws", "rds", f"modify-{kind}", *there, "--allow-major-version-upgrade", "--no-apply-immediately")
    last = (
        (*change, "--engine-version", version)
        if version
        else ("aws", "rds", f"describe-{kind}s", *there, "--query", answer)
    )
    to = (
        ""
        if version
        else f" Then change it, to a version that is in standard support: aws rds modify-{kind} --engine-version."
    )
    return Fix(
        act=steps(
            line("aws", "rds", f"create-{short}-snapshot", *there, *kept),
            line("aws", "rds", "wait", f"{short}-snapshot-available", "--region", region, *kept),
            line(*last),
        ),
        undo=_restored(region, name, cluster=cluster),
        safety=_use(finding)
        + "A major version has no way back but the snapshot, which the undo restores under another "
        f"name. Try it on a copy first.{to}",
    )


def _restored(region: str, name: str, *, cluster: bool) -> str:
    """The database as it was, under another name."""
    here, again, kept = ("--region", region), f"{name}-restored", f"{name}-before-upgrade"
    if not cluster:
        there = ("--db-instance-identifier", again, "--db-snapshot-identifier", kept)
        return line("aws", "rds", "restore-db-instance-from-db-snapshot", *here, *there)
    engine = line(
        *("aws", "rds", "describe-db-cluster-snapshots", *here, "--db-cluster-snapshot-identifier", kept),
        *("--query", "DBClusterSnapshots[0].Engine", "--output", "text"),
    )
    there = ("--db-cluster-identifier", again, "--snapshot-identifier", kept)
    return line("aws", "rds", "restore-db-cluster-from-snapshot", *here, *there) + f' --engine "$({engine})"'


def one_zone_database(finding: Finding) -> Fix:
    """Without its standby."""
    there = _there(finding)
    change = ("aws", "rds", "modify-db-instance", *there)
    return Fix(
        act=line(*change, "--no-multi-az", "--apply-immediately"),
        undo=line(*change, "--multi-az", "--apply-immediately"),
        safety=_use(finding)
        + "It stays up. Without a standby a failure of its zone, and each maintenance, is downtime.",
    )


def switch_database_storage(finding: Finding) -> Fix:
    """Aurora's other way of paying for storage."""
    name = name_of(finding, "rds", "cluster:")
    new, old = matching(STORAGE, finding.remedy.target), matching(STORAGE, finding.remedy.source)
    change = (
        *("aws", "rds", "modify-db-cluster", "--region", region_of(finding), "--db-cluster-identifier", name),
        "--storage-type",
    )
    return Fix(
        act=line(*change, new, "--apply-immediately"),
        undo=line(*change, old, "--apply-immediately"),
        safety=_use(finding)
        + "There is no downtime. To I/O-Optimized it can be changed once in 30 days, back at any time.",
    )


def delete_database_snapshot(finding: Finding) -> Fix:
    """It goes for good."""
    arn = ARN.fullmatch(finding.resource_id)
    cluster = bool(arn and arn["name"].startswith("cluster-snapshot:"))
    name = name_of(finding, "rds-snapshot", "cluster-snapshot:" if cluster else "snapshot:")
    region = region_of(finding)
    kind = "db-cluster-snapshot" if cluster else "db-snapshot"
    return Fix(
        act=line("aws", "rds", f"delete-{kind}", "--region", region, f"--{kind}-identifier", name),
        undo=line(
            *("aws", "rds", f"copy-{kind}", "--region", region, f"--source-{kind}-identifier", name),
            *(f"--target-{kind}-identifier", f"{name}-kept"),
        ),
        safety=_use(finding)
        + "There is no way back after it: run the undo BEFORE it if you want a copy (billed as well), "
        "or export it to S3 with `aws rds start-export-task`.",
    )


def delete_cache(finding: Finding) -> Fix:
    """A last snapshot, then it goes."""
    arn = ARN.fullmatch(finding.resource_id)
    region, path = region_of(finding), arn["name"] if arn else ""
    if arn and arn["service"] == "memorydb":
        name = name_of(finding, "cache", "cluster/")
        kept = ("--final-snapshot-name", f"{name}-last")
        return Fix(
            act=line("aws", "memorydb", "delete-cluster", "--region", region, "--cluster-name", name, *kept),
            undo=line("aws", "memorydb", "describe-snapshots", "--region", region, "--snapshot-name", f"{name}-last"),
            safety=_use(finding)
            + "Restore with `aws memorydb create-cluster --snapshot-name`, with the node type and the "
            "access list that the undo's answer tells. Its endpoint changes.",
        )
    group = path.startswith("replicationgroup:")
    name = name_of(finding, "cache", "replicationgroup:" if group else "cluster:")
    last = f"{name}-last"
    verb, option = (
        ("delete-replication-group", "--replication-group-id")
        if group
        else ("delete-cache-cluster", "--cache-cluster-id")
    )
    again, again_option = (
        ("create-replication-group", "--replication-group-id")
        if group
        else ("create-cache-cluster", "--cache-cluster-id")
    )
    said = ("--replication-group-description", "restored") if group else ()
    return Fix(
        act=line("aws", "elasticache", verb, "--region", region, option, name, "--final-snapshot-identifier", last),
        undo=line("aws", "elasticache", again, "--region", region, again_option, name, *said, "--snapshot-name", last),
        safety=_use(finding)
        + "Memcached has no snapshots: leave the last option out, its content is gone. The undo needs "
        "the node type, subnets and security groups that it had; its endpoint stays the same only if its name does.",
    )


def pause_warehouse(finding: Finding) -> Fix:
    """Paused; storage is billed on."""
    there = ("--region", region_of(finding), "--cluster-identifier", name_of(finding, "redshift", "cluster:"))
    return Fix(
        act=line("aws", "redshift", "pause-cluster", *there),
        undo=line("aws", "redshift", "resume-cluster", *there),
        safety=_use(finding) + "Nobody can ask it anything until it is resumed, which takes minutes. Storage and "
        "snapshots are billed on.",
    )


def schedule_warehouse(finding: Finding) -> Fix:
    """Two scheduled actions: resume in the morning, pause in the evening."""
    name, region = name_of(finding, "redshift", "cluster:"), region_of(finding)
    found = WINDOW.fullmatch(finding.remedy.target)
    if found is None:
        raise Unsafe(finding.remedy.target)
    account = account_of(finding)
    made = []
    for verb, at in (("resume", "on"), ("pause", "off")):
        hour, minute = found[at].split(":")
        made.append(
            line(
                *("aws", "redshift", "create-scheduled-action", "--region", region),
                *("--scheduled-action-name", f"{name}-{verb}"),
                *("--target-action", f"{verb.capitalize()}Cluster={{ClusterIdentifier={name}}}"),
                *("--schedule", f"cron({int(minute)} {int(hour)} ? * MON-FRI *)"),
                *("--iam-role", f"arn:aws:iam::{account}:role/warehouse-schedule"),
            )
        )
    gone = [
        line(
            "aws",
            "redshift",
            "delete-scheduled-action",
            "--region",
            region,
            "--scheduled-action-name",
            f"{name}-{verb}",
        )
        for verb in ("resume", "pause")
    ]
    return Fix(
        act=steps(*made),
        undo=steps(*gone),
        safety=_use(finding) + "It needs the role warehouse-schedule there, which scheduler.redshift.amazonaws.com may "
        "assume and which may pause and resume this cluster. Times are UTC.",
    )


def delete_search(finding: Finding) -> Fix:
    """It goes for good; its own snapshots with it."""
    name, region = name_of(finding, "domain", "domain/"), region_of(finding)
    there = ("--region", region, "--domain-name", name)
    return Fix(
        act=steps(
            line("aws", "opensearch", "describe-domain", *there) + f" > {name}.json",
            line("aws", "opensearch", "delete-domain", *there),
        ),
        undo=made_again(f"{name}.json", DOMAIN, "aws", "opensearch", "create-domain", "--region", region),
        safety=_use(finding) + "Its data and its automatic snapshots go with it: take a manual snapshot into S3 first "
        "(its own REST API does that, the CLI cannot). The undo makes an empty domain of the same shape; its "
        "master user is set by hand.",
    )


def pay_per_request(finding: Finding) -> Fix:
    """By the request instead of by the hour."""
    name, region = name_of(finding, "table", "table/"), region_of(finding)
    read, write = numbers(finding.remedy.source, 2)[:2]
    change = ("aws", "dynamodb", "update-table", "--region", region, "--table-name", name, "--billing-mode")
    units = f"ReadCapacityUnits={read},WriteCapacityUnits={write}"
    return Fix(
        act=line(*change, "PAY_PER_REQUEST"),
        undo=line(*change, "PROVISIONED", "--provisioned-throughput", units),
        safety=_use(finding) + "The table stays up. It can be switched to requests four times a day, and back at any "
        "time. Global secondary indexes have capacity of their own: name them in the undo. Auto scaling policies are "
        "removed by hand.",
    )
