"""``/finops trends``: where cost is heading, how fast, since when, and what the week looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from analysis.errors import NoData, UnknownName
from analysis.focus import DAY, CostQuery, DailySeries
from analysis.periods import Period, last_days
from analysis.trends import LEAST_DAYS, WEEKDAYS, Trend, trends
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Note, Part, Plot, Table, Text, Tone, plain
from commands.core.context import Context
from commands.core.plots import CENTS
from commands.core.ports import Costs
from commands.core.registry import Group, command, quoted
from commands.core.scope import resolve, said
from commands.core.when import period_of
from commands.why import DIMENSIONS

WINDOW = 120  # days: what is heading somewhere now, not what did a year ago
MOST_SHOWN = 6
FAST = 0.03  # growth a month, as a part of the cost, that is worth a warning
MOSTLY = 0.5  # of its days that a thing must cost something
PATTERN = 0.05  # of the level: a week that differs less has no pattern


@command("trends", group=Group.COST, examples=("trends", "trends by=account", "trends last 90 days team=search"))
def trends_(context: Context, *when: str, by: str = "service", currency: str = "", **scope: str) -> Answer:
    """Show where cost is heading: growth a month in dollars and percent, since when, and the pattern of the week.

    Without a period, the last 120 complete days. by=service, account, region, team or resource ranks what grows and
    what shrinks.
    """
    if by not in DIMENSIONS:
        raise UnknownName("dimension", by, known=list(DIMENSIONS))
    money = (currency or context.report.currency).upper()
    where = resolve(context.costs, scope)
    known = context.costs.freshness(context.now).history
    period = period_of(when, context, default=last_days(WINDOW, known.end))
    whole = trends_of(context.costs, context.now, money, period=period, where=where)
    parts = trends_of(context.costs, context.now, money, period=period, where=where, dimension=DIMENSIONS[by])
    [total] = whole
    moving = sorted((one for one in parts if one.is_sure), key=lambda one: -abs(one.a_month.amount))[:MOST_SHOWN]
    return Answer(
        f"{_news(total)}{said(scope)}",
        (
            Text("\n".join(_words(total))),
            Chart(_picture(total, said(scope).removeprefix(" of "), context.report.locale), _plot(total, scope)),
            *_movers(moving, by),
            Buttons(
                tuple(
                    Button(
                        f"By {name}", quoted(("trends", *when, f"by={name}", *(f"{k}={v}" for k, v in scope.items())))
                    )
                    for name in DIMENSIONS
                    if name != by
                )
            ),
            _note(context, total),
        ),
        Tone.WARN if total.is_sure and total.rate > FAST else Tone.CALM,
        data={"currency": money, "total": figures(total), by: [figures(one) for one in parts]},
    )


def trends_of(
    costs: Costs,
    now: datetime,
    currency: str,
    *,
    period: Period | None = None,
    where: Mapping[str, Sequence[str | None]] | None = None,
    dimension: str = "",
) -> tuple[Trend, ...]:
    """The trend of the whole, or of each value of a dimension, over the complete days of a period (the last 120).

    Raises:
        TooShort: the period has fewer than 28 complete days.
        NoData: nothing is billed in it.
    """
    freshness = costs.freshness(now)
    known = freshness.history
    span = period or last_days(WINDOW, known.end)
    start, end = max(span.start, known.start), min(span.end, known.end)
    if end <= start:
        raise NoData(f"nothing complete is billed in {span}: billed rows cover {known}. Ask for days in there")
    by = (dimension, DAY) if dimension else (DAY,)
    frame = costs.ask(CostQuery(Period(start, end), currency, by, where or {}, categories=("Usage",)))
    if not len(frame):
        raise NoData(f"nothing is billed in {currency} there in {Period(start, end)}; widen the scope or the period")
    series = frame.daily()
    if not dimension:
        return trends(series.total(), known_until=end)
    running = (series.values != 0).mean(axis=1) >= MOSTLY  # a fee that comes once a month has no trend
    names = tuple(name for name, runs in zip(series.names, running, strict=True) if runs)
    return trends(DailySeries(names, series.start, series.values[running], currency), known_until=end)


def figures(one: Trend) -> dict[str, Any]:
    """A trend as data."""
    return {
        "name": one.name[0],
        "level": one.level.amount,
        "a_month": one.a_month.amount,
        "a_month_doubt": one.a_month_doubt.amount,
        "rate": round(one.rate, 4),
        "sure": one.is_sure,
        "since": one.since,
        "weekend": round(one.weekend, 4),
        "weekdays": [round(float(day), 2) for day in one.weekdays],
        "largest": [{"day": day, "amount": amount.amount} for day, amount in one.largest()],
    }


def _news(total: Trend) -> str:
    if not total.is_sure:
        return f"Cost is flat at about {total.level} a day"
    word = "growing" if total.slope > 0 else "shrinking"
    size = total.a_month if total.slope > 0 else -total.a_month
    return f"Cost is {word} by {size} a month ({total.rate:+.1%})"


def _words(total: Trend) -> list[str]:
    doubt = total.a_month_doubt
    growth = f"{total.a_month.signed()} ± {doubt}"
    if total.is_sure:
        slope = f"a month costs **{growth}** more than the one before, since {total.since:%d %b}."
    else:
        slope = f"whether it grows cannot be told from chance ({growth} a month)."
    lines = [f"A day costs about **{total.level}** by the trend; {slope}"]
    if abs(total.weekend) >= PATTERN:
        word = "less" if total.weekend < 0 else "more"
        low = WEEKDAYS[int(total.weekdays.argmin())]
        lines.append(
            f"A day of the weekend costs {abs(total.weekend):.0%} {word} than one of the week; {low} is lowest."
        )
    else:
        lines.append("Weekdays and weekends cost the same.")
    if days := total.largest():
        told = ", ".join(f"{day:%d %b} {amount.signed()}" for day, amount in days)
        lines.append(f"Neither trend nor week explains: {told}.")
    return lines


def _movers(moving: Sequence[Trend], by: str) -> tuple[Part, ...]:
    rows = tuple(
        (plain(one.name[0]) or "(none)", str(one.level), one.a_month.signed(), f"{one.rate:+.1%}") for one in moving
    )
    return (Table((by.capitalize(), "A day", "A month", "Rate"), rows, numbers=(1, 2, 3)),) if rows else ()


def _plot(found: Trend, scope: Mapping[str, str]) -> Plot:
    """Each day and the line that it follows, as figures; what is out of line, and the week, is told in words."""
    days = [(found.start + timedelta(days=number)).isoformat() for number in range(found.values.size)]
    lines = (("each day", found.values), ("trend", found.trend))
    return Plot(
        f"Cost a day{said(scope)}",
        days,
        [(name, [round(float(one), CENTS) for one in values]) for name, values in lines],
        found.currency,
    )


def _picture(total: Trend, title: str, locale: str) -> Picture:
    from charts.trend import trend  # matplotlib is half of the bot's start

    heading = f"Daily cost{f', {title}' if title else ''}"
    subtitle = f"{total.a_month.signed(locale)} a month with each month since {total.since:%d %b}"
    return trend(total, title=heading, subtitle=subtitle, locale=locale)


def _note(context: Context, total: Trend) -> Note:
    whose = "The sample company's figures. " if context.report.sample else ""
    return Note(
        f"{whose}EffectiveCost of usage in {total.currency}, without purchases; {total.values.size} complete days taken"
        f" apart by STL (a season of seven days), {LEAST_DAYS} at least; growth is the slope of a day's cost in a month"
        f" of 30.4 days. {context.costs.freshness(context.now).said()}."
    )
