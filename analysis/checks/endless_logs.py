"""Endless logs: kept for ever because nobody said how long.

AWS: CloudWatch log groups. Azure: Log Analytics workspaces. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import LogGroup

STORED = r"TimedStorage"


@check("endless-logs", serves=("aws.logs.no_retention",))
def endless_logs(estate: Estate, *, min_gb: float = 1.0, keep_days: int = 30) -> Iterator[Finding | None]:
    """Yield each log group of ``min_gb`` that is never emptied, priced from its rows of storage.

    Steampipe Thrifty tells each group without a retention; below 1 GB that is 3 cents a month. What comes in costs
    more than what stays (0.50 against 0.03 USD a GB): the whole bill is told beside it.
    """
    for group in estate.of(LogGroup):
        if group.retention_days or group.stored_gb < min_gb:
            continue
        bill = estate.bill(group)
        yield Finding.priced(
            group,
            estate,
            check="endless-logs",
            title=f"Log group {group.name} keeps {group.stored_gb:,.0f} GB for ever",
            remedy=Remedy(Action.SET_RETENTION, str(keep_days)),
            evidence=(
                ("Stored", f"{group.stored_gb:,.1f} GB, never deleted"),
                *((("All of it, what comes in included", f"{bill.effective.cents()} a month"),) if bill else ()),
            ),
            meters=STORED,
            even_unbilled=True,
        )
