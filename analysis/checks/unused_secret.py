"""Unused secrets: kept at a price a month, and read by nothing.

AWS: Secrets Manager. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Secret


@check("unused-secret", serves=("aws.secrets.unused",))
def unused_secret(estate: Estate, *, max_days: int = 90) -> Iterator[Finding | None]:
    """Yield each secret, old enough, that was not read for ``max_days``; 90 are Steampipe Thrifty's.

    A secret is 0.40 USD a month, and less of a risk when it is gone.
    """
    for secret in estate.of(Secret):
        last = secret.last_used or secret.created
        if last is None or (estate.as_of - last).days < max_days:
            continue
        yield Finding.priced(
            secret,
            estate,
            check="unused-secret",
            title=f"Secret {secret.name} is not read since {last:%d %b %Y}",
            remedy=Remedy(Action.DELETE_SECRET),
            evidence=(("Last read", f"{secret.last_used:%d %b %Y}" if secret.last_used else "never"),),
            even_unbilled=True,
        )
