"""What people do to the sample company's resources: disks go, machines stop or shrink, and the bill follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from analysis.estate import Disk, Machine, Metric, Size
from analysis.findings import Action
from providers.sample import company
from providers.sample.cast import Thing, price_of


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was done to a resource, from a day on; ``target`` is what it is now, where it is still there."""

    resource: str
    action: Action
    target: str
    on: date


def changed(things: Sequence[Thing], changes: Sequence[Change]) -> list[Thing]:
    """The cast with what was done to it.

    What a resource has become stands at the end, so that the days of all the others stay what they were.
    """
    done = {one.resource.lower(): one for one in changes if one.action in WAYS}
    standing: list[Thing] = []
    become: list[Thing] = []
    for thing in things:
        change = done.get(thing.id.lower())
        if change is None:
            standing.append(thing)
            continue
        rest, after = WAYS[change.action](thing, change)
        standing.append(replace(rest, spot=replace(rest.spot, ends=min(rest.spot.ends, change.on))))
        if after is not None:
            become.append(replace(after, spot=replace(after.spot, starts=change.on)))
    return standing + become


Way = Callable[[Thing, Change], tuple[Thing, Thing | None]]


def _gone(thing: Thing, _change: Change) -> tuple[Thing, None]:
    return replace(thing, seen=None), None


def _stopped(thing: Thing, change: Change) -> tuple[Thing, None]:
    seen = thing.seen
    if isinstance(seen, Machine):
        seen = replace(seen, running=False, stopped_since=change.on)
    return replace(thing, seen=seen), None


def _resized(thing: Thing, change: Change) -> tuple[Thing, Thing | None]:
    """The same machine at a smaller size: what it does takes a larger part of it."""
    seen = thing.seen
    assert isinstance(seen, Machine)  # noqa: S101 (what is resized is one)
    sizes = [*seen.smaller, seen.size]
    size = next((one for one in sizes if one.name == change.target), seen.size)
    metrics = {name: _scaled(metric, _times(name, seen.size, size)) for name, metric in seen.metrics.items()}
    smaller = tuple(sizes[: sizes.index(size)])
    after = replace(
        thing,
        sku=size.name,
        price=int(size.hourly.amount * 1_000_000),
        seen=replace(seen, size=size, smaller=smaller, metrics=metrics),
    )
    return replace(thing, seen=None), after


def _retyped(thing: Thing, change: Change) -> tuple[Thing, Thing | None]:
    seen = thing.seen
    assert isinstance(seen, Disk)  # noqa: S101 (what is retyped is one)
    tier = change.target.split()[0]
    usd = company.TIERS[thing.spot.account.payer.cloud][tier]
    after = replace(thing, sku=tier, price=price_of(usd, thing.spot.account), seen=replace(seen, tier=tier))
    return replace(thing, seen=None), after


def _times(metric: str, before: Size, after: Size) -> float:
    """How many times as much of a smaller size the same work takes."""
    return {"cpu_percent": before.vcpus / after.vcpus, "memory_percent": before.memory_gb / after.memory_gb}.get(
        metric, 1.0
    )


def _scaled(metric: Metric, times: float) -> Metric:
    return replace(metric, average=min(100.0, metric.average * times), maximum=min(100.0, metric.maximum * times))


WAYS: Mapping[Action, Way] = {
    Action.DELETE_DISK: _gone,
    Action.STOP_MACHINE: _stopped,
    Action.RESIZE_MACHINE: _resized,
    Action.RETYPE_DISK: _retyped,
}
