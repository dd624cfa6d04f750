"""Every check finds what it is for, at the price of its own rows, and leaves alone what is almost the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from analysis import checks
from analysis.estate import Advice, Bill, Charge, Disk, Estate, Metric, Resource, Size
from analysis.findings import Action, Finding
from analysis.kinds import (
    Address,
    ApiStage,
    AppPlan,
    BackupVault,
    Balancer,
    Bucket,
    Cache,
    CapacityReservation,
    Circuit,
    ContainerService,
    Database,
    DatabaseCluster,
    DatabasePool,
    DatabaseSnapshot,
    DataCluster,
    Desktop,
    Distribution,
    DocumentStore,
    FileSystem,
    Firewall,
    Function,
    HealthCheck,
    Image,
    Kubernetes,
    Leftover,
    LogGroup,
    ModelEndpoint,
    NatGateway,
    NetworkGateway,
    NodePool,
    PrivateEndpoint,
    ProtectionPlan,
    Repository,
    ScalingGroup,
    SearchDomain,
    Secret,
    Snapshot,
    SqlMachine,
    Table,
    Tenancy,
    Trail,
    Warehouse,
)
from analysis.money import Money
from tests import builders
from tests.builders import AS_OF

ARN = "arn:aws:any:us-east-1:111122223333:thing/"
LONG_AGO = AS_OF - timedelta(days=200)
YESTERDAY = AS_OF - timedelta(days=1)


def usd(amount: float | str) -> Money:
    return Money.of(amount, "USD")


def size(name: str, vcpus: int = 4, memory: float = 16, hourly: str = "0.20") -> Size:
    return Size(name=name, vcpus=vcpus, memory_gb=memory, hourly=usd(hourly))


def thing(of: type[Resource], name: str = "one", /, **said: Any) -> Any:
    return of(**(builders.COMMON | {"id": ARN + name, "name": name, "tags": {"env": "dev"}} | said))


def database(**said: Any) -> Database:
    usual = {"engine": "postgres", "version": "11.22", "size": size("db.m5.xlarge", hourly="0.40"), "storage_gb": 100}
    found: Database = thing(Database, **(usual | said))
    return found


def metric(average: float, maximum: float | None = None, days: int = 30) -> Metric:
    return Metric(days, average, average if maximum is None else maximum)


def bill(monthly: float = 100, covered: float = 0, **meters: float) -> Bill:
    """A bill of 30 days; ``meters`` are parts of it, by name (``_`` stands for ``-``)."""
    parts = {name.replace("_", "-"): Charge(usd(amount), usd(0)) for name, amount in meters.items()}
    return Bill(usd(monthly), usd(covered), 30, parts)


@dataclass
class Case:
    """A resource that a check must tell, what it then wastes, and changes after which it must not."""

    check: str
    resource: Resource
    waste: str
    action: Action
    billed: Bill = field(default_factory=bill)
    unless: tuple[Mapping[str, Any], ...] = ()
    others: Sequence[tuple[Resource, Bill]] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


GP2 = thing(Disk, size_gb=100, tier="gp2", attached_to=ARN + "i", idle_since=None)
IO1 = thing(Disk, size_gb=100, tier="io1", iops=6_000, attached_to=ARN + "i")
HELD = thing(Disk, "held", size_gb=80, tier="gp3", attached_to=ARN + "one")
BUSY = {"cpu_percent": metric(30, 60), "network_mb_per_day": metric(900)}
IDLE = {"cpu_percent": metric(1, 2), "network_mb_per_day": metric(1)}
MEMBER = builders.machine(id=ARN + "member", metrics=IDLE, group="web")
AURORA = {"engine": "aurora-postgresql", "version": "15.4"}
ALL_IO = Bill(
    usd(500),
    usd(0),
    30,
    {
        "Aurora:StorageIOUsage": Charge(usd(300), usd(0)),
        "Aurora:StorageUsage": Charge(usd(20), usd(0)),
    },
)
CALLED = {"calls_per_day": metric(1_000), "errors_per_day": metric(250)}
PREMIUM = thing(Disk, size_gb=256, tier="Premium_LRS", attached_to=ARN + "i", metrics={"iops": metric(40, 180)})
WINDOWS = builders.machine(licence="included", metrics=BUSY)
LICENSED = Bill(
    usd(300),
    usd(0),
    30,
    {"Reservation-Windows Svr (4 Core)": Charge(usd(134), usd(0)), "D4s v5": Charge(usd(166), usd(0))},
)
PLAN = thing(AppPlan, size="P2v3", workers=1, apps=3, smaller="P1v3", saved=0.5)
SMALL_USE = {"cpu_percent": metric(6, 22), "memory_percent": metric(30, 38)}

CASES = (
    Case("outdated-disk-tier", GP2, "20.00", Action.RETYPE_DISK, unless=({"tier": "gp3"},)),
    Case(
        "outdated-disk-tier",
        replace(GP2, size_gb=2_000),
        "16.00",  # 3,000 IOPS and 125 MB/s more than gp3 has: 20 USD of 200 go into them
        Action.RETYPE_DISK,
        bill(200, EBS_VolumeUsage_gp2=200),
        settings={"saving_percent": 18.0},
    ),
    Case(
        "overprovisioned-disk",
        IO1,
        "384.62",
        Action.RETYPE_DISK,
        bill(412, EBS_VolumeP_IOPS_piops=400, EBS_VolumeUsage_piops=12),
        unless=({"iops": 20_000}, {"tier": "gp3"}),
    ),
    Case(
        "stopped-machine",
        builders.machine(id=ARN + "one", running=False, stopped_since=LONG_AGO, holds=(HELD.id,)),
        "8.00",
        Action.END_MACHINE,
        unless=({"stopped_since": YESTERDAY}, {"running": True}, {"holds": ()}),
        others=((HELD, bill(8)),),
    ),
    Case(
        "quiet-disk",
        replace(GP2, tier="gp3", metrics={"ops_per_day": metric(12)}),
        "100.00",
        Action.DELETE_DISK,
        unless=({"metrics": {"ops_per_day": metric(5_000)}}, {"metrics": {}}, {"holder_running": False}),
    ),
    Case("large-disk", replace(GP2, size_gb=4_000, tier="gp3"), "0", Action.REVIEW, unless=({"size_gb": 500},)),
    Case(
        "old-snapshot",
        thing(Snapshot, size_gb=100, of="vol-1", created=LONG_AGO),
        "100.00",
        Action.DELETE_SNAPSHOT,
        unless=({"created": YESTERDAY}, {"made_by": "AWS Backup"}, {"image": "ami-1"}),
    ),
    Case(
        "unused-image",
        thing(Image, used_by=0, created=LONG_AGO, snapshots=(ARN + "snap",)),
        "30.00",
        Action.RETIRE_IMAGE,
        unless=({"used_by": 1}, {"last_used": YESTERDAY}),
        others=((thing(Snapshot, "snap", size_gb=8, of="vol-1", image="one"), bill(30)),),
    ),
    Case(
        "unattached-address",
        thing(Address, handle="eipalloc-1", attached_to=None),
        "100.00",
        Action.RELEASE_ADDRESS,
        unless=({"attached_to": ARN + "i"},),
    ),
    Case(
        "idle-nat-gateway",
        thing(NatGateway, network="vpc-1", metrics={"out_mb_per_day": metric(0)}),
        "100.00",
        Action.DELETE_NAT,
        unless=({"metrics": {"out_mb_per_day": metric(1, 3)}}, {"metrics": {}}),
    ),
    Case(
        "missing-direct-way",
        thing(NatGateway, network="vpc-1", metrics={"out_mb_per_day": metric(50_000)}),
        "30.00",
        Action.ADD_DIRECT_WAY,
        bill(140, USE1_NatGateway_Bytes=100, USE1_NatGateway_Hours=40),
        unless=({"direct": ("s3", "dynamodb")}, {"metrics": {"out_mb_per_day": metric(10)}}),
    ),
    Case(
        "idle-endpoint",
        thing(PrivateEndpoint, network="vpc-1", service="kms", metrics={"mb_per_day": metric(0)}),
        "100.00",
        Action.DELETE_ENDPOINT,
        unless=({"metrics": {"mb_per_day": metric(0, 0, days=5)}}, {"metrics": {"mb_per_day": metric(0.1, 1)}}),
    ),
    Case(
        "balancer-without-targets",
        thing(Balancer, kind="application", targets=0, healthy=0, created=LONG_AGO),
        "100.00",
        Action.DELETE_BALANCER,
        unless=({"targets": 1, "healthy": 1}, {"created": YESTERDAY}),
    ),
    Case(
        "idle-balancer",
        thing(Balancer, kind="application", targets=2, healthy=2, metrics={"requests_per_day": metric(3, 9)}),
        "100.00",
        Action.DELETE_BALANCER,
        unless=({"metrics": {"requests_per_day": metric(3, 900)}}, {"metrics": {}}),
    ),
    Case(
        "off-hours",
        builders.machine(tags={"Environment": "Test"}, since=LONG_AGO, metrics=BUSY),
        "70.24",
        Action.SCHEDULE_MACHINE,
        unless=({"tags": {"env": "prod"}}, {"since": YESTERDAY}, {"spot": True}, {"group": "web"}),
    ),
    Case(
        "old-generation",
        builders.machine(
            size=size("m4.xlarge", hourly="0.20"), successor=size("m5.xlarge", hourly="0.19"), metrics=BUSY
        ),
        "5.00",
        Action.RESIZE_MACHINE,
        unless=({"successor": None}, {"successor": size("m5.xlarge", hourly="0.21")}, {"running": False}),
    ),
    Case(
        "other-architecture",
        database(arm=size("db.m6g.xlarge", hourly="0.36")),
        "10.00",
        Action.RESIZE_DATABASE,
        unless=({"arm": None}, {"running": False}),
    ),
    Case(
        "long-on-demand",
        builders.machine(since=LONG_AGO, metrics=BUSY),
        "0",
        Action.REVIEW,
        bill(300),
        unless=({"since": YESTERDAY}, {"spot": True}, {"running": False}),
    ),
    Case(
        "large-machine",
        builders.machine(size=size("m5.24xlarge", 96, 384), metrics=BUSY),
        "0",
        Action.REVIEW,
        unless=({"size": size("m5.large", 2, 8)}, {"running": False}),
    ),
    Case(
        "unused-capacity",
        thing(CapacityReservation, size="m5.large", held=4, unused=4, created=LONG_AGO),
        "100.00",
        Action.CANCEL_CAPACITY,
        unless=({"unused": 3}, {"created": YESTERDAY}),
    ),
    Case(
        "idle-scaling-group",
        thing(ScalingGroup, smallest=1, wanted=1, members=(MEMBER.id,)),
        "40.00",
        Action.EMPTY_GROUP,
        unless=({"members": ()}, {"members": (MEMBER.id, ARN + "unknown")}),
        others=((MEMBER, bill(40)),),
    ),
    Case(
        "idle-database",
        database(metrics={"connections": metric(0)}),
        "100.00",
        Action.STOP_DATABASE,
        unless=({"metrics": {"connections": metric(0, 1)}}, {"running": False}, {"metrics": {}}),
    ),
    Case(
        "oversized-database",
        database(
            metrics={"connections": metric(4, 9), "cpu_percent": metric(5, 15)},
            smaller=(size("db.m5.large", 2, 8, "0.20"),),
        ),
        "50.00",
        Action.RESIZE_DATABASE,
        unless=(
            {"metrics": {"connections": metric(4, 9), "cpu_percent": metric(20, 60)}},
            {"smaller": ()},
            {"metrics": {"cpu_percent": metric(5, 15)}},
        ),
    ),
    Case(
        "database-storage",
        database(storage_tier="io1", iops=8_000, metrics={"iops": metric(300, 1_200)}),
        "60.00",
        Action.RETYPE_DATABASE,
        bill(100, RDS_PIOPS=60, InstanceUsage_db=40),
        unless=({"metrics": {"iops": metric(300, 4_000)}}, {"storage_tier": "gp3"}),
    ),
    Case(
        "extended-support",
        database(),
        "35.00",
        Action.UPGRADE_DATABASE,
        bill(135, RDS_ExtendedSupport_Yr1=35, InstanceUsage_db=100),
    ),
    Case(
        "extended-support",
        thing(Kubernetes, version="1.27"),
        "365.00",
        Action.UPGRADE_KUBERNETES,
        bill(438, EKS_extendedSupport=365, EKS_perCluster=73),
    ),
    Case(
        "database-snapshot",
        thing(DatabaseSnapshot, size_gb=50, of="orders", of_exists=False, created=LONG_AGO),
        "100.00",
        Action.DELETE_DATABASE_SNAPSHOT,
        unless=({"of_exists": True}, {"created": YESTERDAY}),
    ),
    Case(
        "spare-zone",
        database(multi_zone=True),
        "50.00",
        Action.ONE_ZONE_DATABASE,
        unless=({"multi_zone": False}, {"tags": {"env": "prod"}}, {"cluster": "aurora"}),
    ),
    Case(
        "cluster-storage",
        thing(DatabaseCluster, **AURORA),
        "275.00",
        Action.SWITCH_DATABASE_STORAGE,
        ALL_IO,
        unless=({"io_optimized": True},),
    ),
    Case(
        "idle-cache",
        thing(Cache, kind="cluster", engine="redis", metrics={"hits_per_day": metric(0)}),
        "100.00",
        Action.DELETE_CACHE,
        unless=({"metrics": {"hits_per_day": metric(0, 2)}}, {"metrics": {}}),
    ),
    Case(
        "idle-warehouse",
        thing(Warehouse, running=True, scheduled=True, metrics={"connections": metric(0)}),
        "100.00",
        Action.PAUSE_WAREHOUSE,
        unless=({"running": False}, {"metrics": {"connections": metric(2, 5), "cpu_percent": metric(40)}}),
    ),
    Case(
        "warehouse-off-hours",
        thing(Warehouse, running=True),
        "70.24",
        Action.SCHEDULE_WAREHOUSE,
        unless=({"scheduled": True}, {"tags": {"env": "prod"}}),
    ),
    Case(
        "idle-search",
        thing(SearchDomain, metrics={"requests_per_day": metric(0)}),
        "100.00",
        Action.DELETE_SEARCH,
        unless=({"metrics": {"requests_per_day": metric(0, 3)}}, {"metrics": {}}),
    ),
    Case(
        "idle-table",
        thing(Table, provisioned=True, read_units=50, write_units=50, metrics={"units_per_day": metric(0)}),
        "100.00",
        Action.PAY_PER_REQUEST,
        unless=({"provisioned": False}, {"metrics": {"units_per_day": metric(5_000_000)}}, {"metrics": {}}),
    ),
    Case(
        "failing-function",
        thing(Function, memory_mb=512, timeout_s=30, metrics=CALLED),
        "25.00",
        Action.REVIEW,
        unless=({"metrics": CALLED | {"errors_per_day": metric(10)}}, {"metrics": {}}),
    ),
    Case(
        "idle-concurrency",
        thing(Function, memory_mb=512, timeout_s=3, warm=(("live", 5),), metrics={"concurrency_percent": metric(2)}),
        "90.00",
        Action.DROP_CONCURRENCY,
        bill(100, Lambda_Provisioned_Concurrency=90, Request=10),
        unless=({"warm": ()}, {"metrics": {"concurrency_percent": metric(70)}}),
    ),
    Case(
        "fixed-containers",
        thing(ContainerService, cluster="web", tasks=6, metrics={"cpu_percent": metric(4)}),
        "0",
        Action.REVIEW,
        unless=({"scaled": True}, {"metrics": {"cpu_percent": metric(50)}}),
    ),
    Case(
        "bucket-without-lifecycle",
        thing(Bucket, lifecycle=False),
        "36.00",
        Action.ADD_LIFECYCLE,
        bill(100, TimedStorage_ByteHrs=90, Requests_Tier1=10),
        unless=({"lifecycle": True},),
    ),
    Case(
        "unfinished-uploads",
        thing(Bucket, lifecycle=True, stale_uploads=3),
        "0",
        Action.ABORT_UPLOADS,
        unless=({"aborts_uploads": True}, {"stale_uploads": 0}),
    ),
    Case(
        "old-versions",
        thing(Bucket, lifecycle=True, versioned=True),
        "0",
        Action.EXPIRE_VERSIONS,
        unless=({"expires_versions": True}, {"versioned": False}),
    ),
    Case(
        "endless-logs",
        thing(LogGroup, retention_days=0, stored_gb=400.0),
        "12.00",
        Action.SET_RETENTION,
        bill(100, TimedStorage_ByteHrs=12, DataProcessing_Bytes=88),
        unless=({"retention_days": 30}, {"stored_gb": 0.2}),
    ),
    Case(
        "duplicate-trail",
        thing(Trail, logging=True, management_events=True, first=False),
        "80.00",
        Action.STOP_TRAIL,
        bill(80, USE1_PaidEventsRecorded=80),
        unless=({"first": True}, {"logging": False}, {"management_events": False}),
    ),
    Case(
        "costly-edge",
        thing(Distribution, everywhere=True),
        "0",
        Action.REVIEW,
        bill(500),
        unless=({"everywhere": False},),
    ),
    Case(
        "unused-health-check",
        thing(HealthCheck, used=False),
        "100.00",
        Action.DELETE_HEALTH_CHECK,
        unless=({"used": True},),
    ),
    Case(
        "unused-secret",
        thing(Secret, last_used=LONG_AGO),
        "0.40",
        Action.DELETE_SECRET,
        bill(0.4),
        unless=({"last_used": YESTERDAY}, {"last_used": None, "created": YESTERDAY}),
    ),
    Case(
        "idle-api-cache",
        thing(
            ApiStage,
            api="a",
            stage="prod",
            cache_gb=0.5,
            metrics={"hits_per_day": metric(1), "misses_per_day": metric(99)},
        ),
        "14.60",
        Action.DROP_API_CACHE,
        bill(20, ApiGatewayCacheUsage=14.6),
        unless=({"metrics": {"hits_per_day": metric(80), "misses_per_day": metric(20)}}, {"cache_gb": 0.0}),
    ),
    Case(
        "repository-without-lifecycle",
        thing(Repository, lifecycle=False),
        "50.00",
        Action.ADD_IMAGE_LIFECYCLE,
        unless=({"lifecycle": True},),
    ),
    Case(
        "files-without-lifecycle",
        thing(FileSystem, lifecycle=False, size_gb=300.0),
        "40.00",
        Action.ADD_FILE_LIFECYCLE,
        unless=({"lifecycle": True},),
    ),
    Case(
        "idle-data-cluster",
        thing(DataCluster, running=True, metrics={"idle_percent": metric(99)}),
        "100.00",
        Action.END_DATA_CLUSTER,
        unless=({"metrics": {"idle_percent": metric(60)}}, {"running": False}),
    ),
    Case(
        "idle-model",
        thing(ModelEndpoint, kind="endpoint", running=True, metrics={"calls_per_day": metric(0)}),
        "100.00",
        Action.DELETE_MODEL_ENDPOINT,
        unless=({"metrics": {"calls_per_day": metric(1)}}, {"running": False}),
    ),
    Case(
        "idle-model",
        thing(ModelEndpoint, kind="notebook", running=True, since=LONG_AGO),
        "100.00",
        Action.STOP_NOTEBOOK,
        unless=({"since": YESTERDAY},),
    ),
    Case(
        "unused-desktop",
        thing(Desktop, always_on=True, last_used=LONG_AGO),
        "100.00",
        Action.STOP_DESKTOP_ALONE,
        unless=({"always_on": False}, {"last_used": YESTERDAY}),
    ),
    Case(
        "allocated-machine",
        builders.machine(running=False, allocated=True, metrics={}),
        "100.00",
        Action.STOP_MACHINE,
        unless=({"allocated": False}, {"running": True}),
    ),
    Case(
        "paid-licence",
        WINDOWS,
        "134.00",
        Action.BRING_LICENCE,
        LICENSED,
        unless=({"licence": "owned"}, {"licence": ""}),
        settings={"owned": True},
    ),
    Case(
        "paid-licence",
        replace(WINDOWS, unlicensed=size("m5.2xlarge", hourly="0.192")),  # of 0.384: half is the licence
        "50.00",
        Action.BRING_LICENCE,
        unless=({"unlicensed": None},),
        settings={"owned": True},
    ),
    Case(
        "paid-licence",
        thing(SqlMachine, machine=ARN + "one", edition="Standard", licence="included"),
        "0",  # nobody has said that licences are owned
        Action.BRING_LICENCE,
        bill(300, **{"4 vCPU VM License": 200}),
        unless=({"licence": "owned"},),
    ),
    Case(
        "oversized-group",
        thing(ScalingGroup, smallest=10, wanted=10, size="Standard_D4s_v5", metrics={"cpu_percent": metric(8, 18)}),
        "70.00",
        Action.RESIZE_GROUP,
        unless=(
            {"scaled": True},
            {"owner": "AKS"},
            {"wanted": 3, "metrics": {"cpu_percent": metric(20, 45)}},
            {"metrics": {"cpu_percent": metric(8, 18, days=5)}},
            {"wanted": 2},
        ),
    ),
    Case(
        "no-spot",
        thing(ScalingGroup, smallest=4, wanted=4, size="Standard_D4s_v5", spot=False),
        "0",
        Action.REVIEW,
        unless=({"spot": True}, {"spot": None}, {"tags": {"env": "prod"}}, {"owner": "AKS"}),
    ),
    Case(
        "no-spot",
        thing(NodePool, cluster="shop", size="Standard_D4s_v5", nodes=3, scaled=True, spot=False),
        "0",
        Action.REVIEW,
        unless=({"system": True}, {"spot": True}),
    ),
    Case(
        "fixed-capacity",
        thing(
            NodePool,
            cluster="shop",
            size="Standard_D4s_v5",
            nodes=3,
            scaled=False,
            spot=False,
            metrics={"cpu_percent": metric(8, 60)},
        ),
        "0",
        Action.REVIEW,
        unless=({"scaled": True}, {"nodes": 1}, {"metrics": {"cpu_percent": metric(45)}}, {"metrics": {}}),
    ),
    Case(
        "fixed-capacity",
        replace(PLAN, workers=4, metrics=SMALL_USE),
        "0",
        Action.REVIEW,
        unless=({"scaled": True}, {"workers": 1}),
    ),
    Case(
        "fixed-capacity",
        thing(Balancer, kind="application", targets=2, healthy=2, scaled=False),
        "0",
        Action.REVIEW,
        unless=({"scaled": True},),
    ),
    Case(
        "unused-disk-speed",
        PREMIUM,
        "49.50",  # 19.20 of 38.02 stay
        Action.RETYPE_DISK,
        unless=(
            {"metrics": {"iops": metric(90, 400)}},
            {"metrics": {}},
            {"tier": "StandardSSD_LRS"},
            {"attached_to": None},
        ),
    ),
    Case(
        "premium-snapshot",
        thing(Snapshot, size_gb=100, of="disk-1", tier="Premium_LRS", created=YESTERDAY),
        "60.00",
        Action.RETYPE_SNAPSHOT,
        unless=({"tier": "Standard_LRS"},),
    ),
    Case("empty-plan", replace(PLAN, apps=0), "100.00", Action.DELETE_PLAN, unless=({"apps": 1},)),
    Case("empty-plan", replace(PLAN, stopped=3), "100.00", Action.REVIEW, unless=({"stopped": 2},)),
    Case(
        "oversized-plan",
        replace(PLAN, metrics=SMALL_USE),
        "50.00",
        Action.RESIZE_PLAN,
        unless=(
            {"metrics": SMALL_USE | {"cpu_percent": metric(20, 55)}},
            {"metrics": SMALL_USE | {"memory_percent": metric(50, 70)}},
            {"metrics": {"cpu_percent": metric(6, 22)}},
            {"smaller": ""},
            {"apps": 0},
        ),
    ),
    Case(
        "empty-pool",
        thing(DatabasePool, size="GP_Gen5_4", databases=0),
        "100.00",
        Action.DELETE_POOL,
        unless=({"databases": 1}, {"created": YESTERDAY}),
    ),
    Case(
        "many-backups",
        thing(DocumentStore, every_minutes=60, hours=24),
        "40.00",
        Action.KEEP_FEWER_BACKUPS,
        bill(100, **{"Periodic Backup Data Stored": 40, "100 RU/s": 60}),
        unless=({"every_minutes": 240}, {"every_minutes": 0}),
    ),
    Case(
        "retired-kind",
        thing(Bucket, lifecycle=True, retired="version 1 accounts are moved in October 2026"),
        "0",
        Action.REVIEW,
        unless=({"retired": ""},),
    ),
    Case(
        "leftovers",
        thing(Leftover, kind="private DNS zone", why="is linked to no network"),
        "0.50",
        Action.TIDY_UP,
        bill(0.5),
    ),
    Case(
        "broken-balancer",
        thing(Balancer, kind="network", targets=2, healthy=2, broken="rule web leads to an empty pool"),
        "0",
        Action.REVIEW,
        unless=({"broken": ""}, {"healthy": 0}),
    ),
    Case(
        "idle-gateway",
        thing(NetworkGateway, size="VpnGw2", kind="Vpn", connections=0, clients=False),
        "100.00",
        Action.DELETE_GATEWAY,
        unless=({"connections": 1}, {"clients": True}, {"created": YESTERDAY}),
    ),
    Case(
        "unused-protection",
        thing(ProtectionPlan, networks=0),
        "100.00",
        Action.DELETE_PROTECTION,
        unless=({"networks": 2},),
    ),
    Case(
        "unprovisioned-circuit",
        thing(Circuit, line="Equinix, 1000 Mbps", provisioned=False),
        "100.00",
        Action.DELETE_CIRCUIT,
        unless=({"provisioned": True},),
    ),
    Case(
        "dearer-firewall",
        thing(Firewall, tier="Premium"),
        "280.00",
        Action.DOWNGRADE_FIREWALL,
        bill(1_277.5, **{"Premium Deployment": 980, "Premium Data Processed": 297.5}),
        unless=({"tier": "Standard"}, {"uses": ("intrusion detection",)}),
    ),
    Case(
        "idle-backup",
        thing(BackupVault, items=2, idle=("item;one", "item;two")),
        "100.00",
        Action.DELETE_BACKUPS,
        unless=({"idle": ()},),
    ),
    Case("idle-backup", thing(BackupVault, items=3, idle=("item;one",)), "0", Action.DELETE_BACKUPS),
    Case(
        "endless-logs",
        thing(LogGroup, retention_days=730, stored_gb=0.0),
        "50.00",
        Action.SET_RETENTION,
        bill(400, **{"Analytics Logs Data Retention": 100, "Analytics Logs Data Ingestion": 300}),
        unless=({"retention_days": 365},),
    ),
    Case(
        "development-at-full-price",
        thing(Tenancy, offer="EnterpriseAgreement_2014-09-01", for_development=False, protected=("VirtualMachines",)),
        "0",
        Action.REVIEW,
        unless=({"tags": {"env": "prod"}, "name": "shop"}, {"protected": ()}),
    ),
    Case(
        "idle-endpoint",
        thing(PrivateEndpoint, network="vnet", service="storage", connected=False),
        "100.00",
        Action.DELETE_ENDPOINT,
        unless=({"connected": True},),
    ),
)


def look(case: Case, resource: Resource, billed: Bill | None = None) -> list[Finding]:
    """What the case's check tells of a resource."""
    bills = {resource.id.lower(): billed or case.billed, **{one.id.lower(): its for one, its in case.others}}
    estate = Estate.of_all(AS_OF, (resource, *(one for one, _ in case.others)), bills)
    found = checks.discover()[case.check].look(estate, **case.settings)
    return [one for one in found if one is not None and one.check == case.check and one.resource_id == resource.id]


def named(case: Case) -> str:
    return f"{case.check}: {type(case.resource).__name__}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_what_it_is_for_is_told_at_the_price_of_its_own_rows(case: Case) -> None:
    [found] = look(case, case.resource)

    assert found.monthly_waste == Money(Decimal(case.waste).quantize(Decimal("0.01")), "USD")
    assert found.remedy.action is case.action
    assert found.title and found.evidence and found.claims == bool(Decimal(case.waste))


UNLESS = [(case, change) for case in CASES for change in case.unless]


@pytest.mark.parametrize(
    ("case", "change"), UNLESS, ids=[f"{named(case)} unless {change}"[:110] for case, change in UNLESS]
)
def test_what_is_almost_the_same_is_left_alone(case: Case, change: Mapping[str, Any]) -> None:
    assert not look(case, replace(case.resource, **change))


@pytest.mark.parametrize("case", [case for case in CASES if Decimal(case.waste)], ids=named)
def test_what_a_commitment_pays_for_is_freed_and_saves_no_cash(case: Case) -> None:
    covered = replace(
        case.billed,
        covered=case.billed.effective,
        meters={name: Charge(one.effective, one.effective) for name, one in case.billed.meters.items()},
    )
    others = [(one, replace(its, covered=its.effective)) for one, its in case.others]
    [found] = look(replace(case, others=others), case.resource, covered)

    assert found.monthly_waste == usd(0).cents() and found.frees_commitment.amount > 0


def test_every_check_is_looked_at_here() -> None:
    by_hand = {"unattached-disk", "idle-machine", "oversized-machine", "cloud-advice"}  # test_checks.py, and below

    assert {case.check for case in CASES} | by_hand == set(checks.discover())


def advised(topic: str = "aws.lambda.memory", saving: str = "30", resource: str = "fn", **said: Any) -> Advice:
    usual: dict[str, Any] = {
        "resource_id": ARN + resource,
        "provider": "aws",
        "cloud": "aws",
        "account": "111122223333",
        "region": "us-east-1",
        "topic": topic,
        "source": "Compute Optimizer, 14 days",
        "says": "would do with 512 MB of memory",
        "saving": usd(saving),
        "target": "512",
        "present": "1024",
    }
    return Advice(**(usual | said))


@pytest.mark.parametrize(("saving", "waste"), [("30", "30.00"), ("400", "100.00")])
def test_advice_is_told_at_the_lower_of_its_estimate_and_the_bill(saving: str, waste: str) -> None:
    estate = Estate.of_all(AS_OF, (), {(ARN + "fn").lower(): bill()}, [advised(saving=saving)])
    [found] = checks.run(estate, {})

    assert found.monthly_waste == usd(waste) and found.remedy.action is Action.RESIZE_FUNCTION
    assert ("Its estimate", f"{usd(saving).cents()} a month") in found.evidence


def test_advice_on_what_is_not_billed_is_not_told() -> None:
    assert not list(checks.run(Estate.of_all(AS_OF, (), {}, [advised()]), {}))


def test_of_two_findings_on_the_same_rows_the_larger_counts() -> None:
    idle = builders.machine(metrics=IDLE)
    estate = Estate.of_all(
        AS_OF, (idle,), {idle.id.lower(): bill()}, [advised("aws.ec2.idle", "60", resource_id=idle.id, target="")]
    )

    [found] = checks.run(estate, {})
    assert found.check == "idle-machine" and found.monthly_waste == usd("100.00")


def test_findings_on_different_meters_of_one_resource_both_count() -> None:
    old = database(storage_tier="io1", iops=8_000, metrics={"iops": metric(300, 1_200)})
    rows = bill(195, RDS_PIOPS=60, RDS_ExtendedSupport_Yr1=35, InstanceUsage_db=100)
    found = list(checks.run(Estate.of_all(AS_OF, (old,), {old.id.lower(): rows}), {}))

    assert sorted((one.check, one.monthly_waste.amount) for one in found) == [
        ("database-storage", Decimal("60.00")),
        ("extended-support", Decimal("35.00")),
    ]


def test_the_disks_of_a_stopped_machine_are_not_counted_twice() -> None:
    disk = thing(Disk, "held", size_gb=80, tier="gp2", attached_to=ARN + "one", holder_running=False)
    machine = builders.machine(id=ARN + "one", running=False, stopped_since=LONG_AGO, holds=(disk.id,), metrics={})
    found = list(checks.run(Estate.of_all(AS_OF, (machine, disk), {disk.id.lower(): bill(8)}), {}))

    assert [one.check for one in found] == ["stopped-machine"]


def test_a_bill_by_bare_id_is_joined_with_an_inventory_by_arn() -> None:
    machine = builders.machine(metrics=IDLE)
    estate = Estate.of_all(AS_OF, (machine,), {machine.id.rsplit("/", 1)[-1]: bill(77)})

    [found] = checks.run(estate, {})
    assert found.monthly_waste == usd("77.00")


def test_a_name_that_only_ends_alike_is_no_join() -> None:
    one = thing(SearchDomain, "prod", metrics={"requests_per_day": metric(0)})

    assert not list(checks.run(Estate.of_all(AS_OF, (one,), {"prod": bill(77)}), {}))


def test_what_is_left_over_and_free_is_one_line_an_account() -> None:
    things = [thing(Leftover, f"nic-{number}", kind="network interface", why="is on no machine") for number in range(5)]
    things += [thing(Leftover, "rg-old", kind="resource group", why="holds nothing")]
    things += [thing(Leftover, "other", kind="route table", why="is on no subnet", account="222222222222")]
    found = list(checks.run(Estate.of_all(AS_OF, things, {}), {}))

    assert [(one.title, one.claims) for one in found if one.account == "111122223333"] == [
        ("111122223333: 6 leftovers to tidy up, at no cost", False)
    ]
    [one] = [one for one in found if one.account == "111122223333"]
    assert ("What", "5 × network interface, 1 × resource group") in one.evidence
    assert ("network interface", "nic-0, nic-1, nic-2 and 2 more (is on no machine)") in one.evidence
    assert len(one.remedy.target.split("\n")) == 6
    assert len(found) == 2


def test_a_disk_that_site_recovery_keeps_is_no_waste() -> None:
    disk = builders.disk(kept_by="Azure Site Recovery")

    assert not list(checks.run(builders.estate(disk), {}))


def test_licences_of_an_account_for_development_are_told_together() -> None:
    account = "/subscriptions/one"
    tenancy = thing(Tenancy, offer="PayAsYouGo_2014-09-01", for_development=False, id=account, name="apex-dev", tags={})
    windows = bill(100, **{"Reservation-Windows Svr (4 Core)": 60})
    bills = {f"{account}/vm-1": windows, f"{account}/vm-2": windows, "/subscriptions/other/vm": windows}
    [found] = checks.run(Estate.of_all(AS_OF, (tenancy,), bills), {})

    assert found.title == "apex-dev is for development and bought like production" and not found.claims
    assert ("Licences in its bill", f"{usd('120.00')} a month") in found.evidence
    assert not list(checks.run(Estate.of_all(AS_OF, (replace(tenancy, for_development=True),), bills), {}))
