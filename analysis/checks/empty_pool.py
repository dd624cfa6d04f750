"""Empty pools: capacity for databases in which there is none.

Azure: SQL elastic pools. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import DatabasePool


@check("empty-pool", serves=("az.sql.pool_empty",))
def empty_pool(estate: Estate, *, min_age_days: int = 7) -> Iterator[Finding | None]:
    """Yield each pool, at least ``min_age_days`` old where its age is known, without a database.

    Azure's orphan workbook and the FinOps toolkit tell it at once; a week keeps out what is just being moved.
    """
    for pool in estate.of(DatabasePool):
        young = pool.created is not None and (estate.as_of - pool.created).days < min_age_days
        if pool.databases or young:
            continue
        yield Finding.priced(
            pool,
            estate,
            check="empty-pool",
            title=f"Database pool {pool.name} has no database",
            remedy=Remedy(Action.DELETE_POOL, source=pool.size),
            evidence=(("Size", pool.size), ("Databases", "none")),
        )
