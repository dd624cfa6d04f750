"""Long on demand: what has run for months at the price for a day.

AWS: EC2, RDS, ElastiCache. Azure: virtual machines, SQL databases. FinOps capability: Rate Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate, Machine
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Cache, Database


@check(
    "long-on-demand",
    serves=(
        *("aws.ec2.long_running", "aws.rds.long_running", "aws.elasticache.long_running"),
        *("az.vm.long_running", "az.sqldb.long_running"),
    ),
)
def long_on_demand(estate: Estate, *, days: int = 90, min_monthly: float = 100.0) -> Iterator[Finding]:
    """Yield what is older than ``days`` and not covered by a commitment, to commit to or to retire.

    90 days are Steampipe Thrifty's alarm. No saving is claimed here: `commitments` proposes what to buy, for all of
    them together, and a purchase never has a button.
    """
    for one in (*estate.of(Machine), *estate.of(Database), *estate.of(Cache)):
        bill = estate.bill(one)
        since = one.since if isinstance(one, Machine) else one.created
        running = one.running if isinstance(one, Machine | Database) else True
        if not running or since is None or bill is None or (isinstance(one, Machine) and one.spot):
            continue
        if (estate.as_of - since).days < days or float(bill.cash) < min_monthly or bill.covered:
            continue
        yield Finding.seen(
            one,
            estate,
            check="long-on-demand",
            title=f"{one.name} runs on demand since {since:%d %b %Y}",
            remedy=Remedy(Action.REVIEW),
            evidence=(("Running for", f"{(estate.as_of - since).days} days without a commitment"),),
        )
