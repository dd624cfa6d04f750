"""Development at full price: accounts for development and tests that are bought and guarded like production.

Azure: subscriptions without the Dev/Test offer, or with paid plans of Defender for Cloud. FinOps capability: Rate
Optimization.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from analysis.checks import check
from analysis.estate import Charge, Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Tenancy
from analysis.money import Money
from analysis.spelling import meant

LICENCES = r"Windows|SQL|vCPU VM Licen[cs]e"
WORDS = re.compile(r"[^a-z0-9]+")


@check("development-at-full-price", serves=("own.az.devtest", "own.az.defender"))
def development_at_full_price(
    estate: Estate,
    *,
    environments: str = "dev development test testing qa staging sandbox",
    min_monthly: float = 50.0,
) -> Iterator[Finding]:
    """Yield each account of one of ``environments``, by its tags or its name, for a look: no saving is claimed.

    Told where it has no Dev/Test offer while licences in its bill, which that offer leaves out, come to ``min_monthly``
    (the offer asks for Visual Studio subscriptions, which no API tells), or where paid plans of Defender are on, which
    the bill spreads over what they guard.
    """
    kept = set(environments.split())
    for one in estate.of(Tenancy):
        words = {one.env, *WORDS.split(meant(one.name))}
        if not kept & words:
            continue
        paid = _licences(estate, one.id)
        dear = not one.for_development and paid is not None and float(paid) >= min_monthly
        if not dear and not one.protected:
            continue
        licences = (("Licences in its bill", f"{paid.cents()} a month"),) if dear and paid is not None else ()
        guarded = (("Defender plans", ", ".join(one.protected)),) if one.protected else ()
        found = Finding.seen(
            one,
            estate,
            check="development-at-full-price",
            title=f"{one.name} is for development and {'bought' if dear else 'guarded'} like production",
            remedy=Remedy(Action.REVIEW),
            evidence=(("Offer", one.offer or "not told"), *licences, *guarded),
        )
        yield replace(found, priced_of=(f"{one.id} as such",))  # what is left over in it is another matter


def _licences(estate: Estate, account: str) -> Money | None:
    """What the licences of everything in an account are billed; ``None`` where there are none."""
    parts = [bill.part(LICENCES) for name, bill in estate.bills.items() if name.startswith(f"{account.lower()}/")]
    paid: list[Charge] = [part for part in parts if part.effective]
    return Money.total((part.effective for part in paid), paid[0].effective.currency) if paid else None
