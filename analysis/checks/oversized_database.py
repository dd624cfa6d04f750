"""Oversized databases: classes whose processors are never used.

AWS: RDS instances. Azure: SQL databases. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate, Size
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Database
from analysis.quiet import quiet

RUNNING = r"InstanceUsage|Multi-AZUsage|vCore|DTU"


@check("oversized-database", serves=("aws.rds.rightsize", "az.sqldb.underused"))
def oversized_database(
    estate: Estate, *, max_cpu_percent: float = 25.0, days: int = 14, headroom_percent: float = 60.0
) -> Iterator[Finding | None]:
    """Yield each running database whose busiest CPU stayed below ``max_cpu_percent``, with the next class down.

    25% is Steampipe Thrifty's alarm for RDS, which takes the average; ours is the maximum, since a database that is
    short of CPU once a day is short of it. One step at a time: memory is its cache, and no metric tells what it needs.
    """
    for database in estate.of(Database):
        cpu, connections = database.metrics.get("cpu_percent"), database.metrics.get("connections")
        if not database.running or cpu is None or cpu.days < days or cpu.maximum >= max_cpu_percent:
            continue
        if connections is None or quiet(database, "connections", days=7):
            continue
        busy = cpu.maximum / 100 * database.size.vcpus
        fits = [one for one in database.smaller if busy <= one.vcpus * headroom_percent / 100 and one.hourly]
        smaller = max(fits, key=lambda one: (one.vcpus, one.memory_gb), default=None)
        if smaller is None or not database.saves(smaller):
            continue
        yield Finding.priced(
            database,
            estate,
            check="oversized-database",
            title=f"Database {database.name} would fit {smaller.name}",
            remedy=Remedy(Action.RESIZE_DATABASE, smaller.name, source=database.size.name),
            evidence=(
                ("Busiest CPU", f"{cpu.maximum:.1f}% in {cpu.days} days"),
                ("Connections", f"{connections.maximum:.0f} at most"),
                ("Size now", _said(database.size)),
                ("Size that fits", _said(smaller)),
            ),
            part=database.saves(smaller),
            meters=estate.metered(database, RUNNING),
        )


def _said(size: Size) -> str:
    """A size with what it offers; sizes of DTUs have no memory of their own, and say in their name what they are."""
    return f"{size.name} ({size.vcpus} vCPU, {size.memory_gb:g} GB)" if size.memory_gb else size.name
