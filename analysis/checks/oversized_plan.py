"""Oversized plans: capacity for web apps that half of would do.

Azure: App Service plans. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import AppPlan


@check("oversized-plan", serves=("az.asp.underused",))
def oversized_plan(
    estate: Estate, *, max_cpu_percent: float = 30.0, max_memory_percent: float = 40.0, days: int = 14
) -> Iterator[Finding | None]:
    """Yield each plan whose busiest CPU and fullest memory over ``days`` would fit the next size down.

    A size down is half of the processors and the memory: 30% of CPU become 60, Azure Advisor's bound, and 40% of
    memory 80. The Azure Optimization Engine looks at the same two. Only a tier's own next size is named.
    """
    for plan in estate.of(AppPlan):
        cpu, memory = plan.metrics.get("cpu_percent"), plan.metrics.get("memory_percent")
        if not plan.smaller or plan.apps == plan.stopped or cpu is None or memory is None:
            continue
        if min(cpu.days, memory.days) < days or cpu.maximum > max_cpu_percent or memory.maximum > max_memory_percent:
            continue
        yield Finding.priced(
            plan,
            estate,
            check="oversized-plan",
            title=f"App plan {plan.name} would fit {plan.smaller}",
            remedy=Remedy(Action.RESIZE_PLAN, plan.smaller, source=plan.size),
            evidence=(
                ("Busiest CPU", f"{cpu.maximum:.1f}% in {cpu.days} days"),
                ("Fullest memory", f"{memory.maximum:.1f}%"),
                ("Size now", f"{plan.workers} × {plan.size}, {plan.apps} apps"),
            ),
            part=plan.saved,
        )
