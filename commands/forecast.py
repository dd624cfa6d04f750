"""``/finops forecast``: what the month will end at, and the next ones, with honest ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from analysis.budgets import Budget
from analysis.errors import BadAsk, NoData, TooShort
from analysis.focus import COST_COLUMNS, DAY, CostFrame, CostQuery, Freshness
from analysis.forecasts import Forecast, Range, whole
from analysis.forecasts import forecast as project
from analysis.money import Money
from analysis.periods import Period, fiscal_name, month_of, months_after, months_of
from analysis.track_record import TrackRecord, track_record
from analysis.what_if import Growth, Outcome, Planned, what_if
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Note, Part, Table, Text, Tone
from commands.core.context import Context
from commands.core.ports import Costs
from commands.core.registry import Group, command
from commands.core.scope import resolve, said
from commands.core.when import coming_of

HISTORY = timedelta(days=400)  # thirteen months: every weekday often, every monthly charge a dozen times
MOST_MONTHS = 12
LARGEST_GROWTH = 10  # tenfold
STALE = timedelta(days=45)  # a bill that ended before last month says nothing about this one


@command(
    "forecast",
    group=Group.COST,
    examples=(
        "forecast",
        "forecast team=search",
        "forecast quarter",
        "forecast growth=10% from=2027-01",
        "forecast record",
    ),
)
def forecast(  # noqa: PLR0913 (its options, as they are typed)
    context: Context,
    *when: str,
    months: int = 3,
    currency: str = "",
    cost: str = "EffectiveCost",
    growth: str = "",
    change: str = "",
    renew: str = "yes",
    **scope: str,
) -> Answer:
    """Forecast this month's end and the next months, each total with its 80 and 95% range.

    Days that the provider has not finished delivering are left out of the model and marked in the picture. Tax,
    credits and adjustments are not part of it. cost=BilledCost looks at cash instead of amortised cost. A quarter or a
    year is told as a whole; growth=10% or change=-5000 (a month) asks what if, from=2027-01 on, and renew=no what
    commitments that end would make of it; record shows how good the forecasts of the last months were.
    """
    begins = scope.pop("from", "")
    if not 1 <= months <= MOST_MONTHS:
        raise BadAsk(f"months={months}: between 1 and {MOST_MONTHS} months can be forecast")
    if cost not in COST_COLUMNS:
        raise BadAsk(f"cost={cost!r} is no cost column of FOCUS; there are {', '.join(COST_COLUMNS)}")
    money = (currency or context.report.currency).upper()
    freshness = context.costs.freshness(context.now)
    where = resolve(context.costs, scope)
    frame = daily(context.costs, context.now, freshness, money, where=where, cost=cost)
    today = context.now.date()
    series = frame.daily().total()
    record = track_record(series, known_until=freshness.complete_until, as_of=today)
    if when == ("record",):
        return _record(context, record, scope)
    period = coming_of(when, context) if when else None
    windows = [period] if period else []
    known = freshness.complete_until
    outlook = project(series, known_until=known, as_of=today, months=months, windows=windows)[0]
    supposed = _supposed(context, outlook, _Asked(growth, change, begins, renew))
    budget = budget_for(context.report.budgets(today), scope, where, money)
    others = _others(context, freshness, money)
    return Answer(
        _title(outlook, scope, period, context, supposed),
        (
            *_facts(outlook, budget),
            *_whole(outlook, period, context),
            *_months(outlook, supposed),
            Chart(picture(outlook, budget, context.report.locale)),
            *_notes(context, freshness, outlook, cost, others, record),
        ),
        _tone(outlook, budget),
        data={
            **figures(outlook, freshness, cost, budget, scope),
            "record": _held(record),
            **_period_figures(outlook, period),
            **_supposed_figures(supposed),
        },
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
        ("80% range", between(end)),
        ("95% range", between(end, 95)),
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


def _months(outlook: Forecast, supposed: Sequence[Outcome]) -> tuple[Part, ...]:
    if supposed:
        return _changed_months(supposed)
    rows = tuple(
        (f"{period.start:%b %Y}", str(span.expected), _brief(span), _brief(span, 95)) for period, span in outlook.months
    )
    return (Table(("Month", "Expected", "80% range", "95% range"), rows, numbers=(1, 2, 3)),)


def _brief(span: Range, level: int = 80) -> str:
    """A range for a narrow column."""
    low, high = (span.low80, span.high80) if level == 80 else (span.low95, span.high95)  # noqa: PLR2004
    return f"{low.brief()} – {high.brief()}"


def _title(
    outlook: Forecast, scope: Mapping[str, str], period: Period | None, context: Context, supposed: Sequence[Outcome]
) -> str:
    if supposed:
        total = Money.total((one.difference for one in supposed), outlook.currency)
        return f"What if{said(scope)}: {total.signed()} in the next {len(supposed)} months"
    if period is None or period == outlook.month:
        return f"Forecast{said(scope)} for {outlook.month}"
    expected = whole(period, outlook)[1].expected
    return f"Forecast{said(scope)} for {_called(period, context)}: {expected}"


def _called(period: Period, context: Context) -> str:
    starts = context.report.year_starts
    return fiscal_name(period, starts) if len(months_of(period)) > 1 else str(period)


def _whole(outlook: Forecast, period: Period | None, context: Context) -> tuple[Part, ...]:
    if period is None or period == outlook.month:
        return ()
    spent, total = whole(period, outlook)
    name = _called(period, context)
    return (
        Facts(
            (
                (f"Expected for {name}", str(total.expected)),
                ("80% range of it", between(total)),
                ("95% range of it", between(total, 95)),
                ("Spent of it", str(spent)),
            )
        ),
    )


def _period_figures(outlook: Forecast, period: Period | None) -> dict[str, Any]:
    if period is None:
        return {}
    spent, total = whole(period, outlook)
    return {"period": {"start": period.start, "end": period.end, "spent": spent.amount, **spread(total)}}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody has in mind, as it was typed."""

    growth: str
    change: str
    begins: str
    renew: str


def _supposed(context: Context, outlook: Forecast, asked: _Asked) -> tuple[Outcome, ...]:
    """The months with what somebody has in mind; nothing if nothing is."""
    if asked.renew not in {"yes", "no"}:
        raise BadAsk(f"renew={asked.renew!r}: write renew=no to let the commitments end that do")
    if not asked.growth and not asked.change and not asked.begins and asked.renew == "yes":
        return ()
    first = _first_month(asked.begins) if asked.begins else outlook.months[0][0].start
    changes = [one for one in context.report.planned if one.monthly.currency == outlook.currency]
    if asked.change:
        changes.append(Planned("change", Money(_amount(asked.change), outlook.currency), first))
    if asked.renew == "no":
        changes += _ending(context, outlook.currency)
    grown = Growth(_part(asked.growth), first) if asked.growth else None
    return what_if(outlook.months, growth=grown, planned=changes)


def _ending(context: Context, currency: str) -> list[Planned]:
    """What each commitment that ends makes of the months after: its usage goes on at on-demand prices."""
    from commands.commitments import commitments_of

    found = commitments_of(context.costs, context.report, context.now, currency=currency)
    ahead = (one for one in found.expiries if one.days_left > 0)
    return [Planned(one.commitment.name, one.effect, months_after(one.ends, 1)[0].start) for one in ahead]


def _changed_months(supposed: Sequence[Outcome]) -> tuple[Part, ...]:
    rows = tuple(
        (
            f"{one.month.start:%b %Y}",
            str(one.base.expected),
            str(one.changed.expected),
            one.difference.signed(),
            _brief(one.changed),
        )
        for one in supposed
    )
    return (Table(("Month", "As it is", "What if", "Difference", "80% range"), rows, numbers=(1, 2, 3, 4)),)


def _supposed_figures(supposed: Sequence[Outcome]) -> dict[str, Any]:
    if not supposed:
        return {}
    listed = [
        {
            "start": one.month.start,
            "base": spread(one.base),
            "changed": spread(one.changed),
            "difference": one.difference.amount,
        }
        for one in supposed
    ]
    return {"what_if": listed}


def _first_month(text: str) -> date:
    try:
        return date.fromisoformat(text if len(text) > 7 else f"{text}-01").replace(day=1)  # noqa: PLR2004
    except ValueError:
        raise BadAsk(f"from={text!r} is no month; write it like from=2027-01") from None


def _part(text: str) -> Decimal:
    try:
        part = Decimal(text.removesuffix("%").replace("+", "")) / 100
    except InvalidOperation:
        raise BadAsk(f"growth={text!r} is no percentage; write it like growth=10% or growth=-5%") from None
    if not text.endswith("%") or not part.is_finite() or not -1 <= part <= LARGEST_GROWTH:
        raise BadAsk(f"growth={text!r}: write a percentage between -100% and 1000%, like growth=10%")
    return part


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.replace(",", "").replace("+", ""))
    except InvalidOperation:
        raise BadAsk(f"change={text!r} is no amount a month; write it like change=-5000") from None
    if not amount.is_finite():
        raise BadAsk(f"change={text!r} is no amount a month; write it like change=-5000")
    return amount


def _held(record: TrackRecord) -> list[dict[str, Any]]:
    return [
        {
            "as_of": one.as_of,
            "month": one.month.start,
            "expected": one.said.expected.amount,
            "came": one.came.amount,
            "error": round(one.error, 4),
            "inside80": one.inside80,
            "inside95": one.inside95,
        }
        for one in record.held
    ]


def said_record(record: TrackRecord) -> str:
    """The track record in a sentence; empty where there is none."""
    if not record.held:
        return ""
    months = len(record.held)
    return (
        f"On the same day of the last {months} month{'s' if months > 1 else ''} this forecast missed by"
        f" {record.error:.1%} on average; {record.inside80} of {months} came inside the 80% range"
    )


def _record(context: Context, record: TrackRecord, scope: Mapping[str, str]) -> Answer:
    if not record.held:
        raise TooShort("the history is too short to look back: a whole month and a week before it are needed")
    rows = tuple(
        (
            f"{one.month.start:%b %Y}",
            str(one.said.expected),
            str(one.came),
            f"{one.error:+.1%}",
            "yes" if one.inside80 else "95% only" if one.inside95 else "no",
        )
        for one in record.held
    )
    return Answer(
        f"Forecasts{said(scope)} missed by {record.error:.1%} on average",
        (
            Text(f"{said_record(record)}."),
            Table(("Month", "Said", "Came", "Off by", "In range"), rows, numbers=(1, 2, 3)),
            Note(
                "Each month forecast again from the same day of it as today, with the days that were complete then;"
                f" against the bill as it is now. {context.costs.freshness(context.now).said()}."
            ),
        ),
        data={"mean_error": round(record.error, 4), "record": _held(record)},
    )


def _others(context: Context, freshness: Freshness, currency: str) -> tuple[Money, ...]:
    span = month_of(freshness.complete_until - timedelta(days=1))
    return tuple(amount for amount in context.costs.currencies(span) if amount.currency != currency)


def _notes(
    context: Context,
    freshness: Freshness,
    outlook: Forecast,
    cost: str,
    others: tuple[Money, ...],
    record: TrackRecord,
) -> tuple[Part, ...]:
    scheduled = ", ".join(f"{amount} on day {day}" for day, amount in outlook.monthly_charges)
    words = [
        "The sample company's figures" if context.report.sample else "",
        f"{cost} of usage and purchases in {outlook.currency}; tax, credits and adjustments apart",
        said_record(record),
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
