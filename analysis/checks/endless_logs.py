"""Endless logs: kept for ever because nobody said how long.

AWS: CloudWatch log groups. Azure: Log Analytics workspaces. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import LogGroup

STORED = r"TimedStorage|Data Retention"


@check("endless-logs", serves=("aws.logs.no_retention",))
def endless_logs(
    estate: Estate, *, min_gb: float = 1.0, keep_days: int = 30, max_days: int = 365, min_monthly: float = 5.0
) -> Iterator[Finding | None]:
    """Yield each log group of ``min_gb`` that is never emptied, and each that keeps more than ``max_days``.

    Priced from the rows of storage; of those that keep long, billed ``min_monthly`` for it, by the days beyond.

    Steampipe Thrifty tells each group without a retention; below 1 GB that is 3 cents a month. What comes in costs
    more than what stays (0.50 against 0.03 USD a GB): the whole bill is told beside it.
    """
    for group in estate.of(LogGroup):
        if group.retention_days > max_days:
            yield _long(group, estate, max_days, min_monthly)
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


def _long(group: LogGroup, estate: Estate, keep: int, least: float) -> Finding | None:
    """What is kept longer than a year; whether somebody must keep it, its owner knows."""
    bill = estate.bill(group)
    part = 1 - keep / group.retention_days
    if bill is None or float(bill.part(STORED).effective) * part < least:
        return None
    return Finding.priced(
        group,
        estate,
        check="endless-logs",
        title=f"Logs of {group.name} are kept for {group.retention_days} days",
        remedy=Remedy(Action.SET_RETENTION, str(keep), source=str(group.retention_days)),
        evidence=(("Kept", f"{group.retention_days} days"), ("Mind", "the law may ask for longer")),
        part=part,
        meters=STORED,
    )
