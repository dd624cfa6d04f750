"""Savings that are verified in the bill: what a resource was billed before it was fixed, and what since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from analysis.findings import Finding
from analysis.money import Money
from analysis.periods import DAYS_A_MONTH, Period, month_of, months_of

BEFORE_DAYS = 28  # four weeks: every weekday as often
LEAST_DAYS = 7  # complete days since, before anything is said
LONGEST_SEASON = (Decimal("0.5"), Decimal(2))  # what the season may make of a cost, at most
FELL = Decimal("0.25")  # of the former cost: less is not called fallen
CAME_BACK = Decimal("0.8")  # of the former cost: a week that costs so much again ends a saving
MONTH = Decimal(str(DAYS_A_MONTH))
MONTHS_A_YEAR = 12


class Verdict(StrEnum):
    """What the bill says of a fix."""

    VERIFIED = "verified"
    EARLY = "too early"
    NOT_FALLEN = "not fallen"
    ENDED = "came back"
    NOTHING = "no cash"  # a commitment paid for it before: it frees that, and saves nothing


@dataclass(frozen=True, slots=True)
class Billed:
    """Daily cash of one resource, and of everything else of its service and account: days that are missing cost 0."""

    own: Mapping[date, Decimal]
    others: Mapping[date, Decimal]


@dataclass(frozen=True, slots=True)
class Saving:
    """One line of the ledger: everything that an auditor needs to do the sum again.

    ``before`` and ``after`` are a day's mean cost; ``season`` is what the rest of the service made of its own cost in
    the same days, so that a dip of everything is no saving. ``monthly`` is (before x season - after) x 30.4375, capped
    at what was billed before. ``by_month`` is what was really not billed, day by day.
    """

    finding: Finding
    fixed_on: date
    verdict: Verdict
    before: Money
    after: Money
    season: Decimal
    days: int
    monthly: Money
    by_month: Mapping[date, Money]
    ended_on: date | None = None

    @property
    def realised(self) -> Money:
        """What was not billed so far."""
        return Money.total(self.by_month.values(), self.monthly.currency)

    @property
    def yearly(self) -> Money:
        """Twelve months of it, while it lasts."""
        return self.monthly * MONTHS_A_YEAR if self.verdict is Verdict.VERIFIED else Money.zero(self.monthly.currency)


@dataclass(frozen=True, slots=True)
class Savings:
    """The ledger: every fix, the newest first; one line a resource, so that nothing is counted twice."""

    lines: tuple[Saving, ...]
    currency: str
    programme: Money | None = None  # what the programme itself costs a month

    @property
    def verified(self) -> tuple[Saving, ...]:
        """Those that the bill confirms and that last."""
        return tuple(line for line in self.lines if line.verdict is Verdict.VERIFIED)

    @property
    def annualised(self) -> Money:
        """What the verified savings are worth in a year."""
        return Money.total((line.yearly for line in self.verified), self.currency)

    @property
    def realised(self) -> Money:
        """What was not billed so far, of all of them."""
        return Money.total((line.realised for line in self.lines), self.currency)

    @property
    def roi(self) -> Decimal | None:
        """(annualised - programme's yearly cost) / programme's yearly cost; ``None`` without such a cost."""
        if self.programme is None or not self.programme:
            return None
        cost = self.programme * MONTHS_A_YEAR
        return (self.annualised - cost).share_of(cost)

    def climb(self, until: date) -> list[tuple[Period, Money, Money]]:
        """Month by month: what was not billed in it, and what the savings standing at its end are worth in a year."""
        if not self.lines:
            return []
        first = min(line.fixed_on for line in self.lines)
        return [(month, self._in(month), self._standing(month)) for month in months_of(Period(first, until))]

    def _in(self, month: Period) -> Money:
        amounts = (line.by_month.get(month.start) for line in self.lines)
        return Money.total((amount for amount in amounts if amount is not None), self.currency)

    def _standing(self, month: Period) -> Money:
        worth = (
            line.monthly * MONTHS_A_YEAR
            for line in self.lines
            if line.verdict in {Verdict.VERIFIED, Verdict.ENDED}
            and line.fixed_on < month.end
            and (line.ended_on is None or line.ended_on >= month.end)
        )
        return Money.total(worth, self.currency)


def verify(finding: Finding, fixed_on: date, billed: Billed, known_until: date) -> Saving:
    """Hold one fix against the bill, on complete days only; covered usage must not be in ``billed``."""
    currency = finding.monthly_waste.currency
    past = Period(fixed_on - timedelta(days=BEFORE_DAYS), fixed_on)
    since = Period(fixed_on + timedelta(days=1), max(fixed_on + timedelta(days=1), known_until))
    before = _mean(billed.own, past)
    season = _season(billed.others, past, since)
    after = _mean(billed.own, since)
    expected = before * season
    saved = min(max(Decimal(0), expected - after), before)
    ended = _came_back(billed.own, since, before)
    verdict = _verdict(before, saved, since.days, ended=ended is not None)
    lasting = Period(since.start, ended or since.end)
    counted = verdict in {Verdict.VERIFIED, Verdict.ENDED}
    monthly = saved if verdict is not Verdict.ENDED else max(Decimal(0), expected - _mean(billed.own, lasting))
    return Saving(
        finding,
        fixed_on,
        verdict,
        Money(before, currency),
        Money(after, currency),
        season,
        since.days,
        Money(monthly * MONTH if counted else Decimal(0), currency).cents(),
        _by_month(billed.own, expected, before, lasting, currency) if counted else {},
        ended,
    )


def one_each(findings: Iterable[Finding]) -> list[Finding]:
    """Of several findings on one resource the first that was fixed: a saving is counted once."""
    chosen: dict[str, Finding] = {}
    for finding in sorted(findings, key=_first_fixed):
        chosen.setdefault(finding.resource_id.lower(), finding)
    return list(chosen.values())


def _first_fixed(one: Finding) -> tuple[bool, float, str]:
    moment = one.fixed_at or one.changed_at
    return (moment is None, moment.timestamp() if moment else 0.0, one.id)


def _mean(daily: Mapping[date, Decimal], period: Period) -> Decimal:
    return (
        sum((daily.get(day, Decimal(0)) for day in period), start=Decimal(0)) / period.days
        if period.days
        else Decimal(0)
    )


def _season(others: Mapping[date, Decimal], past: Period, since: Period) -> Decimal:
    before, after = _mean(others, past), _mean(others, since)
    if before <= 0 or after <= 0:
        return Decimal(1)
    low, high = LONGEST_SEASON
    return min(high, max(low, after / before)).quantize(Decimal("0.0001"))


def _verdict(before: Decimal, saved: Decimal, days: int, *, ended: bool) -> Verdict:
    if before <= 0:
        return Verdict.NOTHING
    if days < LEAST_DAYS:
        return Verdict.EARLY
    if ended:
        return Verdict.ENDED
    return Verdict.VERIFIED if saved >= before * FELL else Verdict.NOT_FALLEN


def _came_back(own: Mapping[date, Decimal], since: Period, before: Decimal) -> date | None:
    """The first day of the week that costs as much again, after one that did not."""
    fallen = False
    for begin in (since.start + timedelta(days=number) for number in range(max(0, since.days - LEAST_DAYS + 1))):
        mean = _mean(own, Period(begin, begin + timedelta(days=LEAST_DAYS)))
        fallen = fallen or mean < before * (1 - FELL)
        if fallen and before > 0 and mean >= before * CAME_BACK:
            return begin
    return None


def _by_month(
    own: Mapping[date, Decimal], expected: Decimal, before: Decimal, lasting: Period, currency: str
) -> dict[date, Money]:
    sums: dict[date, Decimal] = {}
    for day in lasting:
        saved = min(max(Decimal(0), expected - own.get(day, Decimal(0))), before)
        month = month_of(day).start
        sums[month] = sums.get(month, Decimal(0)) + saved
    return {month: Money(amount, currency).cents() for month, amount in sums.items()}


def ledger(lines: Sequence[Saving], currency: str, programme: Money | None = None) -> Savings:
    """The ledger in one currency, the newest fix first."""
    mine = [line for line in lines if line.monthly.currency == currency]
    return Savings(
        tuple(sorted(mine, key=lambda line: (line.fixed_on, line.finding.id), reverse=True)), currency, programme
    )
