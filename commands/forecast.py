"""``/finops forecast``: what the month will end at, and the next ones, with honest ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from analysis.budgets import Budget
from analysis.errors import BadAsk, NoData, TooShort
from analysis.focus import COST_COLUMNS, DAY, CostFrame, CostQuery, Freshness
from analysis.forecasts import Forecast, Range
from analysis.forecasts import forecast as project
from analysis.money import Money
from analysis.periods import Period, month_of
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Note, Part, Table, Tone
from commands.core.context import Context, Costs
from commands.core.registry import Group, command
from commands.core.scope import resolve, said

HISTORY = timedelta(days=400)  # thirteen months: every weekday often, every monthly charge a dozen times
MOST_MONTHS = 12
STALE = timedelta(days=45)  # a bill that ended before last month says nothing about this one


@command("forecast", group=Group.COST, examples=("forecast", "forecast team=search", "forecast account=prod months=6"))
def forecast(
    context: Context, *, months: int = 3, currency: str = "", cost: str = "EffectiveCost", **scope: str
) -> Answer:
    """Forecast this month's end and the next months, each total with its 80 and 95 % range.

    Days that the provider has not finished delivering are left out of the model and marked in the picture. Tax,
    credits and adjustments are not part of it. cost=BilledCost looks at cash instead of amortised cost.
    """
    if not 1 <= months <= MOST_MONTHS:
        raise BadAsk(f"months={months}: between 1 and {MOST_MONTHS} months can be forecast")
    if cost not in COST_COLUMNS:
        raise BadAsk(f"cost={cost!r} is no cost column of FOCUS; there are {', '.join(COST_COLUMNS)}")
    money = (currency or context.report.currency).upper()
    freshness = context.costs.freshness(context.now)
    where = resolve(context.costs, scope)
    frame = daily(context.costs, context.now, freshness, money, where=where, cost=cost)
    today = context.now.date()
    outlook = project(frame.daily().total(), known_until=freshness.complete_until, as_of=today, months=months)[0]
    budget = budget_for(context.report.budgets(today), scope, where, money)
    others = _others(context, freshness, money)
    return Answer(
        f"Forecast{said(scope)} for {outlook.month}",
        (
            *_facts(outlook, budget),
            *_months(outlook),
            Chart(picture(outlook, budget, context.report.locale)),
            *_notes(context, freshness, outlook, cost, others),
        ),
        _tone(outlook, budget),
        data=figures(outlook, freshness, cost, budget, scope),
    )


def daily(
    costs: Costs,
    now: datetime,
    freshness: Freshness,
    currency: str,
    *,
    where: Mapping[str, Sequence[str | None]] | None = None,
    cost: Any = "EffectiveCost",  # noqa: ANN401 (checked by whoever typed it)
) -> CostFrame:
    """The daily costs that a forecast stands on.

    Raises:
        TooShort: the rows end too long ago.
        NoData: nothing is billed in this currency and scope.
    """
    end = now.date()
    if (ago := end - freshness.history.end) > STALE:
        raise TooShort(
            f"the history is too short for a forecast: billed rows cover {freshness.history.days} complete days,"
            f" {freshness.history}, and end {ago.days} days ago; load rows that reach to last week"
        )
    start = max(freshness.covers.start, end - HISTORY)
    query = CostQuery(Period(start, max(start, end)), currency, (DAY,), where or {}, cost)
    frame = costs.ask(query)
    if not len(frame):
        known = ", ".join(amount.currency for amount in costs.currencies(query.period)) or "nothing"
        raise NoData(f"nothing is billed in {currency} there since {start}; currencies that are: {known}")
    return frame


def budget_for(
    budgets: Sequence[Budget], scope: Mapping[str, str], where: Mapping[str, Sequence[str | None]], currency: str
) -> Money | None:
    """The budget of a scope: the total's for no scope, an account's for that account, else none."""
    account = where.get("SubAccountId", ("",))[0] if set(scope) <= {"account"} else None
    for budget in budgets:
        if budget.account == account and budget.amount.currency == currency:
            return budget.amount
    return None


def picture(outlook: Forecast, budget: Money | None, locale: str) -> Picture:
    """The fan of this month."""
    from charts.forecast_fan import forecast_fan  # matplotlib is half of the bot's start

    return forecast_fan(outlook, budget=budget, locale=locale)


def between(span: Range, level: int = 80) -> str:
    """A range in words."""
    low, high = (span.low80, span.high80) if level == 80 else (span.low95, span.high95)  # noqa: PLR2004
    return f"{low} – {high}"


def _facts(outlook: Forecast, budget: Money | None) -> tuple[Part, ...]:
    end = outlook.month_end
    pairs = [
        ("Expected at month end", str(end.expected)),
        ("80 % range", between(end)),
        ("95 % range", between(end, 95)),
        (
            "Month to date",
            f"{outlook.month_to_date} in {max(0, (outlook.known_until - outlook.month.start).days)} complete days",
        ),
    ]
    if budget:
        over = end.expected - budget
        word = f"{over} over" if over.amount > 0 else f"{-over} under"
        pairs.append(("Budget", f"{budget}: expected {word}"))
    return (Facts(tuple(pairs)),)


def _months(outlook: Forecast) -> tuple[Part, ...]:
    rows = tuple(
        (f"{period:}", str(span.expected), between(span), between(span, 95)) for period, span in outlook.months
    )
    return (Table(("Month", "Expected", "80 % range", "95 % range"), rows, numbers=(1, 2, 3)),)


def _others(context: Context, freshness: Freshness, currency: str) -> tuple[Money, ...]:
    span = month_of(freshness.complete_until - timedelta(days=1))
    return tuple(amount for amount in context.costs.currencies(span) if amount.currency != currency)


def _notes(
    context: Context, freshness: Freshness, outlook: Forecast, cost: str, others: tuple[Money, ...]
) -> tuple[Part, ...]:
    scheduled = ", ".join(f"{amount} on day {day}" for day, amount in outlook.monthly_charges)
    words = [
        "The sample company's figures" if context.report.sample else "",
        f"{cost} of usage and purchases in {outlook.currency}; tax, credits and adjustments apart",
        f"{outlook.actual.size} days of history",
        f"Scheduled every month: {scheduled}" if scheduled else "",
        freshness.said(),
    ]
    parts: list[Part] = []
    if others:
        parts.append(
            Buttons(tuple(Button(f"In {money.currency}", f"forecast currency={money.currency}") for money in others))
        )
        besides = ", ".join(str(money) for money in others)
        words.insert(2, f"Billed besides in other currencies, never added: {besides} this month")
    return (Note(". ".join(word for word in words if word) + "."), *parts)


def _tone(outlook: Forecast, budget: Money | None) -> Tone:
    if budget is None or outlook.month_end.high80 <= budget:
        return Tone.CALM
    return Tone.BAD if outlook.month_end.low80 > budget else Tone.WARN


def spread(span: Range) -> dict[str, Any]:
    """A range as data."""
    return {
        "expected": span.expected.amount,
        "low80": span.low80.amount,
        "high80": span.high80.amount,
        "low95": span.low95.amount,
        "high95": span.high95.amount,
    }


def figures(
    outlook: Forecast, freshness: Freshness, cost: str, budget: Money | None, scope: Mapping[str, str]
) -> dict[str, Any]:
    """A forecast as data: decimal amounts in ``currency``, ISO dates, ends of periods not included."""
    return {
        "currency": outlook.currency,
        "cost": cost,
        "scope": dict(scope),
        "complete_until": outlook.known_until,
        "history_days": int(outlook.actual.size),
        "month": {
            "start": outlook.month.start,
            "end": outlook.month.end,
            "month_to_date": outlook.month_to_date.amount,
        },
        "month_end": spread(outlook.month_end),
        "months": [{"start": period.start, "end": period.end, **spread(span)} for period, span in outlook.months],
        "monthly_charges": [{"day": day, "amount": amount.amount} for day, amount in outlook.monthly_charges],
        "budget": budget.amount if budget else None,
        "provisional_days": int(outlook.provisional.size),
        "missing": list(freshness.missing),
    }
