"""Idle databases: running, billed, and asked by nobody.

AWS: RDS instances. Azure: SQL databases. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Database
from analysis.quiet import quiet


@check("idle-database", serves=("aws.rds.idle", "az.sqldb.idle"))
def idle_database(estate: Estate, *, days: int = 7, max_connections: float = 0.0) -> Iterator[Finding | None]:
    """Yield each running database that nobody was connected to for ``days``.

    7 days without a connection are Trusted Advisor's and Compute Optimizer's; Cloud Custodian waits 14.
    """
    for database in estate.of(Database):
        measured = quiet(database, "connections", days=days, at_most=max_connections)
        if not database.running or measured is None:
            continue
        yield Finding.priced(
            database,
            estate,
            check="idle-database",
            title=f"Database {database.name}: nobody was connected for {measured.days} days",
            remedy=Remedy(Action.STOP_DATABASE, source=database.size.name),
            evidence=(
                ("Connections", f"none in {measured.days} days"),
                ("Engine", f"{database.engine} {database.version}, {database.size.name}"),
                ("Storage", f"{database.storage_gb} GB, billed on while it is stopped"),
            ),
        )
