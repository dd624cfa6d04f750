"""Outdated disk tiers: storage of a kind that a newer one replaces at a lower price and equal speed.

AWS: EBS gp2 volumes, which gp3 replaces. FinOps capability: Rate Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Disk, Estate
from analysis.findings import Action, Finding, Remedy

GP2_IOPS_A_GB, GP2_LEAST, GP2_MOST = 3, 100, 16_000
GP3_IOPS, GP3_THROUGHPUT = 3_000, 125  # in the price
GP2_THROUGHPUT, SMALL_GP2_THROUGHPUT, SMALL_GB = 250, 125, 170  # of 128, gp3 gives 125
STORAGE = r"VolumeUsage"
IOPS_PRICE, THROUGHPUT_PRICE, GP2_PRICE = 0.005, 0.04, 0.10  # USD a month, us-east-1; only their ratio counts


@check("outdated-disk-tier", serves=("aws.ebs.gp2_gp3",))
def outdated_disk_tier(estate: Estate, *, saving_percent: float = 20.0) -> Iterator[Finding | None]:
    """Yield each gp2 volume, priced at what gp3 with the same speed saves of its own billed storage.

    gp3 lists at 0.08 USD a GB where gp2 lists at 0.10 (20%, AWS price list, every region alike); what a large volume
    needs beyond gp3's 3,000 IOPS and 125 MB/s is bought and taken off.
    """
    for disk in estate.of(Disk):
        if disk.tier != "gp2" or disk.size_gb <= 0:
            continue
        iops = min(max(GP2_IOPS_A_GB * disk.size_gb, GP2_LEAST), GP2_MOST)
        throughput = GP2_THROUGHPUT if disk.size_gb > SMALL_GB else SMALL_GP2_THROUGHPUT
        bought = max(0, iops - GP3_IOPS) * IOPS_PRICE + max(0, throughput - GP3_THROUGHPUT) * THROUGHPUT_PRICE
        part = saving_percent / 100 - bought / (GP2_PRICE * disk.size_gb)
        if part <= 0:
            continue
        target = f"gp3 {max(iops, GP3_IOPS)} {max(throughput, GP3_THROUGHPUT)}"
        yield Finding.priced(
            disk,
            estate,
            check="outdated-disk-tier",
            title=f"Disk {disk.name} would cost {part:.0%} less as gp3",
            remedy=Remedy(Action.RETYPE_DISK, target, source="gp2"),
            evidence=(
                ("Tier now", f"gp2, {disk.size_gb} GB, up to {iops} IOPS"),
                ("Tier that fits", f"gp3 with {max(iops, GP3_IOPS)} IOPS and {max(throughput, GP3_THROUGHPUT)} MB/s"),
            ),
            part=part,
            meters=estate.metered(disk, STORAGE),
        )
