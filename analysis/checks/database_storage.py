"""Database storage: gp2 where gp3 costs the same or less, and provisioned IOPS that nobody uses.

AWS: RDS. FinOps capability: Rate Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Database

BASE_IOPS = 3_000
PIOPS = r"PIOPS(?!-Storage)|ProvisionedIOPS"


@check("database-storage", serves=("aws.rds.storage",))
def database_storage(estate: Estate, *, days: int = 14, max_used_percent: float = 50.0) -> Iterator[Finding | None]:
    """Yield each database whose provisioned IOPS were never used beyond ``max_used_percent`` and fit gp3's base.

    gp3 of RDS has 3,000 IOPS in the price (AWS documentation); the rows of the IOPS themselves are what ends.
    Compute Optimizer's finding for RDS storage asks the same.
    """
    for database in estate.of(Database):
        used = database.metrics.get("iops")
        if database.storage_tier not in ("io1", "io2") or not database.iops or used is None or used.days < days:
            continue
        if used.maximum > min(BASE_IOPS, database.iops * max_used_percent / 100):
            continue
        yield Finding.priced(
            database,
            estate,
            check="database-storage",
            title=f"Database {database.name} pays for {database.iops} IOPS and uses {used.maximum:.0f}",
            remedy=Remedy(Action.RETYPE_DATABASE, "gp3", source=f"{database.storage_tier} {database.iops}"),
            evidence=(
                ("IOPS", f"{used.maximum:.0f} at most in {used.days} days, {database.iops} provisioned"),
                ("Storage", f"{database.storage_gb} GB {database.storage_tier}"),
            ),
            meters=PIOPS,
        )
