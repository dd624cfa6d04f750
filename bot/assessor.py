"""The assessor: looks at everything once, and remembers the one truth that all views are cut from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import RLock
from typing import Any, Protocol
from uuid import uuid4

import structlog

from analysis import checks
from analysis.assessment import Assessment, Breakdown
from analysis.budgets import Budget
from analysis.errors import NoData
from analysis.estate import Estate, Resource
from analysis.findings import Finding
from analysis.focus import TAG, CostQuery, Freshness
from analysis.forecasts import Forecast, forecast
from analysis.money import Money
from analysis.periods import Period, month_before, month_of
from bot.figures import plain
from commands.core.context import Costs, Findings, Ledger, Report, Seen
from commands.forecast import STALE, daily
from commands.savings import line_figures, savings_of
from providers.lake import Lake
from providers.provider import Progress, Provider

log = structlog.get_logger(__name__)
APART = ("Tax", "Credit", "Adjustment")


class Runs(Protocol):
    """The record of assessments."""

    def started(self, run: str, now: datetime) -> None:
        """One begins."""

    def finished(self, run: str, now: datetime, summary: Mapping[str, Any]) -> None:
        """It ended well."""


@dataclass
class Assessor:
    """Makes assessments of all providers, one at a time; the newest is shared by everybody who asks."""

    lake: Lake
    providers: Sequence[Provider]
    findings: Findings
    runs: Runs
    report: Report
    settings: Mapping[str, Mapping[str, Any]]
    ledger: Ledger
    progress: Progress = lambda _share, _what: None

    def __post_init__(self) -> None:
        self._lock = RLock()
        self._latest: tuple[object, Assessment] | None = None

    def latest(self, now: datetime) -> Assessment:
        """The assessment that stands: made when there is none for these billed rows and this day.

        Raises:
            NoData: there are no billed rows to assess.
        """
        with self._lock:
            key = (self.lake.version, now.date())
            if self._latest is None or self._latest[0] != key:
                if not self.lake.version:
                    return self.fresh(now)[0]
                self._latest = (key, compose(self.lake, self.report, now, unread=()))
            return replace(self._latest[1], findings=tuple(self.findings.standing()))

    def fresh(self, now: datetime) -> tuple[Assessment, Seen]:
        """Load new billed rows, read every inventory, run every check, and enter what was found."""
        with self._lock:
            run = uuid4().hex[:12]
            self.runs.started(run, now)
            self.load(now)
            self._adopted()
            resources, unread, complete = self._inventories(now)
            self.progress(0.7, "running the checks")
            estate = Estate.of_all(now.date(), resources, self.lake.bills(now))
            found = [self._with_fix(finding) for finding in checks.run(estate, self.settings)]
            seen = self.findings.seen(found, run, complete, now)
            self.progress(0.8, "forecasting")
            made = compose(self.lake, self.report, now, unread=unread, run=run)
            self._latest = ((self.lake.version, now.date()), made)
            whole = replace(made, findings=tuple(self.findings.standing()))
            self._entered(now)
            self.runs.finished(run, now, {"waste": str(whole.waste().amount), "findings": len(whole.findings)})
            self.progress(1.0, "done")
            return whole, seen

    def load(self, now: datetime) -> None:
        """Bring the lake up to date with every provider's exports."""
        exports = [export for provider in self.providers for export in provider.exports()]
        self.progress(0.0, "reading billed rows")
        loaded = self.lake.ingest(exports, now, progress=lambda share, what: self.progress(0.6 * share, what))
        for warning in loaded.warnings:
            log.warning("ingest", warning=warning)

    def _entered(self, now: datetime) -> None:
        """Write into the ledger what the bill says of every fix, where that is new."""
        for line in savings_of(self.lake, self.findings, self.report, now).lines:
            told = plain(line_figures(line))
            self.ledger.enter(line.finding.id, str(line.verdict), line.monthly, told, now)

    def _adopted(self) -> None:
        """Enter what was fixed before Pitcrew came."""
        for provider in self.providers:
            if past := provider.past():
                self.findings.adopt(past)

    def _inventories(self, now: datetime) -> tuple[list[Resource], tuple[str, ...], frozenset[str]]:
        resources: list[Resource] = []
        unread: list[str] = []
        complete: set[str] = set()
        for provider in self.providers:
            self.progress(0.6, f"reading the inventory of {provider.name}")
            inventory = provider.inventory(now)
            resources.extend(inventory.resources)
            unread.extend(inventory.unread)
            if not inventory.unread:
                complete.add(provider.name)
        return resources, tuple(unread), frozenset(complete)

    def _with_fix(self, finding: Finding) -> Finding:
        source = next(provider for provider in self.providers if provider.name == finding.provider)
        fix = source.fix(finding)
        return finding.fixed_by(fix) if fix else finding


def compose(costs: Costs, report: Report, now: datetime, *, unread: tuple[str, ...], run: str = "") -> Assessment:
    """Cut the figures of one assessment from the billed rows, in the report's currency.

    Raises:
        NoData: there are no rows.
    """
    fresh = costs.freshness(now)
    today = min(now.date(), fresh.history.end + STALE)  # of an old bill, its own last months
    known = fresh.complete_until
    month, before = month_of(today), month_before(today)
    to_date = Period(month.start, max(month.start, min(known, month.end)))
    return Assessment(
        id=run or uuid4().hex[:12],
        made_at=now,
        freshness=fresh,
        currencies=tuple(costs.currencies(before)),
        month_to_date=costs.ask(CostQuery(to_date, report.currency)).total().cents(),
        last_month=costs.ask(CostQuery(before, report.currency)).total().cents(),
        apart=_apart(costs, report, before),
        forecast=_outlook(costs, report, fresh, now),
        budget=_total_budget(report.budgets(today), report.currency),
        services=_breakdown(costs, report, before, "ServiceName"),
        providers=_breakdown(costs, report, before, "ProviderName"),
        teams=_breakdown(costs, report, before, TAG + "team"),
        findings=(),
        unread=unread,
    )


def _apart(costs: Costs, report: Report, period: Period) -> dict[str, Money]:
    query = CostQuery(period, report.currency, ("ChargeCategory",), cost="BilledCost", categories=APART)
    return {str(name): cost for name, cost in costs.ask(query).by("ChargeCategory") if cost.amount}


def _breakdown(costs: Costs, report: Report, period: Period, dimension: str) -> Breakdown:
    frame = costs.ask(CostQuery(period, report.currency, (dimension,)))
    rows = tuple(frame.by(dimension)) or ((None, Money.zero(report.currency)),)
    return Breakdown(dimension, period, rows)


def _outlook(costs: Costs, report: Report, fresh: Freshness, now: datetime) -> Forecast | None:
    try:
        frame = daily(costs, now, fresh, report.currency)
        return forecast(frame.daily().total(), known_until=fresh.complete_until, as_of=now.date())[0]
    except NoData:  # too short, too old, or another currency
        return None


def _total_budget(budgets: Iterable[Budget], currency: str) -> Money | None:
    wanted = (budget.amount for budget in budgets if not budget.account and budget.amount.currency == currency)
    return next(wanted, None)
