"""Large disks: sizes and speeds beyond the usual, to be looked at.

AWS: EBS volumes. Azure: managed disks. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Disk, Estate
from analysis.findings import Action, Finding, Remedy


@check("large-disk", serves=("aws.ebs.large", "az.disk.large"))
def large_disk(estate: Estate, *, min_gb: int = 2_000, min_iops: int = 32_000) -> Iterator[Finding]:
    """Yield each disk of ``min_gb`` or of ``min_iops``, to be looked at: no saving is claimed.

    32,000 IOPS are Steampipe Thrifty's bound for EBS. Its 100 GB are half of all disks today, so ours begins at 2 TB:
    a disk cannot shrink, and only what is worth a migration is worth a look.
    """
    for disk in estate.of(Disk):
        if disk.size_gb >= min_gb or disk.iops >= min_iops:
            yield Finding.seen(
                disk,
                estate,
                check="large-disk",
                title=f"Disk {disk.name} is large: {disk.size_gb} GB",
                remedy=Remedy(Action.REVIEW),
                evidence=(("Size", f"{disk.size_gb} GB {disk.tier}, {disk.iops or 'no provisioned'} IOPS"),),
            )
