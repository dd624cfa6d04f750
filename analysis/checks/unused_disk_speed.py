"""Unused disk speed: premium disks of which the speed is paid for and hardly asked.

Azure: Premium SSD that Standard SSD would do for. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Disk, Estate
from analysis.findings import Action, Finding, Remedy

PREMIUM, STANDARD = "Premium_", "StandardSSD_"
STANDARD_IOPS = 500  # of Standard SSD up to 4 TB (Azure managed disk types)
SIZES = (4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)  # GB; a disk is billed as the next one up
PREMIUM_PRICES = (0.60, 1.20, 2.40, 5.28, 10.21, 19.71, 38.02, 73.22, 135.17, 259.05, 495.57)
STANDARD_PRICES = (0.30, 0.60, 1.20, 2.40, 4.80, 9.60, 19.20, 38.40, 76.80, 153.60, 307.20)


@check("unused-disk-speed", serves=("az.disk.premium_idle",))
def unused_disk_speed(
    estate: Estate, *, max_percent_of_standard: float = 50.0, days: int = 14, min_monthly: float = 5.0
) -> Iterator[Finding | None]:
    """Yield each Premium SSD in use whose busiest moment asked for less than half of what Standard SSD gives.

    Standard SSD gives 500 IOPS; ``max_percent_of_standard`` of them over ``days`` leave the other half in hand (the
    Azure Optimization Engine asks for a part of what is provisioned). Priced at the difference of both list prices in
    the disk's own size (USD a month, East US, 2026; only their ratio counts), of its own billed rows. Operations, which
    Standard SSD bills and Premium does not, come to cents at this load.
    """
    most = STANDARD_IOPS * max_percent_of_standard / 100
    for disk in estate.of(Disk):
        used, bill = disk.metrics.get("iops"), estate.bill(disk)
        if not disk.tier.startswith(PREMIUM) or disk.attached_to is None or not 0 < disk.size_gb <= SIZES[-1]:
            continue
        if (
            used is None
            or used.days < days
            or used.maximum > most
            or bill is None
            or float(bill.effective) < min_monthly
        ):
            continue
        place = bisect_left(SIZES, disk.size_gb)
        target = STANDARD + disk.tier.removeprefix(PREMIUM)
        yield Finding.priced(
            disk,
            estate,
            check="unused-disk-speed",
            title=f"Disk {disk.name} would do as {target}",
            remedy=Remedy(Action.RETYPE_DISK, target, source=disk.tier),
            evidence=(
                ("Busiest moment", f"{used.maximum:.0f} IOPS in {used.days} days, {STANDARD_IOPS} would be had"),
                ("Size", f"{disk.size_gb} GB {disk.tier}"),
            ),
            part=1 - STANDARD_PRICES[place] / PREMIUM_PRICES[place],
        )
