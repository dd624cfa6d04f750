"""Old generations: machines and databases of a family whose successor does the same for less.

AWS: EC2 instances, RDS databases. FinOps capability: Rate Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Computer, Estate, Machine
from analysis.findings import Action, Finding, Remedy

RUNNING = r"BoxUsage|InstanceUsage|Multi-AZUsage|DedicatedUsage"


@check("old-generation", serves=("aws.ec2.prev_gen", "aws.rds.prev_gen"))
def old_generation(estate: Estate, *, min_saving_percent: float = 3.0) -> Iterator[Finding | None]:
    """Yield what runs on a previous generation where the same size of its successor lists for less.

    The families are those that AWS calls previous and Steampipe Thrifty's (t2, m3, m4, c3, c4, r3, r4 …). Priced by
    the ratio of both list prices, on its own billed rows.
    """
    for one in estate.of(Computer):
        newer, part = one.successor, one.saves(one.successor)
        if not one.running or newer is None or part * 100 < min_saving_percent:
            continue
        what = "Machine" if isinstance(one, Machine) else "Database"
        action = Action.RESIZE_MACHINE if isinstance(one, Machine) else Action.RESIZE_DATABASE
        yield Finding.priced(
            one,
            estate,
            check="old-generation",
            title=f"{what} {one.name} would cost {part:.0%} less as {newer.name}",
            remedy=Remedy(action, newer.name, source=one.size.name),
            evidence=(("Size now", one.size.name), ("Its successor", newer.name)),
            part=part,
            meters=estate.metered(one, RUNNING),
        )
