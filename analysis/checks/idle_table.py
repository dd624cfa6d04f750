"""Idle tables: capacity that is kept ready and not read or written.

AWS: DynamoDB. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Table

DAY = 86_400
CAPACITY = r"CapacityUnit-Hrs"


@check("idle-table", serves=("aws.dynamodb.idle", "aws.dynamodb.no_autoscale"))
def idle_table(
    estate: Estate, *, days: int = 14, max_used_percent: float = 30.0, unscaled_only: bool = True
) -> Iterator[Finding | None]:
    """Yield each table whose provisioned units are used by less than ``max_used_percent`` and that nothing scales.

    30% is Trusted Advisor's line for provisioned capacity; a table without a read or a write for ``days`` is Compute
    Optimizer's idle. Priced from its rows of capacity: paid by the request it would cost next to nothing.
    """
    for table in estate.of(Table):
        measured = table.metrics.get("units_per_day")
        units = (table.read_units + table.write_units) * DAY
        if not table.provisioned or not units or measured is None or measured.days < days:
            continue
        used = 100 * measured.average / units
        if used >= max_used_percent or (unscaled_only and table.scaled and measured.maximum):
            continue
        yield Finding.priced(
            table,
            estate,
            check="idle-table",
            title=f"Table {table.name} uses {used:.1f}% of what is provisioned",
            remedy=Remedy(Action.PAY_PER_REQUEST, source=f"{table.read_units} {table.write_units}"),
            evidence=(
                ("Used", f"{used:.1f}% of its units in {measured.days} days"),
                ("Provisioned", f"{table.read_units} read and {table.write_units} write units"),
                ("Scales by itself", "yes" if table.scaled else "no"),
            ),
            part=max(0.0, 1 - PER_REQUEST * used / 100),
            meters=estate.metered(table, CAPACITY),
        )


PER_REQUEST = 3.46  # a unit by the request lists at 0.625 USD a million, provisioned at 0.00065 an hour of 3,600
