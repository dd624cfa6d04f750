"""Missing direct ways: traffic that pays for a NAT gateway although a free endpoint would take it.

AWS: gateway endpoints of S3 and DynamoDB. FinOps capability: Architecting for Cloud.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import NatGateway

FREE = ("s3", "dynamodb")
BYTES = r"NatGateway-Bytes"


@check("missing-direct-way", serves=("aws.nat.gateway_endpoint",))
def missing_direct_way(
    estate: Estate, *, min_gb_a_month: float = 100.0, part_percent: float = 30.0
) -> Iterator[Finding | None]:
    """Yield each busy NAT gateway in a network without gateway endpoints for S3 and DynamoDB.

    How much of its traffic goes there, only flow logs tell: ``part_percent`` of its billed bytes is assumed, and said.
    100 GB a month are 4.50 USD at list price, below which a change is not worth its review.
    """
    for gateway in estate.of(NatGateway):
        missing = [service for service in FREE if service not in gateway.direct]
        sent = gateway.metrics.get("out_mb_per_day")
        if not missing or sent is None or sent.average * 30.4375 / 1_000 < min_gb_a_month:
            continue
        yield Finding.priced(
            gateway,
            estate,
            check="missing-direct-way",
            title=f"NAT gateway {gateway.name} carries what a free endpoint would",
            remedy=Remedy(Action.ADD_DIRECT_WAY, ",".join(missing), source=gateway.network),
            evidence=(
                ("Sent", f"{sent.average * 30.4375 / 1_000:,.0f} GB a month"),
                ("No free endpoint for", " and ".join(missing)),
                ("Assumed", f"{part_percent:.0f}% of its bytes go there; flow logs tell the true part"),
            ),
            part=part_percent / 100,
            meters=BYTES,
        )
