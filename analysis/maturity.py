"""Maturity: a score from 0 to 100 over the FinOps Framework's domains, every point of it measured and explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from itertools import pairwise

from analysis.money import Money
from analysis.periods import Period

WHOLE = 100


class Domain(StrEnum):
    """The four domains of the FinOps Framework (finops.org/framework/domains, 2024)."""

    UNDERSTAND = "Understand Usage & Cost"
    QUANTIFY = "Quantify Business Value"
    OPTIMIZE = "Optimize Usage & Cost"
    MANAGE = "Manage the FinOps Practice"


@dataclass(frozen=True, slots=True)
class Indicators:
    """What is measured, each a part of 1 unless said otherwise; ``None`` where it cannot be measured.

    ``allocated`` and ``tagged``: cost with an owner, and with a tag in any spelling. ``judged``: anomalies of 30 days
    that somebody judged. ``forecast_error``: mean error of the last months' forecasts. ``budgeted``: cost under a
    budget. ``unit_costs``: business figures that costs are divided by, a number. ``waste``: open waste over cost.
    ``covered`` and ``used``: commitments' coverage and utilisation. ``cadence``: of the last four weeks those with an
    assessment. ``owned``: open findings that somebody has. ``days_to_fix``: median days from found to fixed.
    ``verified``: fixes that the bill confirms, of those it can judge.
    """

    allocated: float | None = None
    tagged: float | None = None
    judged: float | None = None
    forecast_error: float | None = None
    budgeted: float | None = None
    unit_costs: float | None = None
    waste: float | None = None
    covered: float | None = None
    used: float | None = None
    cadence: float | None = None
    owned: float | None = None
    days_to_fix: float | None = None
    verified: float | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """How one indicator becomes points: ``scale`` maps its value to a part of ``weight``, linearly in between."""

    name: str
    domain: Domain
    weight: int
    scale: Sequence[tuple[float, float]]
    said: str
    source: str
    helps: str  # the ask that helps most
    is_share: bool = True


CRAWL, WALK, RUN = 1 / 3, 2 / 3, 1.0
MEASURES: Mapping[str, Measure] = {
    "allocated": Measure(
        "Cost with an owner", Domain.UNDERSTAND, 14, ((0, 0), (0.5, CRAWL), (0.8, WALK), (0.9, RUN)),
        "of cost has an owner", "FinOps Framework, Allocation: crawl 50%, walk 80%, run 90%", "allocation",
    ),
    "tagged": Measure(
        "Tagged cost", Domain.UNDERSTAND, 6, ((0, 0), (0.5, CRAWL), (0.8, WALK), (0.9, RUN)),
        "of cost is tagged", "FinOps Framework, Allocation: the same scale for the tag itself", "tags",
    ),
    "judged": Measure(
        "Anomalies looked at", Domain.UNDERSTAND, 8, ((0, 0), (0.5, WALK), (1, RUN)),
        "of last month's anomalies were judged", "FinOps Framework, Anomaly Management: run answers all", "anomalies",
    ),
    "forecast_error": Measure(
        "Forecast accuracy", Domain.QUANTIFY, 12, ((0.05, RUN), (0.12, WALK), (0.2, CRAWL), (0.4, 0)),
        "off on average", "FinOps Framework, Forecasting: crawl 20%, walk 15%, run 12%; best in class 5%",
        "forecast record",
    ),
    "budgeted": Measure(
        "Cost under a budget", Domain.QUANTIFY, 10, ((0, 0), (0.5, CRAWL), (0.8, WALK), (0.95, RUN)),
        "of cost has a budget", "FinOps Framework, Budgeting; our scale", "budget",
    ),
    "unit_costs": Measure(
        "Unit costs", Domain.QUANTIFY, 8, ((0, 0), (1, WALK), (2, RUN)),
        "business figures are divided by", "FinOps Framework, Unit Economics; our scale", "units", is_share=False,
    ),
    "waste": Measure(
        "Open waste", Domain.OPTIMIZE, 12, ((0.01, RUN), (0.05, WALK), (0.1, CRAWL), (0.25, 0)),
        "of cost is open waste", "Flexera, State of the Cloud: 27% self-estimated; our scale", "waste",
    ),
    "covered": Measure(
        "Commitment coverage", Domain.OPTIMIZE, 8, ((0, 0), (0.4, CRAWL), (0.6, WALK), (0.8, RUN)),
        "of eligible usage is covered", "FinOps Framework, Rate Optimization: 60 to 80%", "commitments",
    ),
    "used": Measure(
        "Commitment utilisation", Domain.OPTIMIZE, 8, ((0.6, 0), (0.8, CRAWL), (0.9, WALK), (0.95, RUN)),
        "of commitments is used", "FinOps Framework, Rate Optimization; AWS alerts below 95%", "commitments",
    ),
    "cadence": Measure(
        "Cadence", Domain.MANAGE, 6, ((0, 0), (1, RUN)),
        "of the last four weeks had an assessment", "FinOps Framework, FinOps Practice Operations; our scale", "assess",
    ),
    "owned": Measure(
        "Waste that somebody has", Domain.MANAGE, 4, ((0, 0), (0.5, WALK), (0.9, RUN)),
        "of open findings have somebody", "our scale", "waste owner=none",
    ),
    "days_to_fix": Measure(
        "Days to fix", Domain.MANAGE, 2, ((7, RUN), (30, WALK), (90, CRAWL), (180, 0)),
        "days from found to fixed", "our scale", "waste", is_share=False,
    ),
    "verified": Measure(
        "Fixes verified", Domain.MANAGE, 2, ((0, 0), (0.9, RUN)),
        "of fixes are confirmed by the bill", "our scale", "savings",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """One indicator's part of the score: ``won`` of ``possible`` points, ``worth`` in money where that can be said."""

    key: str
    value: float
    won: float
    possible: float
    worth: Money | None = None

    @property
    def measure(self) -> Measure:
        """How it was measured."""
        return MEASURES[self.key]

    @property
    def missing(self) -> float:
        """The points that the best value would add."""
        return self.possible - self.won

    def said(self) -> str:
        """The value in words."""
        shown = f"{self.value:.0%}" if self.measure.is_share else f"{self.value:.0f}"
        return f"{shown} {self.measure.said}"


@dataclass(frozen=True, slots=True)
class Score:
    """Points of 100: of what could be measured, weights re-normalised; ``unmeasured`` are the names of the rest."""

    points: tuple[Point, ...]
    unmeasured: tuple[str, ...]
    history: tuple[tuple[Period, int], ...] = ()

    @property
    def total(self) -> int:
        """The score."""
        return round(sum(point.won for point in self.points))

    def of(self, domain: Domain) -> int | None:
        """A domain's own score of 100; ``None`` if nothing of it could be measured."""
        mine = [point for point in self.points if point.measure.domain is domain]
        possible = sum(point.possible for point in mine)
        return round(WHOLE * sum(point.won for point in mine) / possible) if possible else None

    def next_steps(self, count: int = 3) -> list[Point]:
        """What would add the most points."""
        return sorted((point for point in self.points if point.missing >= 0.5), key=lambda one: -one.missing)[:count]  # noqa: PLR2004


def score(
    measured: Indicators, *, worth: Mapping[str, Money] | None = None, history: Sequence[tuple[Period, int]] = ()
) -> Score:
    """Score what could be measured: each indicator wins weight x scale(value) / sum of the measured weights x 100."""
    values = {one.name: getattr(measured, one.name) for one in fields(measured)}
    known = {key: float(value) for key, value in values.items() if value is not None}
    whole = sum(MEASURES[key].weight for key in known) or 1
    points = []
    for key, value in known.items():
        possible = WHOLE * MEASURES[key].weight / whole
        points.append(
            Point(key, value, possible * part_of(MEASURES[key].scale, value), possible, (worth or {}).get(key))
        )
    unmeasured = tuple(MEASURES[key].name for key in values if key not in known)
    return Score(tuple(points), unmeasured, tuple(history))


def part_of(scale: Sequence[tuple[float, float]], value: float) -> float:
    """The part of its points that a value wins: between two steps of the scale linearly, beyond them the outermost."""
    if value <= scale[0][0]:
        return scale[0][1]
    for (low, below), (high, above) in pairwise(scale):
        if value <= high:
            return below + (above - below) * (value - low) / (high - low)
    return scale[-1][1]
