"""Oversized groups: scaling groups that would do the same with fewer machines.

Azure: virtual machine scale sets. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import ScalingGroup


@check("oversized-group", serves=("az.vmss.underused",))
def oversized_group(
    estate: Estate, *, max_cpu_percent: float = 30.0, days: int = 14, headroom_percent: float = 60.0, least: int = 2
) -> Iterator[Finding | None]:
    """Yield each group of fixed size whose busiest CPU over ``days`` stayed under ``max_cpu_percent``.

    30% of CPU are the Azure Optimization Engine's for scale sets; the machines that stay keep the measured peak under
    ``headroom_percent``, as Azure Advisor does, and are at least ``least``. What a rule scales, and what a cluster
    looks after, is left alone.
    """
    for group in estate.of(ScalingGroup):
        cpu = group.metrics.get("cpu_percent")
        if group.scaled or group.owner or cpu is None or cpu.days < days or cpu.maximum >= max_cpu_percent:
            continue
        fewer = max(least, ceil(group.wanted * cpu.maximum / headroom_percent))
        if fewer >= group.wanted:
            continue
        yield Finding.priced(
            group,
            estate,
            check="oversized-group",
            title=f"Scaling group {group.name} would do with {fewer} of its {group.wanted} machines",
            remedy=Remedy(Action.RESIZE_GROUP, str(fewer), source=str(group.wanted)),
            evidence=(
                ("Busiest CPU", f"{cpu.maximum:.1f}% in {cpu.days} days, all machines together"),
                ("Size", group.size or "not known"),
            ),
            part=1 - fewer / group.wanted,
        )
