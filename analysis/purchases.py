"""Purchases: what could be promised next, as a ladder of steps that the usage's own history carries.

Bills are daily and commitments are kept by the hour, so the ladder is careful four times over: it counts only a part of
each day (``hourly_floor``), of the days only the lowest, of those only what present commitments leave, and of growth
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

import numpy as np

from analysis.money import Money
from analysis.offers import Offer
from analysis.periods import DAYS_A_MONTH, Period

HOURS, WEEK, WEEKS_A_YEAR, MONTHS_A_YEAR = 24, 7, 52, 12
CENT = Decimal("0.01")
WINDOW, LEAST_DAYS = 90, 60  # days of history that a level is taken from
RECENT = 30
LOWEST = 0.05  # the quantile of those days that counts as their lowest: four or five days lie beneath it
FALLS = (0.4, 0.2, 0.0)  # the fall of usage that each step still carries in full
EVERY = 30  # days between two steps: each is decided on fresh figures, and ends at a time of its own
SCENARIOS = (-40, -20, 20)  # percent by which usage changes tomorrow and for good
PATHS, BLOCK, SEED = 1_000, 4, 1  # resampled futures; weeks that stay together, since changes come in runs
FULL = 0.95  # of a purchase that is expected to be used; AWS and Azure propose none below
RARE = 0.01  # the worst of a hundred futures
CALM = (5, 95)  # percentiles that weekly changes are cut at: one migration is no rule


@dataclass(frozen=True, slots=True)
class Rate:
    """A term and its discount; ``own`` if the company's own commitments of that term realise it."""

    years: int
    discount: Decimal
    own: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One purchase. ``hourly`` is what is promised an hour; the other amounts are a month's, of 30.4375 days.

    ``expected``, ``low80``, ``high80`` and ``worst`` (one future in a hundred) are the mean month of the whole term
    over resampled futures. ``scenarios`` holds what a month saves if usage changes by so many percent tomorrow and for
    good. ``break_even`` is the month from which it has paid for itself even if all usage then stopped. ``coverage`` is
    what results of this step and those before it.
    """

    on: date
    rate: Rate
    hourly: Money
    expected: Money
    low80: Money
    high80: Money
    worst: Money
    scenarios: Mapping[int, Money]
    utilization: Decimal
    break_even: Decimal
    coverage: Decimal

    def regret(self, percent: int) -> Money:
        """What a month loses, against not having bought it, if usage falls by so many percent (20 or 40)."""
        lost = -self.scenarios[-percent]
        return lost if lost.amount > 0 else Money.zero(lost.currency)


@dataclass(frozen=True, slots=True)
class Ladder:
    """What is proposed of one offer; ``reason`` says why nothing is, or what was taken off.

    ``hourly`` are the on-demand dollars an hour of each day of ``window``; ``rungs`` where each step ends on that
    scale. Floats, to be drawn.
    """

    offer: Offer
    currency: str
    steps: tuple[Step, ...]
    reason: str
    window: Period
    hourly: np.ndarray = field(default_factory=lambda: np.empty(0))
    rungs: tuple[float, ...] = ()

    @property
    def expected(self) -> Money:
        """What all steps save a month."""
        return Money.total((step.expected for step in self.steps), self.currency)

    @property
    def worst(self) -> Money:
        """The worst case of all steps together."""
        return Money.total((step.worst for step in self.steps), self.currency)

    @property
    def hourly_total(self) -> Money:
        """All steps, an hour."""
        return Money.total((step.hourly for step in self.steps), self.currency)


@dataclass(frozen=True, slots=True)
class Usage:
    """Daily history of one provider's eligible usage, complete days, in on-demand dollars (days each).

    ``on_demand`` is what was billed without a commitment, ``covered`` what the covered usage would have cost without,
    ``capacity`` what the present commitments could have covered.
    """

    start: date
    on_demand: np.ndarray
    covered: np.ndarray
    capacity: np.ndarray
    currency: str

    @property
    def total(self) -> np.ndarray:
        """All eligible usage."""
        return np.asarray(self.on_demand + self.covered)

    def last(self, days: int) -> Usage:
        """Its last days."""
        count = self.on_demand.size
        cut = slice(max(0, count - days), count)
        start = self.start + timedelta(days=cut.start)
        return replace(
            self, start=start, on_demand=self.on_demand[cut], covered=self.covered[cut], capacity=self.capacity[cut]
        )


def ladder(
    offer: Offer, usage: Usage, realised: Mapping[int, Decimal], coverage: Decimal | None, today: date
) -> Ladder:
    """Propose up to three steps, all of them below what ran on demand on the lowest of the last 90 days.

    A commitment is filled in each hour by what present commitments leave of that hour's usage, so a fall of all usage
    falls on the newest first: the steps are cut where they stay full after a fall by 40, 20 and 0 percent.

    ``realised`` are the discounts that the company's own commitments came to, by their years (0: not known). The
    step that carries the deepest fall has the longest term that is realised already; the others are for a year. No step
    is proposed that nine of ten futures do not pay for. ``coverage`` is today's.
    """
    recent = usage.last(WINDOW)
    days = int(recent.on_demand.size)
    window = Period(recent.start, recent.start + timedelta(days=days))
    hourly = recent.on_demand / HOURS
    if days < LEAST_DAYS:
        why = f"{days} complete days of usage are known, and a purchase needs {LEAST_DAYS}"
        return Ladder(offer, usage.currency, (), why, window, hourly)
    yearly, longest = _rates(offer, realised)
    model = _Model(usage, recent, float(offer.hourly_floor), coverage or Decimal(0))
    steps: list[Step] = []
    tops = [0.0]
    for fall in FALLS:
        rate, on = (longest if fall == FALLS[0] else yearly), today + timedelta(days=len(steps) * EVERY)
        step, top = model.step(rate, on, tops[-1], model.steady(fall), steps)
        if step is not None:
            steps.append(step)
            tops.append(top)
    rungs = tuple(top / HOURS for top in tops[1:])
    return Ladder(offer, usage.currency, tuple(steps), model.reason(steps), window, hourly, rungs)


class _Model:
    """What a slice of usage would have saved, and would save in futures made of the history's own weeks."""

    def __init__(self, usage: Usage, recent: Usage, floor: float, coverage: Decimal) -> None:
        self.currency, self.floor, self.coverage = usage.currency, floor, coverage
        self.on_demand, self.total = recent.on_demand, recent.total
        self.capacity = float(np.quantile(recent.capacity, 1 - LOWEST))
        self.falling = _falling(self.total)
        self.changes = _changes(usage.total)
        self._known: dict[int, np.ndarray] = {}

    def steady(self, fall: float) -> float:
        """The on-demand dollars a day that run in every hour of the lowest days, after a fall of all usage."""
        left = self.floor * float(np.quantile(self.total, LOWEST)) * (1 - fall) - self.capacity
        billed = self.floor * float(np.quantile(self.on_demand, LOWEST))
        return max(0.0, min(left, billed)) * (1 - self.falling)

    def step(
        self, rate: Rate, on: date, below: float, target: float, before: Sequence[Step]
    ) -> tuple[Step | None, float]:
        """The slice of daily on-demand usage from ``below`` to ``target`` as a purchase, and where it really ends."""
        price = 1 - float(rate.discount)
        hourly = Decimal(str(max(0.0, target - below) * price / HOURS)).quantize(CENT, rounding=ROUND_DOWN)
        if hourly <= 0:
            return None, below
        size, months = float(hourly) * HOURS / price, MONTHS_A_YEAR * rate.years
        if rate.years not in self._known:
            self._known[rate.years] = self._futures(rate.years)
        filled = np.clip(self._known[rate.years] - below, 0, size).mean(axis=1)
        utilization = float(filled.mean()) / size
        saved = (filled - price * size) * DAYS_A_MONTH
        low, high, worst = np.quantile(saved, (0.1, 0.9, RARE))
        if utilization < FULL or low <= 0:
            return None, below
        reached = before[-1].coverage if before else self.coverage
        return Step(
            on=on,
            rate=rate,
            hourly=Money(hourly, self.currency),
            expected=self._money(float(saved.mean())),
            low80=self._money(float(low)),
            high80=self._money(float(high)),
            worst=self._money(float(worst)),
            scenarios={change: self._money(self._month(change, below, size, price)) for change in SCENARIOS},
            utilization=Decimal(str(round(utilization, 4))),
            break_even=Decimal(str(round(months * price / utilization, 1))),
            coverage=reached + (1 - self.coverage) * self._part(below, size),
        ), below + size

    def reason(self, steps: Sequence[Step]) -> str:
        """Why nothing is proposed, or what was taken off; empty if nothing was."""
        if self.on_demand.mean() <= 0:
            return "nothing eligible ran on demand"
        if np.quantile(self.on_demand, LOWEST) <= 0:
            return "on its lowest days nothing eligible ran on demand"
        if not steps and self.steady(0.0) <= 0:
            return "present commitments already reach what runs in every hour of the lowest days"
        if not steps:
            return "no step would be used and pay for itself in nine of ten futures"
        return (
            f"usage fell by {self.falling:.0%} in the last {RECENT} days; as much was taken off" if self._fell else ""
        )

    @property
    def _fell(self) -> bool:
        return self.falling > LOWEST

    def _usable(self, total: np.ndarray) -> np.ndarray:
        """What runs in every hour, and is not wanted by present commitments."""
        return np.asarray(np.maximum(0.0, self.floor * total - self.capacity))

    def _filled(self, factor: float, below: float, size: float) -> float:
        return float(np.clip(self._usable(self.total * factor) - below, 0, size).mean())

    def _part(self, below: float, size: float) -> Decimal:
        """The part of on-demand usage that a slice covers."""
        return Decimal(str(round(self._filled(1.0, below, size) / float(self.on_demand.mean()), 6)))

    def _month(self, change: int, below: float, size: float, price: float) -> float:
        return (self._filled(1 + change / 100, below, size) - price * size) * DAYS_A_MONTH

    def _futures(self, years: int) -> np.ndarray:
        """Daily usable usage of a whole term, in ``PATHS`` futures (paths × days).

        A moving-block bootstrap (Künsch 1989) of the history's weekly changes, without their growth; within each week
        the days are those of a week that was.
        """
        random = np.random.default_rng(SEED)
        weeks = WEEKS_A_YEAR * years
        starts = random.integers(0, max(1, self.changes.size - BLOCK + 1), (PATHS, -(-weeks // BLOCK)))
        places = (starts[:, :, None] + np.arange(BLOCK)).reshape(PATHS, -1)[:, :weeks] % self.changes.size
        levels = self.total[-RECENT:].mean() * np.exp(np.cumsum(self.changes[places], axis=1))
        known = self.total[-(self.total.size // WEEK) * WEEK :].reshape(-1, WEEK)
        means = known.mean(axis=1, keepdims=True)
        shapes = np.divide(known, means, out=np.ones(known.shape), where=means > 0)
        days = levels[:, :, None] * shapes[random.integers(0, len(shapes), levels.shape)]
        return self._usable(days.reshape(PATHS, -1))

    def _money(self, amount: float) -> Money:
        return Money.of(round(amount, 2), self.currency).cents()


def _changes(total: np.ndarray) -> np.ndarray:
    """How the weekly level moved (log) since the last week without usage, outliers cut and growth taken out."""
    weeks = total[-(total.size // WEEK) * WEEK :].reshape(-1, WEEK).mean(axis=1)
    stopped = np.flatnonzero(weeks <= 0)
    running = weeks[stopped[-1] + 1 :] if stopped.size else weeks
    changes = np.diff(np.log(running)) if running.size > 1 else np.zeros(1)
    calm = np.clip(changes, *np.percentile(changes, CALM))
    return np.asarray(calm - max(0.0, float(calm.mean())))


def _rates(offer: Offer, realised: Mapping[int, Decimal]) -> tuple[Rate, Rate]:
    """The rate of a year, and that of the longest term which pays more."""
    good = {years: rate for years, rate in realised.items() if 0 < rate < 1}
    yearly = Rate(1, good[1], own=True) if 1 in good else Rate(1, min((offer.discount, *good.values())))
    longer = [Rate(years, rate, own=True) for years, rate in good.items() if years > 1 and rate > yearly.discount]
    return yearly, max(longer, key=lambda rate: rate.years, default=yearly)


def _falling(total: np.ndarray) -> float:
    """By how much the last 30 days lie beneath the days before them; rising is 0."""
    before, last = float(total[:-RECENT].mean()), float(total[-RECENT:].mean())
    return min(1.0, max(0.0, 1 - last / before)) if before > 0 else 0.0
