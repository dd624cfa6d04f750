"""Quiet disks: attached, and hardly ever read or written.

AWS: EBS volumes. Azure: managed disks. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Disk, Estate
from analysis.findings import Action, Finding, Remedy
from analysis.quiet import dull


@check("quiet-disk", serves=("aws.ebs.low_io", "az.disk.low_io"))
def quiet_disk(estate: Estate, *, max_operations_a_day: float = 100.0, days: int = 14) -> Iterator[Finding | None]:
    """Yield each attached disk with fewer than ``max_operations_a_day`` on average.

    100 operations are Steampipe Thrifty's alarm; Trusted Advisor asks for less than one a day over a week. The disk of
    a stopped machine is told with its machine.
    """
    for disk in estate.of(Disk):
        measured = dull(disk, "ops_per_day", days=days, below=max_operations_a_day)
        if disk.attached_to is None or not disk.holder_running or measured is None:
            continue
        yield Finding.priced(
            disk,
            estate,
            check="quiet-disk",
            title=f"Disk {disk.name} is attached and hardly used",
            remedy=Remedy(Action.DELETE_DISK, source=f"{disk.zone} {disk.tier}".strip()),
            evidence=(
                ("Reads and writes", f"{measured.average:.0f} a day in {measured.days} days"),
                ("Size", f"{disk.size_gb} GB {disk.tier}"),
                ("Attached to", disk.attached_to.rsplit("/", 1)[-1]),
            ),
        )
