"""Virtual machines, their disks and snapshots, scale sets and the node pools of AKS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from analysis.estate import Disk, Machine, Size
from analysis.kinds import NodePool, ScalingGroup, Snapshot, SqlMachine
from analysis.money import Money
from providers.azure.readers import Place, Row, Seen, Wanted, day, ids, reader, word

MACHINE, DISK = "microsoft.compute/virtualmachines", "microsoft.compute/disks"
GROUP = "microsoft.compute/virtualmachinescalesets"
COMPUTE = ("Virtual Machine",)
RUNNING = ("running", "starting")
DEALLOCATED = ("deallocated", "deallocating")
UNBILLED_DAYS = 30  # what the last month's bill does not know was not billed for that long
PER_DAY = 86_400
KEEPERS: Mapping[str, str] = {  # parts of a disk's name or tags by which what needs it says so
    "-asrreplica": "Azure Site Recovery",
    "ms-asr-": "Azure Site Recovery",
    "asrseeddisk-": "Azure Site Recovery",
    "kubernetes.io-created-for-pvc": "a claim of Kubernetes",
    "k8s-azure-created-by": "a claim of Kubernetes",
}
EXPORTED = ("activesas", "activesasfrozen", "activeupload", "readytoupload", "reserved")
MADE_BY = {"azurebackuprg_": "Azure Backup", "rsvaultbackup": "Azure Backup"}
MEASURED = (
    Wanted("cpu_percent", "Percentage CPU", "Average", days=30),
    Wanted("hours_per_day", "Percentage CPU", "Count", days=14, scale=1 / 60),  # it reports once a minute
    Wanted("network_mb_per_day", "Network In Total+Network Out Total", "Total", days=30, scale=1e-6),
    Wanted("memory_percent", "Available Memory Percentage", "Average", days=30, used=True),
)
OPERATIONS = "Composite Disk Read Operations/sec+Composite Disk Write Operations/sec"
USED = (
    Wanted("ops_per_day", OPERATIONS, "Average", days=30, scale=PER_DAY),
    Wanted("iops", OPERATIONS, "Maximum", days=30),
)


@reader("machines", queries=("machines", "interfaces"), billed=COMPUTE)
def machines(place: Place) -> Iterator[Seen]:
    """Every machine; those of scale sets that say so are their group's."""
    addresses = _addresses(place)
    for row in place.of("machines"):
        state = word(row.get("power")).lower().rpartition("/")[2]
        running = state in RUNNING or not state
        yield Seen(_machine(place, row, state, addresses), MACHINE, MEASURED if running else ())


@reader("disks", queries=("disks", "machines"), billed=("Storage", "Virtual Machine", "Disk"))
def disks(place: Place) -> Iterator[Seen]:
    """Every managed disk."""
    off = {
        word(row["id"]).lower()
        for row in place.of("machines")
        if word(row.get("power")).lower().rpartition("/")[2] not in (*RUNNING, "")
    }
    for row in place.of("disks"):
        holder = row.get("managedBy") or None
        disk = Disk(
            **place.common(row),
            size_gb=int(row.get("gb") or 0),
            tier=word(row.get("sku")),
            zone=word(next(iter(row.get("zones") or ()), "")),
            attached_to=holder,
            idle_since=None if holder else day(row.get("owned")) or day(row.get("created")),
            holder_running=word(holder).lower() not in off,
            iops=int(row.get("iops") or 0) if word(row.get("sku")).startswith(("Ultra", "PremiumV2")) else 0,
            throughput_mb=int(row.get("mbps") or 0),
            created=day(row.get("created")),
            kept_by=_keeper(row),
        )
        yield Seen(disk, DISK, USED if holder else ())


@reader("snapshots", queries=("snapshots", "disks"), billed=("Storage", "Virtual Machine", "Disk"))
def snapshots(place: Place) -> Iterator[Seen]:
    """Every snapshot, and whether its disk is still there."""
    known = {word(row["id"]).lower() for row in place.of("disks")}
    for row in place.of("snapshots"):
        source = word(row.get("source"))
        group = word(row["id"]).lower()
        yield Seen(
            Snapshot(
                **place.common(row),
                size_gb=int(row.get("gb") or 0),
                of=source.rsplit("/", 1)[-1],
                of_exists=source.lower() in known,
                made_by=next((who for part, who in MADE_BY.items() if part in group), "")
                or ("Azure Backup" if row.get("managedBy") else ""),
                tier=word(row.get("sku")),
                created=day(row.get("created")),
            )
        )


@reader("scale-sets", queries=("groups", "scaling", "clusters"), billed=COMPUTE)
def groups(place: Place) -> Iterator[Seen]:
    """Scale sets, billed and measured as one; those of AKS belong to their cluster."""
    scaled = {word(row.get("target")).lower() for row in place.of("scaling")}
    for row in place.of("groups"):
        tags = row.get("tags") or {}
        count = int(row.get("capacity") or 0)
        made_by_aks = any(key.lower().startswith("aks-managed") for key in tags)
        yield Seen(
            ScalingGroup(
                **place.common(row),
                smallest=count,
                wanted=count,
                size=word(row.get("size")),
                scaled=word(row["id"]).lower() in scaled,
                spot=word(row.get("priority")).lower() == "spot" or bool(row.get("mix")),
                owner="AKS" if made_by_aks else "",
                created=day(row.get("created")),
            ),
            GROUP,
            (Wanted("cpu_percent", "Percentage CPU", "Average", days=30),),
        )


@reader("node-pools", queries=("clusters", "groups"), billed=("Kubernetes", "Virtual Machine"))
def pools(place: Place) -> Iterator[Seen]:
    """Node pools of AKS, each billed and measured as the scale set that is behind it."""
    sets = {
        (word(row["id"]).lower().split("/")[4], word((row.get("tags") or {}).get("aks-managed-poolName")).lower()): row
        for row in place.of("groups")
    }
    for cluster in place.of("clusters"):
        nodes = word(cluster.get("nodes")).lower()
        for pool in cluster.get("pools") or ():
            name = word(pool.get("name"))
            behind = sets.get((nodes, name.lower()))
            common = place.common(cluster) | {"id": f"{cluster['id']}/agentPools/{name}", "name": name}
            yield Seen(
                NodePool(
                    **common,
                    cluster=word(cluster["id"]),
                    size=word(pool.get("vmSize")),
                    nodes=int(pool.get("count") or 0),
                    scaled=bool(pool.get("enableAutoScaling")),
                    spot=word(pool.get("scaleSetPriority")).lower() == "spot",
                    system=word(pool.get("mode")).lower() == "system",
                    billed_as=(word(behind["id"]),) if behind else (),
                ),
                GROUP if behind else "",
                (Wanted("cpu_percent", "Percentage CPU", "Average", days=30),) if behind else (),
            )


@reader("sql-machines", queries=("sqlmachines",), billed=COMPUTE)
def sql_machines(place: Place) -> Iterator[Seen]:
    """SQL Server on machines; free editions need no licence."""
    for row in place.of("sqlmachines"):
        licence, edition = word(row.get("licence")).upper(), word(row.get("edition"))
        free = edition.lower() in ("developer", "express")
        yield Seen(
            SqlMachine(
                **place.common(row),
                machine=word(row.get("machine")),
                edition=edition,
                licence="" if free else "included" if licence == "PAYG" else "owned",
                billed_as=(word(row.get("machine")),),
            )
        )


def _machine(place: Place, row: Row, state: str, addresses: Mapping[str, list[str]]) -> Machine:
    kind, region = word(row.get("size")), word(row.get("location"))
    windows = word(row.get("system")).lower() == "windows"
    licence = word(row.get("licence")).lower()
    common = place.common(row)
    priced = place.prices.machine(kind, region, windows=windows)
    inner = [row.get("osDisk"), *((one.get("managedDisk") or {}).get("id") for one in row.get("dataDisks") or ())]
    off = state in DEALLOCATED
    return Machine(
        **common,
        size=priced or Size(name=kind, vcpus=0, memory_gb=0.0, hourly=Money.zero("USD")),
        running=state in RUNNING or not state,
        allocated=state == "stopped",
        smaller=place.prices.machines_like(kind, region, windows=windows),
        arm=None if windows else place.prices.arm_machine(kind, region),
        unlicensed=place.prices.machine(kind, region, windows=False) if windows else None,
        licence="" if not windows else "owned" if licence in ("windows_server", "windows_client") else "included",
        stopped_since=place.today - timedelta(days=UNBILLED_DAYS) if off and not place.billed(common["id"]) else None,
        spot=word(row.get("priority")).lower() == "spot",
        group=word(row.get("group")),
        holds=(*(word(one) for one in inner if one), *addresses.get(common["id"].lower(), ())),
        created=day(row.get("created")),
        retired="" if row.get("managed", True) else "its disk is unmanaged: Azure retired these on 31 Mar 2026",
    )


def _addresses(place: Place) -> dict[str, list[str]]:
    """The public addresses of each machine."""
    found: dict[str, list[str]] = {}
    for row in place.of("interfaces"):
        if row.get("machine"):
            public = ids(
                (one.get("properties") or {}).get("publicIPAddress") for one in row.get("configurations") or ()
            )
            found.setdefault(word(row["machine"]).lower(), []).extend(public)
    return found


def _keeper(row: Row) -> str:
    text = " ".join((word(row.get("name")), *(row.get("tags") or {}))).lower()
    if found := next((who for part, who in KEEPERS.items() if part in text), ""):
        return found
    return "an export or an upload" if word(row.get("state")).lower() in EXPORTED else ""
