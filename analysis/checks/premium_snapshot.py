"""Premium snapshots: copies that are kept where only what is in use should be.

Azure: snapshots on Premium storage. FinOps capability: Rate Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Snapshot


@check("premium-snapshot", serves=("az.snap.premium",))
def premium_snapshot(
    estate: Estate, *, saving_percent: float = 60.0, min_monthly: float = 1.0
) -> Iterator[Finding | None]:
    """Yield each snapshot on Premium storage, billed ``min_monthly``.

    Standard storage lists at 0.05 USD a GB and month against 0.12 and more: Azure's own guidance, the FinOps toolkit
    and Steampipe Thrifty say 60%. A snapshot is as fast to restore from either.
    """
    for snapshot in estate.of(Snapshot):
        bill = estate.bill(snapshot)
        if not snapshot.tier.lower().startswith("premium") or bill is None or float(bill.effective) < min_monthly:
            continue
        yield Finding.priced(
            snapshot,
            estate,
            check="premium-snapshot",
            title=f"Snapshot {snapshot.name} is kept on Premium storage",
            remedy=Remedy(Action.RETYPE_SNAPSHOT, "Standard_LRS", source=snapshot.tier),
            evidence=(("Size", f"{snapshot.size_gb} GB {snapshot.tier}"),),
            part=saving_percent / 100,
        )
