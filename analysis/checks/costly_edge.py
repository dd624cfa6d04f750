"""Costly edges: content served from everywhere, the most expensive places included.

AWS: CloudFront price classes. FinOps capability: Rate Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Distribution


@check("costly-edge", serves=("aws.cloudfront.price_class",))
def costly_edge(estate: Estate, *, min_monthly: float = 100.0) -> Iterator[Finding]:
    """Yield each distribution billed ``min_monthly`` that serves from all places, for a look.

    Steampipe Thrifty tells each with PriceClass_All. What fewer places save depends on where the visitors are.
    """
    for one in estate.of(Distribution):
        bill = estate.bill(one)
        if one.everywhere and bill and float(bill.effective) >= min_monthly:
            yield Finding.seen(
                one,
                estate,
                check="costly-edge",
                title=f"Distribution {one.name} serves from the most expensive places too",
                remedy=Remedy(Action.REVIEW),
                evidence=(("Price class", "all places"),),
            )
