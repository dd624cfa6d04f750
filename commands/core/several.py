"""Several findings moved at once: what came of each, worth first."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from analysis.counting import so_many
from analysis.errors import BadAsk
from analysis.findings import Finding
from analysis.money import Money
from commands.core.answer import Answer, Button, Buttons, Part, Table, Text, Tone, plain
from commands.core.cards import figures, worth
from commands.core.ports import Moved

MOST = 50
MOST_SHOWN = 10


def names_of(finding: str, others: Sequence[str]) -> list[str]:
    """The findings that are named, each once.

    Raises:
        BadAsk: more than can be moved at once.
    """
    names = list(dict.fromkeys((finding, *others)))
    if len(names) > MOST:
        raise BadAsk(f"{len(names)} findings are too many at once; {MOST} can be moved together")
    return names


def moved_card(moved: Moved, verb: str) -> Answer:
    """What came of it, for the one who asked."""
    count = len(moved.moved)
    what = f"{so_many(count, 'finding')} {verb}"
    title = f"{what}, {total_of(moved.moved)} a month" if moved.moved else f"None {verb}: they had all moved on"
    ranked = sorted(moved.moved, key=lambda one: -one.monthly_waste.amount)
    rows = tuple((one.title, worth(one)) for one in ranked[:MOST_SHOWN])
    left = ((f"… and {count - MOST_SHOWN} more", ""),) if count > MOST_SHOWN else ()
    parts: list[Part] = [Table(("What", "A month"), (*rows, *left), numbers=(1,))] if rows else []
    if moved.refused:
        lines = [f"{plain(one.title)}: {why}" for one, why in moved.refused[:MOST_SHOWN]]
        parts.append(Text("\n".join((f"**Not {verb}: {len(moved.refused)}**", *lines))))
    parts.append(Buttons((Button("Mine", "mine"),)))
    return Answer(
        title,
        tuple(parts),
        Tone.WARN if moved.refused else Tone.GOOD,
        private=True,
        data={
            "moved": [figures(one) for one in moved.moved],
            "refused": [{"id": one.id, "why": why} for one, why in moved.refused],
        },
    )


def by_currency(found: Sequence[Finding]) -> dict[str, Decimal]:
    """What findings waste a month, in each currency, the largest first."""
    sums: dict[str, Decimal] = {}
    for finding in found:
        money = finding.monthly_waste
        sums[money.currency] = sums.get(money.currency, Decimal(0)) + money.amount
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def total_of(found: Sequence[Finding]) -> str:
    """What findings waste a month, each currency by itself."""
    return " and ".join(str(Money(amount, currency)) for currency, amount in by_currency(found).items()) or "nothing"
