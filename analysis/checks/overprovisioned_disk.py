"""Overprovisioned disks: speed that is paid for by the IOPS and that a cheaper tier gives too.

AWS: EBS io1 and io2 volumes within gp3's reach. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Disk, Estate
from analysis.findings import Action, Finding, Remedy

FREE_IOPS = 3_000
IO_IOPS_PRICE, GP3_IOPS_PRICE = 0.065, 0.005  # USD an IOPS and month, us-east-1 (AWS price list); their ratio counts
METERS = r"VolumeP-?IOPS|VolumeIOPS"


@check("overprovisioned-disk", serves=("aws.ebs.io_to_gp3",))
def overprovisioned_disk(estate: Estate, *, max_iops: int = 16_000) -> Iterator[Finding | None]:
    """Yield each io1 or io2 volume with at most ``max_iops`` provisioned, priced from its rows of IOPS.

    16,000 IOPS were gp3's most when Steampipe Thrifty and AWS's migration guide set the bound. Latency is guaranteed
    by io2 alone: databases are for review.
    """
    for disk in estate.of(Disk):
        if disk.tier not in ("io1", "io2") or not 0 < disk.iops <= max_iops:
            continue
        after = max(0, disk.iops - FREE_IOPS) * GP3_IOPS_PRICE
        yield Finding.priced(
            disk,
            estate,
            check="overprovisioned-disk",
            title=f"Disk {disk.name} pays for {disk.iops} IOPS that gp3 gives for less",
            remedy=Remedy(Action.RETYPE_DISK, f"gp3 {max(disk.iops, FREE_IOPS)}", source=f"{disk.tier} {disk.iops}"),
            evidence=(("Tier now", f"{disk.tier}, {disk.size_gb} GB, {disk.iops} IOPS provisioned"),),
            part=1 - after / (disk.iops * IO_IOPS_PRICE),
            meters=METERS,
        )
