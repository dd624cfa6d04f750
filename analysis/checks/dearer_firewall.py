"""Dearer firewalls: Premium, of which nothing is used that Standard does not have.

Azure: Azure Firewall. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Firewall

PREMIUM_HOUR, STANDARD_HOUR = 1.75, 1.25  # USD (Azure Firewall pricing, every region alike); only their ratio counts
DEPLOYED = r"Deployment"


@check("dearer-firewall", serves=("az.fw.premium",))
def dearer_firewall(estate: Estate, *, min_monthly: float = 50.0) -> Iterator[Finding | None]:
    """Yield each Premium firewall, billed ``min_monthly``, without intrusion detection, TLS inspection or URL rules.

    The FinOps toolkit asks for the same features. Standard lists at 1.25 USD an hour against 1.75; data lists alike,
    so that only the rows of its deployment are counted where the bill tells them.
    """
    for firewall in estate.of(Firewall):
        bill = estate.bill(firewall)
        if firewall.tier.lower() != "premium" or firewall.uses or bill is None or float(bill.effective) < min_monthly:
            continue
        yield Finding.priced(
            firewall,
            estate,
            check="dearer-firewall",
            title=f"Firewall {firewall.name} is Premium and uses what Standard has",
            remedy=Remedy(Action.DOWNGRADE_FIREWALL, "Standard", source="Premium"),
            evidence=(("Premium features in use", "none"),),
            part=1 - STANDARD_HOUR / PREMIUM_HOUR,
            meters=estate.metered(firewall, DEPLOYED),
        )
