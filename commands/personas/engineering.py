"""Engineering, the hands on the car: the exact resources to fix, worth first."""

from __future__ import annotations

from analysis.assessment import Assessment
from analysis.findings import WAITING
from analysis.money import Money
from analysis.spelling import tagged
from commands.core.answer import Answer, Button, Buttons, Facts, Table, Text, Tone
from commands.core.cards import figures, worth
from commands.core.report import Report
from commands.personas import persona

MOST_SHOWN = 5
TOP = 10


@persona("engineering")
def engineering(found: Assessment, report: Report) -> Answer:  # noqa: ARG001 (every view is called alike)
    """What nobody has taken on yet, by worth, with a button to each."""
    waiting = sorted((one for one in found.to_do if one.state in WAITING), key=lambda one: -one.monthly_waste.amount)
    if not waiting:
        return Answer("Engineering: nothing to fix", (Text("Every finding has somebody. Well driven."),), Tone.GOOD)
    shown = waiting[:MOST_SHOWN]
    rows = tuple((f"{n}. {one.title}", tagged(one.tags, "team") or "–", worth(one)) for n, one in enumerate(shown, 1))
    whole = found.waste(waiting)
    by_check: dict[str, int] = {}
    for one in waiting:
        by_check[one.check] = by_check.get(one.check, 0) + 1
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(by_check.items(), key=lambda item: -item[1]))
    ten = Money.total(
        (one.monthly_waste for one in waiting[:TOP] if one.monthly_waste.currency == whole.currency), whole.currency
    )
    top = f"{ten.share_of(whole):.0%} of it"
    return Answer(
        f"Engineering: {len(waiting)} findings, {found.waste(waiting)} a month",
        (
            Facts((("Nobody has them yet", f"{len(waiting)} findings"), ("By kind", kinds), ("The top ten make", top))),
            Table(("What", "Team", "A month"), rows, numbers=(2,)),
            Buttons(
                (
                    *(Button(f"{n}. Show", f"finding {one.short}") for n, one in enumerate(shown, 1)),
                    Button("All", "waste"),
                )
            ),
        ),
        Tone.WARN,
        shows=tuple(one.id for one in shown),
        data={"count": len(waiting), "waste": found.waste(waiting).amount, "findings": [figures(one) for one in shown]},
    )
