"""Measurements from Azure Monitor, fifty resources of one type, region and subscription a question.

Answers are read as they come: the SDK's own models of each point take ten times as long as all else of an assessment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from statistics import fmean
from typing import Any, TypeAlias

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest
from azure.monitor.querymetrics import MetricsClient

from analysis.estate import Metric, Resource
from providers.azure.connection import Connection, refusal
from providers.azure.readers import Seen, Wanted

A_CALL = 50  # resources, Azure Monitor's own limit
A_DAY = timedelta(days=1)
VERSION, MOMENT = "2024-02-01", "%Y-%m-%dT%H:%M:%SZ"
HIGHEST: Mapping[str, str] = {"Average": "Maximum"}  # what else is asked for
LOWEST = "Minimum"


Answer: TypeAlias = Mapping[str, Any]
Point: TypeAlias = Mapping[str, Any]  # of one day: its timeStamp, and a value by each aggregation


@dataclass(frozen=True, slots=True)
class Batch:
    """What is asked in one call."""

    region: str
    type: str
    wanted: tuple[Wanted, ...]
    seen: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """The resources with what was measured of them, by id in small letters; what could not be, and why."""

    found: Mapping[str, Resource]
    failed: frozenset[str]
    told: tuple[str, ...]


def measured(connection: Connection, seen: Iterable[Seen], now: datetime, pool: ThreadPoolExecutor) -> Measured:
    """Ask for all of it, batches side by side; one that fails costs only its own."""

    def ask(batch: Batch) -> tuple[Batch, Sequence[Resource], str]:
        try:
            return batch, _asked(connection, batch, now), ""
        except AzureError as error:
            return batch, (), refusal(error)

    found: dict[str, Resource] = {}
    failed: set[str] = set()
    told: dict[str, int] = defaultdict(int)
    for batch, resources, why in pool.map(ask, batches(seen)):
        found |= {one.id.lower(): one for one in resources}
        if why:
            failed |= {one.resource.id.lower() for one in batch.seen}
            told[f"{batch.type} in {batch.region}: {why}"] += len(batch.seen)
    lines = tuple(f"metrics of {count} × {what}" for what, count in told.items())
    return Measured(found, frozenset(failed), lines)


def batches(seen: Iterable[Seen]) -> list[Batch]:
    """What may be asked together."""
    alike: dict[tuple[str, str, str, tuple[Wanted, ...]], list[Seen]] = defaultdict(list)
    for one in seen:
        subscription = _measured_id(one).lower().split("/")[2]
        alike[one.resource.region.lower(), one.type, subscription, tuple(one.wanted)].append(one)
    return [
        Batch(region, kind, wanted, tuple(ones[begin : begin + A_CALL]))
        for (region, kind, _, wanted), ones in alike.items()
        for begin in range(0, len(ones), A_CALL)
    ]


def _measured_id(one: Seen) -> str:
    """What it is measured as: itself, or what it is billed as (the scale set behind a node pool)."""
    of_its_type = (name for name in (one.resource.id, *one.resource.billed_as) if f"/{one.type}/" in name.lower())
    return next(of_its_type, one.resource.id)


def _asked(connection: Connection, batch: Batch, now: datetime) -> list[Resource]:
    end = datetime.combine(now.astimezone(UTC).date(), time.min, UTC)
    days = max(one.days for one in batch.wanted)
    names = list(dict.fromkeys(name for one in batch.wanted for name in one.metric.split("+")))
    ways = list(dict.fromkeys(way for one in batch.wanted for way in _ways(one)))
    by_id: dict[str, list[Seen]] = defaultdict(list)
    for one in batch.seen:
        by_id[_measured_id(one).lower()].append(one)
    ids = [_measured_id(one) for one in batch.seen]
    request = HttpRequest(
        "POST",
        f"/subscriptions/{ids[0].split('/')[2]}/metrics:getBatch",
        params={
            "api-version": VERSION,
            "starttime": f"{end - A_DAY * days:{MOMENT}}",
            "endtime": f"{end:{MOMENT}}",
            "interval": "P1D",
            "metricnamespace": batch.type,
            "metricnames": ",".join(names),
            "aggregation": ",".join(ways),
        },
        json={"resourceids": ids},
    )
    response = connection.measuring(MetricsClient, batch.region).send_request(request)
    response.raise_for_status()
    answers = response.json()["values"]
    return [
        replace(one.resource, metrics=dict(_metrics(one, values, end.date())))
        for answer in answers
        for values in (_by_name(answer),)
        for one in by_id.get(_id_of(answer), ())
    ]


def _ways(wanted: Wanted) -> tuple[str, ...]:
    highest = LOWEST if wanted.used else HIGHEST.get(wanted.statistic)
    return (wanted.statistic, highest) if highest else (wanted.statistic,)


def _id_of(answer: Answer) -> str:
    """Whose metrics they are: an answer is sure to say it only in the ids of its metrics."""
    named = (str(one["id"]).lower() for one in answer["value"])
    return next((one.partition("/providers/microsoft.insights/metrics/")[0] for one in named), "")


def _by_name(answer: Answer) -> dict[str, dict[str, Point]]:
    """What was measured by the metric's name and the UTC day, both as Azure writes them."""
    measured: dict[str, dict[str, Point]] = defaultdict(dict)
    for metric in answer["value"]:
        for series in metric["timeseries"]:
            measured[metric["name"]["value"]].update((point["timeStamp"][:10], point) for point in series["data"])
    return measured


def _metrics(one: Seen, measured: Mapping[str, Mapping[str, Point]], today: date) -> Iterator[tuple[str, Metric]]:
    for wanted in one.wanted:
        window = _window(today, wanted.days)
        if (found := _metric(wanted, one.resource, measured, window)) is not None:
            yield wanted.name, found


@lru_cache(64)
def _window(today: date, days: int) -> tuple[str, ...]:
    """So many days before a day, the newest first, as Azure writes them."""
    return tuple((today - A_DAY * back).isoformat() for back in range(1, days + 1))


def _metric(
    wanted: Wanted, resource: Resource, measured: Mapping[str, Mapping[str, Point]], window: Sequence[str]
) -> Metric | None:
    """One measurement of all that was asked for it; ``None`` if nothing was measured."""
    ways = _ways(wanted)
    parts = [measured[name] for name in wanted.metric.split("+") if name in measured]

    def told(way: str) -> dict[str, float]:
        days: dict[str, float] = {}
        named = way.lower()
        for part in parts:
            for day in window:
                if (point := part.get(day)) is not None and (value := point.get(named)) is not None:
                    days[day] = days.get(day, 0.0) + float(value) * wanted.scale
        return days

    days = told(ways[0])
    if wanted.absent_is_zero:
        born = resource.created.isoformat() if resource.created else window[-1]
        days = {day: days.get(day, 0.0) for day in window if day >= born}
    if not days:
        return None
    peaks = told(ways[-1])
    average, highest = fmean(days.values()), max(peaks.values(), default=max(days.values()))
    if wanted.used:
        average, highest = 100 - average, 100 - min(peaks.values(), default=min(days.values()))
    return Metric(len(days), average, highest, date.fromisoformat(max(days)))
