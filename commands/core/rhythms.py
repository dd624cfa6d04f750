"""Rhythms: how often a digest comes, which days it is of, and what those are held against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from analysis.focus import DAY, RUNNING, CostQuery
from analysis.money import Money
from analysis.periods import Period, last_days, month_before, month_of
from commands.core.ports import Costs

DAYS_SHOWN, WEEKS_SHOWN, MONTHS_SHOWN = 28, 8, 12
WEEKS_USUAL = 4


class Rhythm(StrEnum):
    """How often."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"  # a daily digest that leaves the weekend alone
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Compared:
    """What a period cost, beside what was usual before it; ``points`` are it and those before it, by their labels.

    ``usual`` is ``None`` where there is no past of that length. ``before`` is the period to ask why it has changed.
    """

    period: Period
    called: str
    cost: Money
    usual: Money | None
    against: str
    before: Period
    points: Sequence[tuple[str, Money]]

    @property
    def change(self) -> Money | None:
        """How much more it was than usual."""
        return (self.cost - self.usual).cents() if self.usual is not None else None

    @property
    def growth(self) -> Decimal | None:
        """The change as a part of what was usual."""
        return self.change.share_of(self.usual) if self.change and self.usual else None


def compared(
    costs: Costs, now: datetime, currency: str, rhythm: Rhythm, where: Mapping[str, Sequence[str | None]]
) -> Compared:
    """The newest complete day, seven days or month, in EffectiveCost: of usage alone, but for months.

    Fees come on one day of the month, and would be the news of every first. A day is held against the mean of the same
    weekday in the four weeks before, seven days against the seven before them, and a month against the one before it
    at the same number of days.

    Raises:
        NoData: there are no rows.
    """
    known = costs.freshness(now).history
    span = Period(max(known.start, known.end - timedelta(days=400)), known.end)
    categories = RUNNING if rhythm is Rhythm.MONTHLY else ("Usage",)
    frame = costs.ask(CostQuery(span, currency, (DAY,), where, categories=categories))
    days: dict[date, Decimal] = dict(zip(frame.data[DAY], frame.data["Cost"], strict=True))
    book = _Book(days, span, currency)
    match rhythm:
        case Rhythm.DAILY | Rhythm.WEEKDAYS:
            return _day(book)
        case Rhythm.WEEKLY:
            return _week(book)
        case Rhythm.MONTHLY:
            return _month(book, now.date())


@dataclass(frozen=True, slots=True)
class _Book:
    days: Mapping[date, Decimal]
    span: Period
    currency: str

    def cost(self, period: Period) -> Money:
        each = (self.days.get(day, Decimal(0)) for day in _days_of(period))
        return Money(sum(each, start=Decimal(0)), self.currency).cents()

    def holds(self, period: Period) -> bool:
        return self.span.start <= period.start and period.end <= self.span.end


def _days_of(period: Period) -> Iterator[date]:
    return (period.start + timedelta(days=number) for number in range(period.days))


def _day(book: _Book) -> Compared:
    last = book.span.end - timedelta(days=1)
    one = last_days(1, book.span.end)
    same = [last_days(1, book.span.end - timedelta(weeks=weeks)) for weeks in range(1, WEEKS_USUAL + 1)]
    known = [period for period in same if book.holds(period)]
    mean = Money.total((book.cost(period) for period in known), book.currency) * (Decimal(1) / max(1, len(known)))
    shown = [last_days(1, book.span.end - timedelta(days=number)) for number in range(DAYS_SHOWN)][::-1]
    points = [(f"{period.start:%d %b}", book.cost(period)) for period in shown if book.holds(period)]
    usual = mean.cents() if known else None
    called, against = f"of usage on {last:%A %d %B}", f"a usual {last:%A}"
    return Compared(one, called, book.cost(one), usual, against, same[0], points)


def _week(book: _Book) -> Compared:
    weeks = [last_days(7, book.span.end - timedelta(weeks=number)) for number in range(WEEKS_SHOWN)]
    last = book.span.end - timedelta(days=1)
    usual = book.cost(weeks[1]) if book.holds(weeks[1]) else None
    points = [
        (f"{period.end - timedelta(days=1):%d %b}", book.cost(period)) for period in weeks[::-1] if book.holds(period)
    ]
    return Compared(
        weeks[0],
        f"of usage in the 7 days to {last:%d %B}",
        book.cost(weeks[0]),
        usual,
        "the 7 days before",
        weeks[1],
        points,
    )


def _month(book: _Book, today: date) -> Compared:
    month = month_before(today)
    if month.start >= book.span.end:
        month = month_of(book.span.end - timedelta(days=1))
    known = Period(month.start, min(month.end, book.span.end))
    before = month_before(month.start)
    pace = book.cost(before) * (Decimal(known.days) / before.days)
    whole = known == month
    called = f"in {month.start:%B}" if whole else f"in {month.start:%B} up to {known.end - timedelta(days=1):%d %B}"
    months = [before]
    while len(months) < MONTHS_SHOWN - 1:
        months.append(month_before(months[-1].start))
    points = [(f"{one.start:%b %y}", book.cost(one)) for one in months[::-1] if book.holds(one)]
    return Compared(
        known,
        called,
        book.cost(known),
        pace.cents() if book.holds(before) else None,
        f"{before.start:%B} in as many days",
        before,
        [*points, (f"{month.start:%b %y}", book.cost(known))],
    )
