"""Product and business: what a unit of the business costs, and whose cost it is."""

from __future__ import annotations

from decimal import Decimal

from analysis.assessment import Assessment
from commands.core.answer import Answer, Button, Buttons, Facts, Part, Table, Text, Tone, plain
from commands.core.report import Report
from commands.personas import persona
from commands.units import said_units

MOST_SHOWN = 10
WELL_OWNED = Decimal("0.9")  # FinOps Foundation's "run" maturity allocates 90% of cost


@persona("product")
def product(found: Assessment, report: Report) -> Answer:  # noqa: ARG001
    """The unit cost and why it moved; last month's cost by owner, and what nobody answers for."""
    rows = _owners(found)
    owned = found.allocation.coverage if found.allocation else 1 - found.teams.share(None)
    nobody = found.allocation.unallocated().cents() if found.allocation else None
    shown = tuple(rows[:MOST_SHOWN])
    rest = (("… and others", "", f"{len(rows) - MOST_SHOWN} more"),) if len(rows) > MOST_SHOWN else ()
    period = found.allocation.period if found.allocation else found.teams.period
    return Answer(
        _title(found, owned),
        (
            *_units(found),
            Facts((("Has an owner", f"{owned:.1%}"), *((("Nobody answers for", str(nobody)),) if nobody else ()))),
            Table((f"Owner, {period}", "Cost", "Share"), (*shown, *rest), numbers=(1, 2)),
            Buttons(
                (
                    Button("Unit costs", "units panel"),
                    Button("Allocation", "allocation"),
                    Button("Showback", "showback"),
                    Button("Chargeback", "chargeback"),
                )
            ),
        ),
        Tone.GOOD if owned >= WELL_OWNED else Tone.WARN,
        data={
            "currency": found.last_month.currency,
            "period": {"start": period.start, "end": period.end},
            "teams": [{"team": name, "cost": cost.amount} for name, cost in found.teams.rows],
            "allocated": owned,
            "unit_cost": found.units.newest.each.amount if found.units and found.units.points else None,
        },
    )


def _title(found: Assessment, owned: Decimal) -> str:
    if found.units and found.units.points:
        return f"Product: {said_units(found.units)[0].lower()}{said_units(found.units)[1:]}"
    return f"Product: {found.last_month} last month, {owned:.0%} of it has an owner"


def _units(found: Assessment) -> tuple[Part, ...]:
    made = found.units
    if made is None or made.why is None:
        return ()
    why = made.why
    more = "more" if why.later.units > why.earlier.units else "fewer"
    return (
        Text(
            f"Cost changed by **{why.change.signed()}**: {why.volume.signed()} for {more} {made.driver},"
            f" {why.price.signed()} for new prices, {why.efficiency.signed()} because each took"
            f" {'more' if why.efficiency.amount > 0 else 'less'} of the cloud."
        ),
    )


def _owners(found: Assessment) -> list[tuple[str, str, str]]:
    if found.allocation:
        whole = found.allocation.total()
        parts = found.allocation.parts()
        return [
            (plain(part.owner or "(nobody)"), str(part.cost.cents()), f"{part.cost.share_of(whole):.1%}")
            for part in parts
        ]
    whole = found.teams.total
    return [(name or "(no team tag)", str(cost), f"{cost.share_of(whole):.1%}") for name, cost in found.teams.rows]
