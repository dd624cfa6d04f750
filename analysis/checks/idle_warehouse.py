"""Idle warehouses: clusters for questions that nobody asks.

AWS: Redshift. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Warehouse
from analysis.quiet import dull, quiet


@check("idle-warehouse", serves=("aws.redshift.low_util",))
def idle_warehouse(estate: Estate, *, days: int = 7, max_cpu_percent: float = 5.0) -> Iterator[Finding | None]:
    """Yield each running warehouse without a connection for ``days``, or with less CPU than ``max_cpu_percent``.

    No connection in 7 days and 5% of CPU are Trusted Advisor's check of underused Redshift clusters.
    """
    for warehouse in estate.of(Warehouse):
        unasked = quiet(warehouse, "connections", days=days)
        idle = dull(warehouse, "cpu_percent", days=days, below=max_cpu_percent)
        measured = unasked or idle
        if not warehouse.running or measured is None:
            continue
        said = "nobody was connected" if unasked else f"its CPU was {measured.average:.1f}% on average"
        yield Finding.priced(
            warehouse,
            estate,
            check="idle-warehouse",
            title=f"Warehouse {warehouse.name}: {said} for {measured.days} days",
            remedy=Remedy(Action.PAUSE_WAREHOUSE),
            evidence=(("Seen", f"{said} in {measured.days} days"),),
        )
