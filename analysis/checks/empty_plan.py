"""Empty plans: capacity for web apps on which none runs.

Azure: App Service plans. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import AppPlan


@check("empty-plan", serves=("az.asp.empty", "az.web.stopped"))
def empty_plan(estate: Estate, *, stopped_too: bool = True) -> Iterator[Finding | None]:
    """Yield each plan without an app, and (``stopped_too``) each of which every app is switched off.

    A plan is billed by its size, whatever is on it: Azure's orphan workbook, the FinOps toolkit and the Azure
    Optimization Engine tell the empty ones at once. One stopped app among others saves nothing, and is not told.
    """
    for plan in estate.of(AppPlan):
        if plan.apps and not (stopped_too and plan.stopped == plan.apps):
            continue
        says = f"has {plan.apps} apps, all of them switched off" if plan.apps > 1 else "has an app that is switched off"
        yield Finding.priced(
            plan,
            estate,
            check="empty-plan",
            title=f"App plan {plan.name} {says if plan.apps else 'has no app'}",
            remedy=Remedy(Action.REVIEW if plan.apps else Action.DELETE_PLAN, source=plan.size),
            evidence=(("Size", f"{plan.workers} × {plan.size}"), ("Apps", f"{plan.apps}, {plan.stopped} stopped")),
        )
