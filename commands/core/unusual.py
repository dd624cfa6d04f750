"""What cost more or less than its own past leads to expect: found, told once, and kept quiet where somebody said so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from analysis.anomalies import QUIET, QUIETER, Event, Watched, watch
from analysis.focus import DAY, TAG, CostQuery, DailySeries, Freshness
from analysis.money import Money
from analysis.periods import Period
from commands.core.ports import Costs, Judgement, Said
from commands.core.report import Exclusion, Report

HISTORY = timedelta(days=250)  # the detector remembers 150, and wants each monthly charge a few times
REMEMBERED = timedelta(days=90)  # a verdict counts so long; every look goes as far back, so that an event is one in all
WINDOW = timedelta(days=30)  # what is told unless a period is asked for
LEAST = Decimal(50)
NEW_LEAST = 50.0
LAYERS = (("SubAccountName", "ServiceName"), ("SubAccountName", "ServiceName", "RegionId"))


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A service or a region that is billed for the first time."""

    kind: str  # "service" or "region"
    name: str
    since: date
    cost: Money


@dataclass(frozen=True, slots=True)
class Anomalies:
    """What was found in a period: events that are told, those that are kept quiet, and newcomers."""

    period: Period
    freshness: Freshness
    watched: Sequence[Watched]
    events: tuple[Event, ...]
    quiet: tuple[tuple[Event, str], ...]  # with the reason
    investigated: Mapping[str, str]  # event id -> who looks into it
    newcomers: tuple[Newcomer, ...]

    def seen(self, event: Event) -> Watched:
        """The series that an event was found in."""
        return next(one for one in self.watched if event in one.events)


def anomalies_of(  # noqa: PLR0913 (what is looked at, and what is known of it)
    costs: Costs,
    report: Report,
    now: datetime,
    *,
    period: Period | None = None,
    judgements: Sequence[Judgement] = (),
    where: Mapping[str, Sequence[str | None]] | None = None,
    least: Decimal = LEAST,
) -> Anomalies:
    """Judge every account's services, and their regions; tell what reaches into a period (the last 30 complete days).

    An event of a region that lies within one of its service is told once, by the service. What was judged ``expected``
    or is excluded in the deployment file is kept quiet; a series with false alarms has to be further off.
    """
    freshness = costs.freshness(now)
    known = freshness.history.end
    span = period or Period(known - WINDOW, known)
    since = min(span.start, known - REMEMBERED)
    start = max(freshness.covers.start, since - HISTORY)
    rows = Period(start, max(start, freshness.covers.end))
    watched = []
    for layer in LAYERS:
        series = _series(costs, CostQuery(rows, report.currency, (*layer, DAY), where or {}), report.exclusions, now)
        if len(series.names):
            noisy = _thresholds(judgements)
            watched.append(
                watch(
                    series,
                    known_until=known,
                    since=since,
                    until=span.end - timedelta(days=1),
                    thresholds=noisy,
                    least=float(least),
                )
            )
    events = _merged([event for one in watched for event in one.events if event.last_day >= span.start])
    told, quiet = _told(events, judgements, report.exclusions, now.date())
    investigated = {one.event: one.by_name for one in judgements if one.said is Said.INVESTIGATING}
    newcomers = _newcomers(costs, report.currency, rows, span, where or {})
    return Anomalies(span, freshness, tuple(watched), told, quiet, investigated, newcomers)


def _thresholds(judgements: Sequence[Judgement]) -> dict[tuple[str, ...], float]:
    """How far off series must be that gave false alarms."""
    alarms = Counter(one.series for one in judgements if one.said is Said.FALSE_ALARM)
    return {name: QUIETER if count > 1 else QUIET for name, count in alarms.items()}


def _series(costs: Costs, query: CostQuery, exclusions: Sequence[Exclusion], now: datetime) -> DailySeries:
    """Daily costs without those of tags that are excluded today."""
    whole = costs.ask(query).daily()
    places = {name: place for place, name in enumerate(whole.names)}
    values = whole.values.copy()
    for one in exclusions:
        if not one.tag or now.date() > one.until:
            continue
        key, _, value = one.tag.partition("=")
        tagged = costs.ask(replace(query, where={**query.where, TAG + key: (value,)})).daily()
        for name, row in zip(tagged.names, tagged.values, strict=True):
            values[places[name]] -= row
    return replace(whole, values=values)


def _merged(events: Sequence[Event]) -> list[Event]:
    """Each thing once: a region's event within its service's is the service's."""
    services = [event for event in events if len(event.name) == len(LAYERS[0])]
    regions = [event for event in events if len(event.name) > len(LAYERS[0])]
    alone = [
        event
        for event in regions
        if not any(
            one.name == event.name[:2]
            and one.direction == event.direction
            and one.start <= event.last_day
            and event.start <= one.last_day
            for one in services
        )
    ]
    return sorted((*services, *alone), key=lambda event: -abs(event.impact.amount))


def _told(
    events: Sequence[Event], judgements: Sequence[Judgement], exclusions: Sequence[Exclusion], today: date
) -> tuple[tuple[Event, ...], tuple[tuple[Event, str], ...]]:
    newest = {one.event: one for one in judgements}
    told, quiet = [], []
    for event in events:
        judged = newest.get(event.id)
        excluded = next((one for one in exclusions if one.holds(event.name, today)), None)
        if judged and judged.said in {Said.EXPECTED, Said.FALSE_ALARM}:
            quiet.append((event, f"{judged.said} says {judged.by_name}"))
        elif excluded:
            quiet.append((event, f"excluded until {excluded.until}: {excluded.why}"))
        else:
            told.append(event)
    return tuple(told), tuple(quiet)


def _newcomers(
    costs: Costs, currency: str, rows: Period, span: Period, where: Mapping[str, Sequence[str | None]]
) -> tuple[Newcomer, ...]:
    """Services and regions whose first day lies in the period, and that cost something."""
    found = []
    for kind, dimension in (("service", "ServiceName"), ("region", "RegionId")):
        series = costs.ask(CostQuery(rows, currency, (dimension, DAY), where)).daily()
        for name, values in zip(series.names, series.values, strict=True):
            days = values.nonzero()[0]
            first = series.start + timedelta(days=int(days[0])) if days.size else None
            if first and name[0] and first in span and first > rows.start and values.sum() >= NEW_LEAST:
                found.append(Newcomer(kind, name[0], first, Money.of(round(float(values.sum()), 2), currency)))
    return tuple(sorted(found, key=lambda one: -one.cost.amount))
