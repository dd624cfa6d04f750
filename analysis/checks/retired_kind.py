"""Retired kinds: what its cloud gives up, and what will move or stop one day whether anybody planned it or not.

Azure: unmanaged disks, Basic addresses, version 1 gateways, old storage accounts. FinOps capability: Architecting for
Cloud.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy


@check("retired-kind", serves=("az.vm.unmanaged_disk", "az.pip.basic", "az.appgw.v1", "az.st.legacy"))
def retired_kind(estate: Estate, *, min_monthly: float = 0.0) -> Iterator[Finding]:
    """Yield each thing of a retired kind, billed ``min_monthly``, for a plan: no saving is claimed.

    The FinOps toolkit tells each of them; the dates are those of Azure's retirement notices.
    """
    for one in estate.resources:
        bill = estate.bill(one)
        if not one.retired or (float(bill.effective) if bill else 0.0) < min_monthly:
            continue
        yield Finding.seen(
            one,
            estate,
            check="retired-kind",
            title=f"{one.name} is of a kind that is given up",
            remedy=Remedy(Action.REVIEW),
            evidence=(("Why", one.retired),),
        )
