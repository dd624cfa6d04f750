"""Measurements from CloudWatch, which bills each of them: asked for what is worth it, within a budget, in few calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from statistics import fmean
from typing import Any

from analysis.estate import Metric, Resource
from analysis.money import Money
from providers.aws.readers import DAY_SECONDS, Seen, Wanted

A_CALL = 500  # metrics, GetMetricData's own limit
FIRST = date(1970, 1, 1)
A_THOUSAND = Decimal("0.01")  # USD for a thousand metrics requested (CloudWatch's price list, every commercial region)


@dataclass(frozen=True, slots=True)
class Query:
    """One metric of one resource by one statistic."""

    resource: int
    wanted: Wanted
    metric: str
    statistic: str


def queries(seen: Sequence[Seen]) -> list[Query]:
    """What must be asked: for an average the highest value too."""
    return [
        Query(number, wanted, metric, statistic)
        for number, one in enumerate(seen)
        for wanted in one.wanted
        for metric in wanted.metric.split("+")
        for statistic in _statistics(wanted)
    ]


def metrics_of(one: Seen) -> int:
    """How many metrics must be asked for a resource."""
    return sum(len(_statistics(wanted)) * (wanted.metric.count("+") + 1) for wanted in one.wanted)


def _statistics(wanted: Wanted) -> tuple[str, ...]:
    return ("Average", "Maximum") if wanted.statistic == "Average" else (wanted.statistic,)


def cost(metrics: int) -> Money:
    """What so many metrics cost."""
    return Money(A_THOUSAND * metrics / 1000, "USD")


def affordable(budget: Money) -> int:
    """How many metrics a budget pays for."""
    return int(budget.amount * 1000 / A_THOUSAND)


def measured(cloudwatch: Any, seen: Sequence[Seen], now: datetime) -> list[Resource]:  # noqa: ANN401
    """The resources with what was measured of them over the last complete UTC days."""
    asked = queries(seen)
    values: dict[int, dict[int, float]] = {}
    for begin in range(0, len(asked), A_CALL):
        values |= _asked(cloudwatch, dict(enumerate(asked[begin : begin + A_CALL], begin)), now)
    found: dict[int, dict[str, Metric]] = defaultdict(dict)
    by_wanted: dict[tuple[int, str], list[int]] = defaultdict(list)
    for number, query in enumerate(asked):
        by_wanted[query.resource, query.wanted.name].append(number)
    for (resource, name), numbers in by_wanted.items():
        metric = _metric([(asked[number], values.get(number, {})) for number in numbers], seen[resource].resource, now)
        if metric is not None:
            found[resource][name] = metric
    return [
        replace(one.resource, metrics={**one.resource.metrics, **found[number]}) if found[number] else one.resource
        for number, one in enumerate(seen)
    ]


def _asked(cloudwatch: Any, asked: Mapping[int, Query], now: datetime) -> dict[int, dict[int, float]]:  # noqa: ANN401
    end = datetime.combine(now.astimezone(UTC).date(), time.min, UTC)
    days = max(query.wanted.days for query in asked.values())
    found: dict[int, dict[int, float]] = defaultdict(dict)
    data = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": query.wanted.namespace,
                    "MetricName": query.metric,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in query.wanted.dimensions.items()],
                },
                "Period": DAY_SECONDS,
                "Stat": query.statistic,
            },
        }
        for number, query in asked.items()
    ]
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=data, StartTime=end - timedelta(days=days), EndTime=end
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            found[int(result["Id"][1:])].update(zip(map(_day, result["Timestamps"]), result["Values"], strict=True))
    return found


def _day(moment: datetime | float) -> int:
    """The UTC day of a moment, or of seconds since 1970, as days since then."""
    return int((moment.timestamp() if isinstance(moment, datetime) else moment) // DAY_SECONDS)


def _metric(answers: Sequence[tuple[Query, Mapping[int, float]]], resource: Resource, now: datetime) -> Metric | None:
    """One measurement of all that was asked for it; ``None`` if nothing was."""
    wanted = answers[0][0].wanted
    today = _day(now)
    window = range(today - wanted.days, today)
    by_day: dict[str, dict[int, float]] = defaultdict(dict)
    for query, values in answers:
        known = by_day[query.statistic]
        for day, value in values.items():
            if day in window:
                known[day] = known.get(day, 0.0) + value * wanted.scale
    days = by_day[wanted.statistic]
    if wanted.absent_is_zero:
        born = (resource.created - FIRST).days if resource.created else window[0]
        days = {day: days.get(day, 0.0) for day in window if day >= born}
    if not days:
        return None
    peaks = by_day["Maximum"] if wanted.statistic == "Average" else days
    newest = FIRST + timedelta(days=max(days))
    return Metric(len(days), fmean(days.values()), max(peaks.values(), default=max(days.values())), newest)
