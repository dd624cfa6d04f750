"""Warehouses off hours: clusters for development and tests that never pause.

AWS: Redshift. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Warehouse

WEEK = 168
NODES = r"Node:"


@check("warehouse-off-hours", serves=("aws.redshift.no_pause",))
def warehouse_off_hours(
    estate: Estate,
    *,
    environments: str = "dev development test testing qa staging sandbox",
    hours_a_week: int = 50,
    window: str = "mon-fri 08:00-18:00 UTC",
) -> Iterator[Finding | None]:
    """Yield each running warehouse of one of ``environments`` that no schedule pauses.

    Steampipe Thrifty tells each cluster without a pause schedule; 50 of 168 hours are Cloud Custodian's office week.
    """
    kept = set(environments.split())
    for warehouse in estate.of(Warehouse):
        if warehouse.running and not warehouse.scheduled and warehouse.env in kept:
            yield Finding.priced(
                warehouse,
                estate,
                check="warehouse-off-hours",
                title=f"Warehouse {warehouse.name} of {warehouse.env} never pauses",
                remedy=Remedy(Action.SCHEDULE_WAREHOUSE, window),
                evidence=(("Enough would be", f"{hours_a_week} of {WEEK} hours a week ({window})"),),
                part=1 - hours_a_week / WEEK,
                meters=estate.metered(warehouse, NODES),
            )
