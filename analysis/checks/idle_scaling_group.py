"""Idle scaling groups: all of whose machines do nothing, and which would replace each that is stopped.

AWS: Auto Scaling groups. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.checks.idle_machine import is_idle
from analysis.estate import Estate, Machine
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import ScalingGroup


@check("idle-scaling-group", serves=("aws.asg.idle",))
def idle_scaling_group(
    estate: Estate, *, max_cpu_percent: float = 5.0, max_network_mb_per_day: float = 5.0, days: int = 14
) -> Iterator[Finding | None]:
    """Yield each scaling group all of whose machines are idle, priced at their bills together.

    The bounds are Compute Optimizer's for idle machines, which it applies to groups as well.
    """
    for group in estate.of(ScalingGroup):
        members = [one for one in estate.named(group.members) if isinstance(one, Machine)]
        idle = [
            one
            for one in members
            if is_idle(one, max_cpu=max_cpu_percent, max_network_mb=max_network_mb_per_day, days=days)
        ]
        if not members or len(idle) < len(group.members):
            continue
        yield Finding.priced(
            group,
            estate,
            check="idle-scaling-group",
            title=f"Scaling group {group.name}: all of its {len(members)} machines are idle",
            remedy=Remedy(Action.EMPTY_GROUP, "0 0", source=f"{group.smallest} {group.wanted}"),
            evidence=(
                ("Busiest CPU", f"{max(one.metrics['cpu_percent'].maximum for one in idle):.1f}% in {days} days"),
                ("Size now", f"at least {group.smallest}, {group.wanted} wanted"),
            ),
            of=members,
        )
