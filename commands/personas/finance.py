"""Finance, the pit wall: forecast against budget, and what stands apart."""

from __future__ import annotations

from analysis.assessment import Assessment
from commands.core.answer import Answer, Chart, Facts, Part, Table, Text, Tone
from commands.core.context import Report
from commands.forecast import between, picture, spread
from commands.personas import persona


@persona("finance")
def finance(found: Assessment, report: Report) -> Answer:
    """Forecast with its range, budget, next months; tax, credits and other currencies by themselves."""
    outlook = found.forecast
    if outlook is None:
        days = found.freshness.history.days
        text = f"{days} days of complete history are too short for a forecast; {found.month_to_date} so far this month."
        return Answer("Cloud cost for finance", (Text(text),), Tone.WARN, data={"history_days": days})
    end = outlook.month_end
    gap = end.expected - found.budget if found.budget else None
    pairs = [
        ("Expected at month end", str(end.expected)),
        ("80 % range", between(end)),
        ("Last month", str(found.last_month)),
        *([("Budget", str(found.budget)), ("Against it", _against(gap))] if found.budget and gap else []),
        *((f"{name} last month, apart", str(money)) for name, money in found.apart.items()),
        *(("Besides, never added", str(money)) for money in found.currencies if money.currency != outlook.currency),
    ]
    rows = tuple((str(period), str(span.expected), between(span)) for period, span in outlook.months)
    parts: tuple[Part, ...] = (
        Facts(tuple(pairs)),
        Chart(picture(outlook, found.budget, report.locale)),
        Table(("Month", "Expected", "80 % range"), rows, numbers=(1, 2)),
    )
    tone = Tone.WARN if found.budget and end.high80 > found.budget else Tone.CALM
    return Answer(
        f"Finance: {end.expected} expected for {outlook.month}",
        parts,
        tone,
        data={
            "currency": outlook.currency,
            "month_end": spread(end),
            "budget": found.budget.amount if found.budget else None,
            "apart": {name: money.amount for name, money in found.apart.items()},
        },
    )


def _against(gap: object) -> str:
    text = str(gap)
    return f"{text.lstrip('-')} under" if text.startswith("-") else f"{text} over"
