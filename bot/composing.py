"""Composing an assessment: every figure of every view, cut once from the same billed rows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median
from threading import Lock
from typing import TypeVar
from uuid import uuid4

import structlog

from analysis.assessment import Assessment, Breakdown
from analysis.budgets import Budget
from analysis.errors import FinOpsError, NoData
from analysis.findings import FIXED, WAITING, Finding
from analysis.focus import TAG, CostQuery, Freshness
from analysis.forecasts import Forecast, forecast
from analysis.maturity import Indicators, score
from analysis.money import Money
from analysis.periods import Period, month_before, month_of
from analysis.savings import Verdict
from analysis.track_record import TrackRecord, track_record
from commands.allocation import allocation_of
from commands.budget import burndowns_of
from commands.commitments import commitments_of
from commands.core.ports import Audit, Costs, Drivers, Findings, Verdicts
from commands.core.report import Report
from commands.core.unusual import REMEMBERED, Anomalies, anomalies_of
from commands.forecast import STALE, daily
from commands.savings import savings_of
from commands.tags import tagging_of
from commands.units import units_of
from commands.why import movers, variance_of

log = structlog.get_logger(__name__)

T = TypeVar("T")
APART = ("Tax", "Credit", "Adjustment")
MOST_REMEMBERED = 8  # of several sights, a few each
CADENCE_WEEKS = 4
LOOKED = timedelta(days=7)
MACHINES = ("clock:", "redraw:")  # callers that are nobody
FIXED_WITHIN = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Sources:
    """What an assessment is cut from."""

    costs: Costs
    report: Report
    findings: Findings
    drivers: Drivers
    verdicts: Verdicts
    audit: Audit


class Composer:
    """Cuts, and remembers the last few: of the same rows, day, report and verdicts it is the same assessment."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[object, ...], tuple[Report, Assessment]] = OrderedDict()
        self._lock = Lock()

    def cut(self, sources: Sources, version: str, now: datetime) -> Assessment:
        """As ``cut`` does.

        Raises:
            NoData: there are no rows.
        """
        judged = tuple((one.event, one.said, one.at) for one in sources.verdicts.since(now - REMEMBERED))
        key = (version, id(sources.costs), id(sources.report), now.date(), judged)
        with self._lock:
            known = self._made.get(key)
            if known is None:
                known = self._made[key] = (sources.report, cut(sources, now))
                while len(self._made) > MOST_REMEMBERED:
                    self._made.popitem(last=False)
        return known[1]


COMPOSER = Composer()


def agreed(
    made: Assessment,
    sources: Sources,
    now: datetime,
    *,
    run: str = "",
    unread: tuple[str, ...] = (),
    told: tuple[str, ...] = (),
) -> Assessment:
    """An assessment of a moment: the figures that were cut from the rows, with budgets and commitments as they stand.

    These are read with the inventories, while the figures are cut.
    """
    costs, report = sources.costs, sources.report
    return replace(
        made,
        id=run or uuid4().hex[:12],
        made_at=now,
        unread=unread,
        told=told,
        budget=_total_budget(report.budgets(min(now.date(), made.freshness.history.end + STALE)), report.currency),
        burndowns=burndowns_of(costs, report, now).held,
        commitments=_told(lambda: commitments_of(costs, report, now)),
    )


def cut(sources: Sources, now: datetime) -> Assessment:
    """Cut the figures of one assessment from the billed rows, in the report's currency, without findings.

    What cannot be told (a history that is too short, no drivers) is left empty. Commitments are asked for already, so
    that ``agreed`` finds the answers of the lake waiting.

    Raises:
        NoData: there are no rows.
    """
    costs, report = sources.costs, sources.report
    fresh = costs.freshness(now)
    today = min(now.date(), fresh.history.end + STALE)  # of an old bill, its own last months
    known = fresh.complete_until
    month, before = month_of(today), month_before(today)
    to_date = Period(month.start, max(month.start, min(known, month.end)))
    outlook, record = _outlook(costs, report, fresh, now) or (None, None)
    variance = _told(lambda: variance_of(costs, (month_before(before.start), before), report.currency))
    anomalies = _told(lambda: _anomalies(sources, now))
    commitments = _told(lambda: commitments_of(costs, report, now))
    return Assessment(
        id=uuid4().hex[:12],
        made_at=now,
        freshness=fresh,
        currencies=tuple(costs.currencies(before)),
        month_to_date=costs.ask(CostQuery(to_date, report.currency)).total().cents(),
        last_month=costs.ask(CostQuery(before, report.currency)).total().cents(),
        apart=_apart(costs, report, before),
        forecast=outlook,
        budget=None,
        services=_breakdown(costs, report, before, "ServiceName"),
        providers=_breakdown(costs, report, before, "ProviderName"),
        teams=_breakdown(costs, report, before, TAG + "team"),
        findings=(),
        record=record,
        variance=variance,
        movers=tuple(movers(costs, variance, {})) if variance else (),
        events=anomalies.events if anomalies else (),
        commitments=commitments,
        allocation=_told(lambda: allocation_of(costs, report, now)),
        tagging=_told(lambda: tagging_of(costs, report, now)),
        units=_told(lambda: units_of(costs, sources.drivers, now, report.currency)),
    )


def with_findings(made: Assessment, sources: Sources, now: datetime, history: Sequence[tuple[date, int]]) -> Assessment:
    """The same assessment with the findings as they stand, the savings they brought, and the score of all of it."""
    findings = tuple(sources.findings.standing())
    saved = _told(lambda: savings_of(sources.costs, sources.findings, sources.report, now))
    asked = [one.caller for one in sources.audit.since(now - LOOKED) if not one.caller.startswith(MACHINES)]
    whole = replace(made, findings=findings, savings=saved, people=len(set(asked)), asks=len(asked))
    months = [(month_of(first), points) for first, points in history if first < now.date().replace(day=1)]
    return replace(whole, score=score(_indicators(whole, sources, now), worth=_worth(whole), history=months))


def _told(work: Callable[[], T]) -> T | None:
    """What can be told; nothing where the bill does not hold it."""
    try:
        return work()
    except FinOpsError as error:
        log.info("left out of the assessment", why=str(error))
        return None


def _anomalies(sources: Sources, now: datetime) -> Anomalies:
    judgements = sources.verdicts.since(now - REMEMBERED)
    return anomalies_of(sources.costs, sources.report, now, judgements=judgements)


def _indicators(found: Assessment, sources: Sources, now: datetime) -> Indicators:
    month = float(found.last_month)
    standing = found.commitments.standing if found.commitments else None
    return Indicators(
        allocated=float(found.allocation.coverage) if found.allocation else None,
        tagged=float(found.tagging.coverage) if found.tagging else None,
        judged=_judged(found, sources, now),
        forecast_error=found.record.error if found.record and found.record.held else None,
        budgeted=_budgeted(found, sources.report, now.date()),
        unit_costs=float(len(sources.drivers.names())),
        waste=float(found.waste()) / month if month > 0 else None,
        covered=_float(standing.coverage if standing else None),
        used=_float(standing.utilization if standing else None),
        cadence=_cadence(sources.audit, now),
        owned=_owned(found.alive),
        days_to_fix=_days_to_fix(found.findings, now),
        verified=_verified(found),
    )


def _float(part: Decimal | None) -> float | None:
    return None if part is None else float(part)


def _judged(found: Assessment, sources: Sources, now: datetime) -> float | None:
    """Of the last month's anomalies those that somebody said something of: what is told and not judged is open."""
    judged = {one.event for one in sources.verdicts.since(now - timedelta(days=30))}
    unjudged = [event for event in found.events if event.id not in judged]
    known = len(judged) + len(unjudged)
    return len(judged) / known if known else None


def _budgeted(found: Assessment, report: Report, today: date) -> float | None:
    """The part of last month's cost that some budget covers: all of it by one for everything."""
    mine = [one for one in report.budgets(today) if one.amount.currency == report.currency]
    if any(not one.account and not one.where for one in mine):
        return 1.0
    if not found.last_month.amount > 0:
        return None
    covered = Money.total((one.spent for one in found.burndowns if one.budget.account), report.currency)
    return min(1.0, float(covered.share_of(found.month_to_date))) if found.month_to_date else None


def _cadence(audit: Audit, now: datetime) -> float | None:
    """Of the last four weeks, or as many as there were since the first ask, those with an assessment."""
    asked = audit.since(now - timedelta(weeks=CADENCE_WEEKS))
    if not asked:
        return None
    lasted = max(now - asked[0].at, timedelta())  # an ask may have come in after this one began
    weeks = min(CADENCE_WEEKS, lasted.days // 7 + 1)
    kept = {(now - one.at).days // 7 for one in asked if one.ask.strip().lower().startswith("assess")}
    return len(kept & set(range(weeks))) / weeks


def _owned(findings: Iterable[Finding]) -> float | None:
    alive = list(findings)
    held = [one for one in alive if one.state not in WAITING]
    return len(held) / len(alive) if alive else None


def _days_to_fix(findings: Iterable[Finding], now: datetime) -> float | None:
    days = [
        (one.fixed_at - one.first_seen).days
        for one in findings
        if one.state in FIXED and one.fixed_at and one.first_seen and one.fixed_at >= now - FIXED_WITHIN
    ]
    return float(median(days)) if days else None


def _verified(found: Assessment) -> float | None:
    lines = found.savings.lines if found.savings else ()
    judged = [one for one in lines if one.verdict in {Verdict.VERIFIED, Verdict.NOT_FALLEN, Verdict.ENDED}]
    return sum(one.verdict is Verdict.VERIFIED for one in judged) / len(judged) if judged else None


def _worth(found: Assessment) -> dict[str, Money]:
    """What the best value of an indicator would be worth, where that is money."""
    worth = {"waste": found.waste() * 12}
    if found.allocation:
        worth["allocated"] = found.allocation.unallocated().cents()
    if found.tagging:
        worth["tagged"] = found.tagging.without.cents()
    if found.commitments:
        worth["used"] = found.commitments.unused * 12
        saved = (ladder.expected for ladder in found.commitments.offered)
        worth["covered"] = Money.total(saved, found.last_month.currency) * 12
    return {key: amount for key, amount in worth.items() if amount.amount > 0}


def _apart(costs: Costs, report: Report, period: Period) -> dict[str, Money]:
    query = CostQuery(period, report.currency, ("ChargeCategory",), cost="BilledCost", categories=APART)
    return {str(name): cost for name, cost in costs.ask(query).by("ChargeCategory") if cost.amount}


def _breakdown(costs: Costs, report: Report, period: Period, dimension: str) -> Breakdown:
    frame = costs.ask(CostQuery(period, report.currency, (dimension,)))
    rows = tuple(frame.by(dimension)) or ((None, Money.zero(report.currency)),)
    return Breakdown(dimension, period, rows)


def _outlook(costs: Costs, report: Report, fresh: Freshness, now: datetime) -> tuple[Forecast, TrackRecord] | None:
    """The forecast, and how good those of the last months were."""
    try:
        series = daily(costs, now, fresh, report.currency).daily().total()
        known, today = fresh.complete_until, now.date()
        return forecast(series, known_until=known, as_of=today)[0], track_record(series, known_until=known, as_of=today)
    except NoData:  # too short, too old, or another currency
        return None


def _total_budget(budgets: Iterable[Budget], currency: str) -> Money | None:
    wanted = (budget.amount for budget in budgets if not budget.account and budget.amount.currency == currency)
    return next(wanted, None)
