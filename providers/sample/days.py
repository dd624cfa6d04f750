"""The days: how much of each thing is used, day by day; the same day is the same in every sample of one seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from analysis.periods import Period
from providers.sample.cast import FOREVER, Thing
from providers.sample.company import AWS, COMMITMENTS, TEAMS, Commitment
from providers.sample.planted import LATER, LaterSurprise, PlantedSurprise

TEN_THOUSAND = 10_000  # quantities are kept in ten-thousandths of a unit, prices in millionths of the currency
WEEK = {  # Monday to Sunday
    "flat": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    "shop": (1.03, 0.97, 0.95, 0.96, 0.99, 1.04, 1.06),  # people shop when they do not work
    "office": (1.10, 1.14, 1.13, 1.12, 1.07, 0.74, 0.70),
}
RHYTHMS = tuple(WEEK)
LATE = {"aws": (15, 45), "azure": (15, 45, 80)}  # percent of a day that has arrived after one, two, three days
WAVE, MEMORY, MONTHS_BACK = 0.02, 0.65, 6  # each team's load wanders: monthly shocks that fade


@dataclass(frozen=True, slots=True)
class Meters:
    """What is metered: a thing's hours on demand, and apart from them those that a commitment pays for.

    One element for each meter. Prices are whole millionths of the currency; ``paid`` is what is billed a unit,
    ``worth`` its effective price.
    """

    things: tuple[Thing, ...]
    commitment: Commitment
    covered: np.ndarray
    usual: np.ndarray
    listed: np.ndarray
    contracted: np.ndarray
    paid: np.ndarray
    worth: np.ndarray

    @classmethod
    def of(cls, cloud: str, cast: list[Thing]) -> Meters:
        """Read the meters of a cast."""
        commitment = COMMITMENTS[cloud]
        pairs = [(thing, False, thing.usual * (1 - thing.covered)) for thing in cast if thing.covered < 1]
        pairs += [(thing, True, thing.usual * thing.covered) for thing in cast if thing.covered > 0]
        things = tuple(thing for thing, _, _ in pairs)
        covered = np.array([flag for _, flag, _ in pairs])
        listed = np.array([thing.price for thing in things], dtype=np.int64)
        discounts = np.array([float(thing.spot.account.payer.discount) for thing in things])
        contracted = np.maximum(1, np.rint(listed * discounts)).astype(np.int64)
        rates = np.rint(listed * float(commitment.rate)).astype(np.int64)
        return cls(
            things,
            commitment,
            covered,
            np.array([units for _, _, units in pairs]),
            listed,
            contracted,
            np.where(covered, 0, contracted),
            np.where(covered, rates, contracted),
        )

    def currencies(self) -> np.ndarray:
        """The currency of each."""
        return np.array([thing.currency for thing in self.things])


class Calendar:
    """What was used when, and how much of it is known on the day of the report.

    A company that ``began`` before that day goes on from there: its past stays what it was, and what was planted for
    later comes.
    """

    def __init__(self, cloud: str, meters: Meters, *, seed: int, as_of: date, began: date | None = None) -> None:
        self.cloud, self.meters, self.seed, self.as_of = cloud, meters, seed, as_of
        self.began = began or as_of
        things = meters.things
        self._later = dict(_later(things)) if self.as_of > self.began else {}
        self._rhythm = np.array([RHYTHMS.index(thing.offer.rhythm) for thing in things])
        self._noise = np.array([0.0 if thing.steady else thing.offer.noise for thing in things])
        self._growth = np.array([0.0 if thing.steady else thing.offer.growth for thing in things])
        self._wave = np.array([0.0 if thing.steady else WAVE for thing in things])
        self._team = np.array([TEAMS.index(thing.spot.team) if thing.spot.team else 0 for thing in things])
        self._starts = np.array([thing.spot.starts.toordinal() for thing in things])
        self._ends = np.array([thing.spot.ends.toordinal() for thing in things])

    def used(self, month: Period) -> np.ndarray:
        """Ten-thousandths of a unit that each meter counts on each day of a month, as they will once be known."""
        days = np.arange(month.start.toordinal(), month.end.toordinal())
        random = np.random.default_rng([self.seed, 23, self.cloud == AWS, _number(month.start)])
        noise = random.standard_normal((len(self.meters.things), len(days)))
        weekly = np.array([WEEK[rhythm] for rhythm in RHYTHMS])[self._rhythm][:, (days - 1) % 7]
        years = (days - self.began.replace(day=1).toordinal()) / 365
        exponent = (
            self._growth[:, None] * years
            + self._noise[:, None] * noise
            + self._wave[:, None] * self._wander(month)[self._team]
        )
        there = (self._starts[:, None] <= days) & (days < self._ends[:, None])
        units = np.where(there, self.meters.usual[:, None] * weekly * np.exp(exponent), 0.0)
        return np.asarray(np.rint(units * TEN_THOUSAND).astype(np.int64) + self.surprises(month))

    def surprises(self, month: Period) -> np.ndarray:
        """The planted surprises' part of it."""
        extra = np.zeros((len(self.meters.things), month.days), dtype=np.int64)
        for place, thing in enumerate(self.meters.things):
            plant = self._later.get(place, thing.spot.plant)
            if isinstance(plant, PlantedSurprise | LaterSurprise):
                dollars = _surprise(plant, self.began, month)
                extra[place] = np.rint(dollars / (thing.price / 1e6) * TEN_THOUSAND)
        return extra

    def known(self, month: Period) -> np.ndarray:
        """Percent of each day of a month that has arrived by the day of the report."""
        age = self.as_of.toordinal() - np.arange(month.start.toordinal(), month.end.toordinal())
        percent = np.where(age > 0, 100, 0)
        for days, part in enumerate(LATE[self.cloud], start=1):
            percent[age == days] = part
        return percent

    def _wander(self, month: Period) -> np.ndarray:
        """Each team's load on each day of a month, around 0: from the last month's level to this one's."""
        before, after = (self._level(_number(month.start) - back) for back in (1, 0))
        way = np.linspace(0, 1, month.days, endpoint=False)
        return np.asarray(before[:, None] * (1 - way) + after[:, None] * way)

    def _level(self, number: int) -> np.ndarray:
        shocks = (
            np.random.default_rng([self.seed, 31, number - back]).standard_normal(len(TEAMS)) * MEMORY**back
            for back in range(MONTHS_BACK)
        )
        return np.asarray(np.sum(list(shocks), axis=0))


def _number(day: date) -> int:
    """Months since the year 0."""
    return day.year * 12 + day.month


def _later(things: Sequence[Thing]) -> Iterator[tuple[int, LaterSurprise]]:
    """Where the surprises of later days happen: to the first thing of the account and service that has a team."""
    for surprise in LATER:
        for place, thing in enumerate(things):
            there = (thing.offer.service, thing.spot.account.name) == (surprise.service, surprise.account)
            if there and thing.spot.plant is None and thing.spot.ends == FOREVER and "team" in thing.spot.tags:
                yield place, surprise
                break


def _surprise(plant: PlantedSurprise | LaterSurprise, began: date, month: Period) -> np.ndarray:
    """Dollars that a surprise adds on each day of a month."""
    since = np.arange(month.start.toordinal(), month.end.toordinal()) - plant.begins(began).toordinal()
    lasts = plant.days or FOREVER.toordinal()
    growing = since + 1 if plant.shape == "ramp" else np.ones_like(since)
    return np.where((since >= 0) & (since < lasts), plant.dollars * growing, 0.0)
