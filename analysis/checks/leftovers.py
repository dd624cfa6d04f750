"""Leftovers: what belongs to nothing any more. What is billed is told by itself, what is free in one line an account.

Azure: network interfaces, security groups, route tables, networks, IP groups, availability sets, connections,
certificates, DNS zones, Traffic Manager profiles, Front Door policies. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from analysis.checks import check
from analysis.counting import so_many
from analysis.estate import Estate, Resource
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Leftover

SHOWN = 3
KINDS = (
    *("az.nic.orphan", "az.nsg.orphan", "az.rt.orphan", "az.vnet.empty", "az.ipgroup.orphan"),
    *("az.avset.orphan", "az.apiconn.orphan", "az.cert.expired", "az.tm.no_endpoint", "az.pdns.no_link"),
    "az.fdwaf.orphan",
)


@check("leftovers", serves=KINDS)
def leftovers(estate: Estate, *, min_monthly: float = 0.25, most: int = 20) -> Iterator[Finding | None]:
    """Yield each leftover billed ``min_monthly``, and for each account one line for all that cost nothing.

    A private DNS zone is 0.50 USD a month: half of that is worth a line of its own. Azure's orphan workbook, Azure
    Quick Review and the FinOps toolkit list the same kinds. Of those in one line the commands name the first ``most``.
    """
    free: dict[str, list[Leftover]] = defaultdict(list)
    for one in estate.of(Leftover):
        bill = estate.bill(one)
        if bill is None or float(bill.effective) < min_monthly:
            free[one.account].append(one)
            continue
        yield Finding.priced(
            one,
            estate,
            check="leftovers",
            title=f"{one.kind[0].upper()}{one.kind[1:]} {one.name} {one.why}",
            remedy=Remedy(Action.TIDY_UP, one.id),
            evidence=(("Why", one.why),),
        )
    for account, things in sorted(free.items()):
        yield _folded(account, sorted(things, key=lambda one: (one.kind, one.id)), estate, most)


def _folded(account: str, things: Sequence[Leftover], estate: Estate, most: int) -> Finding:
    """One line for all of an account."""
    first = things[0]
    name = first.account_name or account.rsplit("/", 1)[-1]
    whole = Resource(
        id=account, provider=first.provider, cloud=first.cloud, name=name, account=account, region="", tags={}
    )
    counted = Counter(one.kind for one in things)
    kinds = [f"{count} × {kind}" for kind, count in counted.most_common()]
    shown = [(kind, _named([one for one in things if one.kind == kind])) for kind, _ in counted.most_common()]
    return Finding.seen(
        whole,
        Estate(estate.as_of, ()),
        check="leftovers",
        title=f"{name}: {so_many(len(things), 'leftover')} to tidy up, at no cost",
        remedy=Remedy(Action.TIDY_UP, "\n".join(one.id for one in things[:most])),
        evidence=(("What", ", ".join(kinds)), *shown),
    )


def _named(things: Sequence[Leftover]) -> str:
    names = ", ".join(one.name for one in things[:SHOWN])
    more = f" and {len(things) - SHOWN} more" if len(things) > SHOWN else ""
    return f"{names}{more} ({things[0].why})"
