"""What people subscribed to, as the clock and delivery take it: schedules, audiences, places of alerts, and a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from analysis.alerts import Alert
from bot.cadence.schedule import Schedule, next_fires
from bot.config import Config
from bot.delivery.routes import Audience
from bot.lookout import AlertRoute
from bot.ports import Place
from commands.core.caller import Here
from commands.core.ports import Route, Subscription
from commands.core.quiet_hours import QuietHours
from commands.core.registry import words_of

NAME = "subscription "
DEPLOYMENT = "the deployment file"


def schedules(subscriptions: Sequence[Subscription]) -> list[Schedule]:
    """Those that come by the clock; a turn before somebody subscribed is not taken."""
    return [
        Schedule(f"{NAME}{one.id}", one.cron, one.ask, always=True, timezone=one.timezone, since=one.at)
        for one in subscriptions
        if one.cron
    ]


def audience(subscriptions: Sequence[Subscription], schedule: str, hours: QuietHours | None) -> Audience | None:
    """Who hears the schedule of that name, if it is a subscription's; ``hours`` are everybody's quiet ones."""
    if not schedule.startswith(NAME):
        return None
    for one in subscriptions:
        if schedule == f"{NAME}{one.id}":
            return Audience((place_of(one.here),), quiet=False, hours=_hours(one, hours))
    return None


def listeners(
    subscriptions: Callable[[], Sequence[Subscription]], hours: QuietHours | None
) -> Callable[[Alert], Sequence[tuple[Place, QuietHours | None]]]:
    """Who asked to hear an alert, each with their quiet hours."""

    def of(one: Alert) -> Sequence[tuple[Place, QuietHours | None]]:
        wanted = [sub for sub in subscriptions() if not sub.cron and _fits(sub, one)]
        return [(place_of(sub.here), _hours(sub, hours)) for sub in wanted]

    return of


def place_of(here: Here) -> Place:
    """Where somebody asked, as a place to post to: the channel, or that person's direct messages."""
    if here.conversation:
        return Place(here.platform, here.tenant, here.conversation)
    return Place(here.platform, here.tenant, user=here.user)


def routes_of(
    config: Config,
    kept: Sequence[Schedule],
    subscriptions: Sequence[Subscription],
    now: datetime,
    alert_routes: Sequence[AlertRoute],
) -> Sequence[Route]:
    """Who hears what, where, and when next."""
    return [*_schedules(config, kept, now), *_alerts(config, alert_routes), *_subscribed(subscriptions, now)]


def _schedules(config: Config, kept: Sequence[Schedule], now: datetime) -> Iterator[Route]:
    for schedule in kept:
        where = ", ".join(route for persona in schedule.to for route in config.personas.get(persona, ()))
        coming = next(iter(next_fires(schedule, now, 1)), None)
        yield Route(f"{schedule.name}: {schedule.ask}", where or "nobody by itself", DEPLOYMENT, coming)


def _alerts(config: Config, routes: Sequence[AlertRoute]) -> Iterator[Route]:
    for route in routes:
        of = " ".join(
            f"{key}={getattr(route, key)}" for key in ("team", "account", "service", "kind") if getattr(route, key)
        )
        yield Route(f"alerts {of}".strip(), ", ".join(route.to), DEPLOYMENT)
    if others := config.personas.get("practitioner"):
        yield Route("all other alerts" if routes else "alerts", ", ".join(others), DEPLOYMENT)


def _subscribed(subscriptions: Sequence[Subscription], now: datetime) -> Iterator[Route]:
    known = {one.name: one for one in schedules(subscriptions)}
    for one in subscriptions:
        schedule = known.get(f"{NAME}{one.id}")
        coming = next(iter(next_fires(schedule, now, 1)), None) if schedule else None
        where = one.here.conversation or f"direct messages of {one.by_name}"
        yield Route(f"{one.ask} ({one.id})", where, one.by_name, coming)


def _hours(one: Subscription, otherwise: QuietHours | None) -> QuietHours | None:
    if not one.quiet:
        return otherwise
    return QuietHours.read(one.quiet, one.timezone)


def _fits(one: Subscription, told: Alert) -> bool:
    pairs = (word.partition("=")[::2] for word in words_of(one.ask)[1:])
    return AlertRoute(("",), **dict(pairs)).fits(told)
