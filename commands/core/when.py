"""Periods as people write them, the same words everywhere: ``last month``, ``q3``, ``since 2026-10-12``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches

from analysis.errors import BadAsk
from analysis.periods import Period, last_days, month_before, month_of, quarter_of, year_of
from commands.core.context import Context

PERIODS: Sequence[tuple[str, str]] = (
    ("last month", "the whole month before this one; also this month, last week, last quarter, last year"),
    ("month to date", "from the first of this month up to today; also mtd, quarter to date, qtd, year to date, ytd"),
    ("yesterday", "the day before today; also today"),
    ("last 30 days", "the days before today; also weeks and months"),
    ("2026-10", "a month; also october, oct 2026, 10/2026"),
    ("q3", "the last third quarter of the fiscal year that has begun; also q3 2026"),
    ("2026", "a calendar year; fy2027 is the fiscal year that ends in 2027"),
    ("since 2026-10-12", "from a day up to today"),
    ("2026-10-01..2026-10-15", "both days included; also 2026-10-01 to 2026-10-15, or one day alone"),
    ("october vs september", "two periods, where a command compares"),
)
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
DAY = r"(\d{4}-\d{1,2}-\d{1,2})"
AGAINST = re.compile(r"\s+(?:vs\.?|versus|against|compared to)\s+")
LONGEST_DAYS = 3_660
EARLIEST = 1990


@dataclass(frozen=True, slots=True)
class Calendar:
    """What words like ``last quarter`` are counted from."""

    today: date
    year_starts: int = 1


Reader = Callable[[Calendar, Sequence[str]], Period]


def period_of(words: Sequence[str], context: Context, *, default: Period | None = None) -> Period:
    """The one period that words mean; without words ``default``, or else the last whole month.

    Raises:
        BadAsk: they mean none, or one that has not begun; the message has examples.
    """
    calendar = _calendar(context)
    text = _joined(words)
    if not text:
        return default or month_before(calendar.today)
    if AGAINST.search(text):
        raise BadAsk(f"{text!r} names two periods, and one is wanted here: write the first of them")
    return read(text, calendar)


def periods_of(words: Sequence[str], context: Context, *, default: Period | None = None) -> tuple[Period, Period]:
    """A period and the one it is compared with: the second of ``october vs september``, or the one before it.

    Raises:
        BadAsk: one of them means nothing.
    """
    calendar = _calendar(context)
    first, *rest = AGAINST.split(_joined(words))
    now = read(first, calendar) if first else default or month_before(calendar.today)
    if len(rest) > 1:
        raise BadAsk(f"{_joined(words)!r} names {1 + len(rest)} periods; two can be compared")
    return now, read(rest[0], calendar) if rest else before(now, calendar.year_starts)


def coming_of(words: Sequence[str], context: Context) -> Period:
    """A period that has not ended, to be looked forward to: ``quarter``, ``q1``, ``year``, ``2027-03``.

    Raises:
        BadAsk: they mean none, or one that is over.
    """
    calendar, text = _calendar(context), _joined(words)
    text = {"month": "this month", "quarter": "this quarter", "year": "this year"}.get(text, text)
    yearless = re.fullmatch(rf"q[1-4]|{NAMES}", text)
    for one in [f"{text} {calendar.today.year + years}" for years in range(3)] if yearless else [text]:
        period = _read(one, calendar)
        if period.end > calendar.today:
            return period
    raise BadAsk(f"{text!r} is over; a forecast looks forward: write quarter, year, q1, 2027-03 or fy2027")


def read(text: str, calendar: Calendar) -> Period:
    """One period of a text in small letters.

    Raises:
        BadAsk: it is none.
    """
    return _checked(_read(text, calendar), text, calendar)


def _read(text: str, calendar: Calendar) -> Period:
    for pattern, reader in READERS:
        if found := re.fullmatch(pattern, text):
            try:
                return reader(calendar, [group or "" for group in found.groups()])
            except (ValueError, OverflowError) as error:
                raise BadAsk(f"{text!r} is no period: {error}. {EXAMPLES}") from None
    raise BadAsk(f"{text!r} is no period{_meant(text)}. {EXAMPLES}")


def before(period: Period, year_starts: int = 1) -> Period:
    """The period to compare one with: the month before a month, the quarter before a quarter.

    The first days of a month are compared with the first days of the month before; any other days with as many before.
    """
    eve = period.start - timedelta(days=1)
    if period == month_of(period.start):
        return month_of(eve)
    if period == quarter_of(period.start, year_starts):
        return quarter_of(eve, year_starts)
    if period == year_of(period.start, year_starts):
        return year_of(eve, year_starts)
    if period.start.day == 1 and period.end.day == 1:
        return Period(_months_back(period.start, _months(period)), period.start)
    if period.start.day == 1 and period.end <= month_of(period.start).end:
        month = month_of(eve)
        return Period(month.start, min(month.end, month.start + timedelta(days=period.days)))
    return last_days(period.days, period.start)


EXAMPLES = "Write " + ", ".join(name for name, _ in PERIODS[:6]) + f" or {PERIODS[7][0]}"


def _calendar(context: Context) -> Calendar:
    return Calendar(context.now.date(), context.report.year_starts)


def _joined(words: Sequence[str]) -> str:
    return " ".join(" ".join(words).lower().split())


def _checked(period: Period, text: str, calendar: Calendar) -> Period:
    if period.days == 0:
        raise BadAsk(f"{text!r} has no day in it yet. {EXAMPLES}")
    if period.start > calendar.today:
        raise BadAsk(f"{text!r} has not begun: today is {calendar.today}. {EXAMPLES}")
    if period.days > LONGEST_DAYS or period.start.year < EARLIEST:
        raise BadAsk(f"{text!r} is {period.days:,} days from {period.start}; ask for ten years at most")
    return period


def _meant(text: str) -> str:
    known = [name for name, _ in PERIODS] + [f"{which} {what}" for which in ("last", "this") for what in SPANS]
    close = get_close_matches(text, [*known, *MONTHS], n=1, cutoff=0.7)
    return f"; did you mean {close[0]}" if close else ""


def _day(text: str) -> date:
    year, month, day = map(int, text.split("-"))
    return date(year, month, day)


def _months(period: Period) -> int:
    return (period.end.year - period.start.year) * 12 + period.end.month - period.start.month


def _months_back(day: date, count: int) -> date:
    place = day.year * 12 + day.month - 1 - count
    return date(place // 12, place % 12 + 1, 1)


def _month(year: int, number: int) -> Period:
    return month_of(date(year, number, 1))


def _newest(found: Callable[[int], Period], calendar: Calendar) -> Period:
    """Of the same period of each year, the newest that has begun."""
    this_year = found(calendar.today.year + 1)
    for year in (calendar.today.year + 1, calendar.today.year, calendar.today.year - 1):
        this_year = found(year)
        if this_year.start <= calendar.today:
            break
    return this_year


def _named(calendar: Calendar, groups: Sequence[str]) -> Period:
    name, year = groups
    number = next(place for place, month in enumerate(MONTHS, 1) if month.startswith(name[:3]))
    return _month(int(year), number) if year else _newest(lambda one: _month(one, number), calendar)


def _fiscal(year: int, calendar: Calendar) -> Period:
    """The fiscal year that is named after ``year``: the one that ends in it."""
    starts = calendar.year_starts
    return year_of(date(year if starts == 1 else year - 1, starts, 1), starts)


def _quarter(calendar: Calendar, groups: Sequence[str]) -> Period:
    number, year = int(groups[0]), groups[1]

    def of(one: int) -> Period:
        return quarter_of(_months_back(_fiscal(one, calendar).start, -3 * (number - 1)), calendar.year_starts)

    return of(int(year)) if year else _newest(of, calendar)


def _week(day: date) -> Period:
    monday = day - timedelta(days=day.weekday())
    return Period(monday, monday + timedelta(days=7))


SPANS: dict[str, Callable[[date, Calendar], Period]] = {
    "month": lambda day, _: month_of(day),
    "week": lambda day, _: _week(day),
    "quarter": lambda day, calendar: quarter_of(day, calendar.year_starts),
    "year": lambda day, calendar: year_of(day, calendar.year_starts),
}


def _this(calendar: Calendar, groups: Sequence[str]) -> Period:
    return SPANS[groups[0]](calendar.today, calendar)


def _last(calendar: Calendar, groups: Sequence[str]) -> Period:
    present = SPANS[groups[0]](calendar.today, calendar)
    return SPANS[groups[0]](present.start - timedelta(days=1), calendar)


def _to_date(calendar: Calendar, groups: Sequence[str]) -> Period:
    span = next(name for name in SPANS if name[0] == groups[0][0])
    return Period(SPANS[span](calendar.today, calendar).start, calendar.today)


def _past(calendar: Calendar, groups: Sequence[str]) -> Period:
    count, unit = int(groups[0]), groups[1]
    if count < 1:
        raise ValueError("it would have no day in it")
    if unit.startswith("month"):
        first = calendar.today.replace(day=1)
        return Period(_months_back(first, count), first)
    return last_days(count * (7 if unit.startswith("week") else 1), calendar.today)


def _between(_: Calendar, groups: Sequence[str]) -> Period:
    first, last = _day(groups[0]), _day(groups[1])
    return Period(first, last + timedelta(days=1))


def _since(calendar: Calendar, groups: Sequence[str]) -> Period:
    first = _day(groups[0])
    if first >= calendar.today:
        raise ValueError(f"no day has passed since, today is {calendar.today}")
    return Period(first, calendar.today)


NAMES = "|".join(f"{name}|{name[:3]}|{name[:4]}" for name in MONTHS)
READERS: Sequence[tuple[str, Reader]] = (
    (r"today", lambda calendar, _: last_days(1, calendar.today + timedelta(days=1))),
    (r"yesterday", lambda calendar, _: last_days(1, calendar.today)),
    (r"(?:this|current) (month|week|quarter|year)", _this),
    (r"(?:last|previous|past) (month|week|quarter|year)", _last),
    (r"(month|quarter|year)[ -]to[ -]date", _to_date),
    (r"(mtd|qtd|ytd)", _to_date),
    (r"(?:last|past) (\d{1,4}) (days?|weeks?|months?)", _past),
    (r"(\d{4})-(\d{1,2})", lambda _, groups: _month(int(groups[0]), int(groups[1]))),
    (r"(\d{1,2})/(\d{4})", lambda _, groups: _month(int(groups[1]), int(groups[0]))),
    (rf"({NAMES})\.?(?: (\d{{4}}))?", _named),
    (r"q([1-4])[ -]?(?:fy ?)?(\d{4})?", _quarter),
    (r"fy ?(\d{4})", lambda calendar, groups: _fiscal(int(groups[0]), calendar)),
    (r"(\d{4})", lambda _, groups: year_of(date(int(groups[0]), 1, 1))),
    (rf"(?:since|from) {DAY}", _since),
    (rf"(?:from )?{DAY} ?(?:\.\.\.?|to|until|–|-) ?{DAY}", _between),
    (DAY, lambda _, groups: _between(_, (groups[0], groups[0]))),
)
