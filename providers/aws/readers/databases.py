"""RDS: databases, Aurora clusters, and the snapshots that somebody made by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.estate import Size
from analysis.kinds import Database, DatabaseCluster, DatabaseSnapshot
from analysis.money import Money
from providers.aws.readers import Place, Seen, Wanted, reader, tags_of

ARM = "g"  # the letter of a class's generation that says Graviton: db.m6g


@reader("databases", billed=("Relational Database", "DocumentDB", "Neptune", "Aurora"))
def databases(place: Place) -> Iterator[Seen]:
    """Every database and cluster with what was measured, and every manual snapshot with whether its source is there."""
    found = list(place.pages("rds", "describe_db_instances", "DBInstances"))
    members: dict[str, list[str]] = defaultdict(list)
    for one in found:
        if one.get("DBClusterIdentifier"):
            members[one["DBClusterIdentifier"]].append(one["DBInstanceArn"])
        yield Seen(_database(place, one), _wanted(one["DBInstanceIdentifier"]))
    clusters = list(place.pages("rds", "describe_db_clusters", "DBClusters"))
    for one in clusters:
        name = one["DBClusterIdentifier"]
        cluster = DatabaseCluster(
            **place.common(one["DBClusterArn"], name, tags_of(one.get("TagList"))),
            engine=one["Engine"],
            version=one.get("EngineVersion", ""),
            io_optimized=one.get("StorageType") == "aurora-iopt1" or not one["Engine"].startswith("aurora"),
            members=tuple(members[name]),
        )
        yield Seen(cluster)
    alive = {one["DBInstanceIdentifier"] for one in found}
    for one in place.pages("rds", "describe_db_snapshots", "DBSnapshots", SnapshotType="manual"):
        yield Seen(_snapshot(place, one, "DBSnapshot", "DBInstanceIdentifier", alive))
    grouped = {one["DBClusterIdentifier"] for one in clusters}
    for one in place.pages("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots", SnapshotType="manual"):
        yield Seen(_snapshot(place, one, "DBClusterSnapshot", "DBClusterIdentifier", grouped))


def _database(place: Place, one: Mapping[str, Any]) -> Database:
    name, engine, zones = one["DBInstanceClass"], one["Engine"], bool(one.get("MultiAZ"))
    asked = (name, place.region, engine)
    known = place.prices.database(*asked, multi_zone=zones)
    generation = name.split(".")[1] if name.count(".") > 1 else ""
    return Database(
        **place.common(one["DBInstanceArn"], one["DBInstanceIdentifier"], tags_of(one.get("TagList"))),
        engine=engine,
        version=one.get("EngineVersion", ""),
        size=known or Size(name=name, vcpus=0, memory_gb=0.0, hourly=Money.zero("USD")),
        running=one.get("DBInstanceStatus") == "available",
        multi_zone=zones,
        storage_gb=one.get("AllocatedStorage", 0),
        storage_tier=one.get("StorageType", ""),
        iops=one.get("Iops", 0),
        cluster=one.get("DBClusterIdentifier", ""),
        smaller=place.prices.databases_like(*asked, multi_zone=zones),
        successor=place.prices.newer_database(*asked, multi_zone=zones),
        arm=None if ARM in generation else place.prices.arm_database(*asked, multi_zone=zones),
        created=one["InstanceCreateTime"].date() if "InstanceCreateTime" in one else None,
    )


def _wanted(name: str) -> list[Wanted]:
    of = {"DBInstanceIdentifier": name}
    return [
        Wanted("connections", "AWS/RDS", "DatabaseConnections", of, "Average", days=30),
        Wanted("cpu_percent", "AWS/RDS", "CPUUtilization", of, "Average", days=30),
        Wanted("iops", "AWS/RDS", "ReadIOPS+WriteIOPS", of, "Average", days=30),
    ]


def _snapshot(place: Place, one: Mapping[str, Any], kind: str, of: str, alive: set[str]) -> DatabaseSnapshot:
    return DatabaseSnapshot(
        **place.common(one[f"{kind}Arn"], one[f"{kind}Identifier"], tags_of(one.get("TagList"))),
        size_gb=one.get("AllocatedStorage", 0),
        of=one[of],
        of_exists=one[of] in alive,
        cluster=kind == "DBClusterSnapshot",
        created=one["SnapshotCreateTime"].date() if "SnapshotCreateTime" in one else None,
    )
