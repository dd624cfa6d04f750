"""An assessment: one run over bill and estate, the single source that all views are cut from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from analysis.findings import WAITING, Finding, State
from analysis.money import Money
from analysis.periods import Period

if TYPE_CHECKING:
    from analysis.allocation import Allocation
    from analysis.anomalies import Event
    from analysis.burndown import Burndown
    from analysis.commitments import Commitments
    from analysis.drivers import Variance
    from analysis.focus import Freshness
    from analysis.forecasts import Forecast
    from analysis.maturity import Score
    from analysis.savings import Savings
    from analysis.tagging import Tagging
    from analysis.track_record import TrackRecord
    from analysis.units import UnitEconomics

TO_DO = (*WAITING, State.CLAIMED)


def untold(run: str) -> str:
    """What is said where an assessment has told nothing; of the newest, where none is named."""
    return f"no assessment {run}" if run else "no assessment has told any news yet; assess makes one"


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One dimension's shares of a period: names with their costs, the largest first; ``None`` for rows without."""

    dimension: str
    period: Period
    rows: tuple[tuple[str | None, Money], ...]

    @property
    def total(self) -> Money:
        """All of it."""
        return Money.total((cost for _, cost in self.rows), self.rows[0][1].currency)

    def share(self, name: str | None) -> Decimal:
        """The fraction that ``name`` makes of the whole."""
        return next((cost.share_of(self.total) for row, cost in self.rows if row == name), Decimal(0))


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one run saw, in the report's currency unless said otherwise.

    All costs are EffectiveCost of running things (usage and purchases); ``apart`` holds tax, credits and
    adjustments of the last whole month.
    """

    id: str
    made_at: datetime
    freshness: Freshness
    currencies: tuple[Money, ...]  # every currency billed in the last whole month, the largest first
    month_to_date: Money
    last_month: Money
    apart: Mapping[str, Money]
    forecast: Forecast | None  # None: the history is too short
    budget: Money | None
    services: Breakdown
    providers: Breakdown
    teams: Breakdown
    findings: tuple[Finding, ...]  # every finding that was seen, whatever its state
    unread: tuple[str, ...] = ()  # "3 of 50 accounts (AccessDenied …)"
    told: tuple[str, ...] = ()  # what the figures stand on: "bill from Cost Explorer, 38 calls today, $0.38"
    people: int = 0  # who asked something in the last seven days
    asks: int = 0  # and how often
    record: TrackRecord | None = None
    burndowns: tuple[Burndown, ...] = ()  # the worst first
    variance: Variance | None = None  # of the last whole month against the one before
    movers: tuple[str, ...] = ()  # its largest changes, in words
    events: tuple[Event, ...] = ()  # anomalies of the last 30 days that are told
    commitments: Commitments | None = None
    allocation: Allocation | None = None
    tagging: Tagging | None = None
    units: UnitEconomics | None = None
    savings: Savings | None = None
    score: Score | None = None

    @property
    def alive(self) -> tuple[Finding, ...]:
        """The findings that are not resolved."""
        return tuple(one for one in self.findings if one.state is not State.RESOLVED)

    @property
    def to_do(self) -> tuple[Finding, ...]:
        """The findings with a price that are open or claimed: neither resolved, nor accepted, nor put off."""
        return tuple(one for one in self.findings if one.state in TO_DO and one.claims)

    def waste(self, findings: Sequence[Finding] | None = None) -> Money:
        """What findings waste a month, in cash, those of the report's currency: of those that are to do."""
        chosen = self.to_do if findings is None else findings
        mine = (found.monthly_waste for found in chosen if found.monthly_waste.currency == self.last_month.currency)
        return Money.total(mine, self.last_month.currency)
