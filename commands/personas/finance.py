"""Finance, the pit wall: forecast against budget, and what stands apart."""

from __future__ import annotations

from analysis.assessment import Assessment
from analysis.burndown import Standing
from analysis.money import Money
from commands.budget import said_budget
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Part, Table, Text, Tone
from commands.core.report import Report
from commands.forecast import between, picture, said_record, spread
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
        ("80% range", between(end)),
        ("Last month", str(found.last_month)),
        *([("Budget", str(found.budget)), ("Against it", _against(gap))] if found.budget and gap else []),
        *((f"{name} last month, apart", str(money)) for name, money in found.apart.items()),
        *(("Besides, never added", str(money)) for money in found.currencies if money.currency != outlook.currency),
    ]
    rows = tuple((f"{period.start:%b %Y}", str(span.expected), between(span)) for period, span in outlook.months)
    parts: tuple[Part, ...] = (
        *_lines(found),
        Facts(tuple(pairs)),
        Chart(picture(outlook, found.budget, report.locale)),
        Table(("Month", "Expected", "80% range"), rows, numbers=(1, 2)),
        Buttons((Button("Budgets", "budget"), Button("Commitments", "commitments"), Button("Why?", "why"))),
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
            "budgets": [{"name": one.budget.name, "standing": str(one.standing)} for one in found.burndowns],
            "unused_commitments": found.commitments.unused.amount if found.commitments else None,
            "apart": {name: money.amount for name, money in found.apart.items()},
        },
    )


def _lines(found: Assessment) -> tuple[Part, ...]:
    """Budgets that will not hold, what commitments ask for, and how good the forecast was: a line each."""
    lines = [f"**{said_budget(one)}.**" for one in found.burndowns if one.standing is not Standing.ON_COURSE][:2]
    made = found.commitments
    if made and made.kept:
        ends = f", the next ends in {made.next_end.days_left} days" if made.next_end else ""
        lines.append(f"Commitments: {made.unused} unused in {made.period}{ends}.")
    if made and made.offered:
        saved = Money.total((ladder.expected for ladder in made.offered), made.currency)
        lines.append(f"A ladder of purchases would save {saved} a month.")
    if found.record and found.record.held:
        lines.append(f"{said_record(found.record)}.")
    return (Text("\n".join(lines)),) if lines else ()


def _against(gap: object) -> str:
    text = str(gap)
    return f"{text.lstrip('-')} under" if text.startswith("-") else f"{text} over"
