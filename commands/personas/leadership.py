"""Leadership, the team principal: one screen, in money, with the decisions that are wanted."""

from __future__ import annotations

from analysis.assessment import Assessment
from analysis.findings import WAITING
from commands.core.answer import Answer, Button, Buttons, Facts, Text, Tone
from commands.core.context import Report
from commands.forecast import between
from commands.personas import persona
from commands.waste import total_of

MONTHS_A_YEAR = 12


@persona("leadership")
def leadership(found: Assessment, report: Report) -> Answer:  # noqa: ARG001
    """Spend against plan, what is being thrown away a year, and what nobody has picked up."""
    waiting = [one for one in found.findings if one.state in WAITING]
    waste, idle = found.waste(), found.waste(waiting)
    share = waste.share_of(found.last_month)
    pairs = [("Last month", str(found.last_month)), ("This month so far", str(found.month_to_date))]
    if found.forecast:
        end = found.forecast.month_end
        pairs += [("Expected at month end", str(end.expected)), ("Likely between", between(end))]
    if found.budget:
        pairs.append(("Budget", str(found.budget)))
    pairs.append(("Waste known", f"{total_of(found.findings)} a month, {share:.1%} of last month's cost"))
    wanted = (
        f"**Wanted:** owners for {len(waiting)} findings worth {idle * MONTHS_A_YEAR} a year."
        if waiting
        else "Every finding has an owner."
    )
    over = found.forecast and found.budget and found.forecast.month_end.expected > found.budget
    return Answer(
        _headline(found),
        (Facts(tuple(pairs)), Text(wanted), Buttons((Button("Forecast", "forecast"), Button("Waste", "waste")))),
        Tone.WARN if over else Tone.CALM,
        data={
            "currency": found.last_month.currency,
            "last_month": found.last_month.amount,
            "month_to_date": found.month_to_date.amount,
            "waste": waste.amount,
            "waste_without_owner": idle.amount,
        },
    )


def _headline(found: Assessment) -> str:
    if found.forecast is None:
        return f"Leadership: {found.month_to_date} this month so far"
    expected = found.forecast.month_end.expected
    if found.budget is None:
        return f"Leadership: {expected} expected this month"
    gap = expected - found.budget
    side = f"{gap} over" if gap.amount > 0 else f"{-gap} under"
    return f"Leadership: {expected} expected, {side} budget"
