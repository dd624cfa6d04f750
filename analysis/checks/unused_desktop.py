"""Unused desktops: paid by the month for people who do not come.

AWS: WorkSpaces. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Desktop


@check("unused-desktop", serves=("aws.workspaces.unused",))
def unused_desktop(estate: Estate, *, max_days: int = 30) -> Iterator[Finding | None]:
    """Yield each desktop that is always on and that nobody has connected to for ``max_days``.

    30 days are Trusted Advisor's; Compute Optimizer calls one idle after 32. By the hour, an unused one costs a tenth.
    """
    for desktop in estate.of(Desktop):
        last = desktop.last_used or desktop.created
        if not desktop.always_on or last is None or (estate.as_of - last).days < max_days:
            continue
        yield Finding.priced(
            desktop,
            estate,
            check="unused-desktop",
            title=f"Desktop {desktop.name}: nobody since {last:%d %b %Y}",
            remedy=Remedy(Action.STOP_DESKTOP_ALONE),
            evidence=(("Last used", f"{desktop.last_used:%d %b %Y}" if desktop.last_used else "never"),),
        )
