"""Database snapshots: copies made by hand of databases that are gone.

AWS: RDS manual snapshots. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import DatabaseSnapshot


@check("database-snapshot", serves=("aws.rds.snap_manual",))
def database_snapshot(estate: Estate, *, max_days: int = 30) -> Iterator[Finding | None]:
    """Yield each manual snapshot older than ``max_days`` whose database is gone; of its own rows where it has any.

    30 days are Steampipe Thrifty's. AWS bills backup beyond the free part by region, seldom by snapshot; without rows
    of its own it is told for a look, and claims nothing.
    """
    old = defaultdict(list)
    for one in estate.of(DatabaseSnapshot):
        if not one.of_exists and one.created is not None and (estate.as_of - one.created).days >= max_days:
            old[one.of].append(one)
    for of, snapshots in old.items():
        for one in snapshots:
            days = (estate.as_of - one.created).days if one.created else 0
            yield Finding.priced(
                one,
                estate,
                check="database-snapshot",
                title=f"Snapshot {one.name} of {of}, which is gone, is {days} days old",
                remedy=Remedy(Action.DELETE_DATABASE_SNAPSHOT, source=of),
                evidence=(
                    ("Size", f"{one.size_gb} GB"),
                    ("Of", f"{of}, deleted"),
                    ("Copies of it", str(len(snapshots))),
                ),
                even_unbilled=True,
            )
