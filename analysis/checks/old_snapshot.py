"""Old snapshots: copies of disks that nothing looks after, kept long after they were of use.

AWS: EBS snapshots. Azure: disk snapshots. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Snapshot


@check("old-snapshot", serves=("aws.ebs.snap_old", "aws.ebs.snap_orphan", "az.snap.old"))
def old_snapshot(estate: Estate, *, max_days: int = 90, max_days_orphaned: int = 30) -> Iterator[Finding | None]:
    """Yield each snapshot older than ``max_days``, sooner where its disk is gone; not those of images and of backups.

    90 days are Steampipe Thrifty's, 30 the FinOps toolkit's for Azure. Snapshots are increments: deleting one moves
    what later ones need to these, so that its billed rows are the most that can be saved.
    """
    for snapshot in estate.of(Snapshot):
        if snapshot.made_by or snapshot.image or snapshot.created is None:
            continue
        days = (estate.as_of - snapshot.created).days
        if days < (max_days if snapshot.of_exists else max_days_orphaned):
            continue
        gone = "" if snapshot.of_exists else ", its disk is gone"
        yield Finding.priced(
            snapshot,
            estate,
            check="old-snapshot",
            title=f"Snapshot {snapshot.name} is {days} days old{gone}",
            remedy=Remedy(Action.DELETE_SNAPSHOT, source=snapshot.of),
            evidence=(
                ("Made", f"{snapshot.created:%d %b %Y}, by nobody's backup plan"),
                ("Of", f"{snapshot.of} ({'still there' if snapshot.of_exists else 'deleted'}), {snapshot.size_gb} GB"),
            ),
        )
