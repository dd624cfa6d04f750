"""A spare zone: databases for development and tests that stand ready twice.

AWS: RDS Multi-AZ. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Database

METERS = r"Multi-AZ"


@check("spare-zone", serves=("aws.rds.multi_az_nonprod",))
def spare_zone(
    estate: Estate, *, environments: str = "dev development test testing qa staging sandbox"
) -> Iterator[Finding | None]:
    """Yield each database of one of ``environments`` that stands in several zones.

    One zone lists at half of two (AWS price list). Members of a cluster are not meant: their zones are its own.
    """
    kept = set(environments.split())
    for database in estate.of(Database):
        if database.multi_zone and not database.cluster and database.env in kept:
            yield Finding.priced(
                database,
                estate,
                check="spare-zone",
                title=f"Database {database.name} of {database.env} stands ready in two zones",
                remedy=Remedy(Action.ONE_ZONE_DATABASE, source=database.size.name),
                evidence=(("Environment", database.env), ("Engine", f"{database.engine} {database.version}")),
                part=0.5,
                meters=estate.metered(database, METERS),
            )
