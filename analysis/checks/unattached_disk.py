"""Unattached disks: storage that is billed while no machine uses it.

AWS: EBS volumes in state ``available``. Azure: managed disks ``Unattached``.
FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from analysis.checks import check
from analysis.estate import Disk, Estate
from analysis.findings import Action, Finding, Remedy


@check("unattached-disk", serves=("aws.ebs.unattached", "az.disk.unattached"))
def unattached_disk(estate: Estate, *, min_idle_days: int = 7) -> Iterator[Finding | None]:
    """Yield each disk that nothing has used for at least ``min_idle_days``.

    What site recovery, a claim of Kubernetes or an export needs is left alone. Seven days is AWS Trusted Advisor's and
    Cloud Custodian's usual grace; Compute Optimizer waits 32.
    """
    newest = estate.as_of - timedelta(days=min_idle_days)
    for disk in estate.of(Disk):
        since = _unused_since(disk)
        if disk.attached_to or disk.kept_by or since is None or since > newest:
            continue
        idle = (estate.as_of - since).days
        yield Finding.priced(
            disk,
            estate,
            check="unattached-disk",
            title=f"Disk {disk.name} unattached since {since:%d %b %Y}",
            remedy=Remedy(Action.DELETE_DISK, source=f"{disk.zone} {disk.tier}".strip()),
            evidence=(("Unattached for", f"{idle} days"), ("Size", f"{disk.size_gb} GB {disk.tier}")),
        )


def _unused_since(disk: Disk) -> date | None:
    """The day of its detachment, as well as it is known: not before it was last read or written."""
    used = disk.metrics.get("ops_per_day")
    known = [day for day in (disk.idle_since, used.last if used else None) if day]
    return max(known) if disk.idle_since else None
