"""Chores: what is looked at with each tick of the clock, beside schedules, wherever Pitcrew runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from analysis.errors import BadConfig
from bot.cadence.reminders import Hours, Reminding
from bot.delivery.routes import place_of
from bot.door import Door
from bot.ports import Place
from bot.wiring import Crew

log = structlog.get_logger(__name__)


def chores(crew: Crew, door: Door, tenants: Mapping[str, str]) -> Sequence[Callable[[datetime], int]]:
    """Who is to be reminded of what waits for them."""
    config, state = crew.config, crew.state
    if not config.reminders.enabled:
        return ()
    hours = Hours(config.reminders.from_hour, config.reminders.to_hour)
    reminding = Reminding(
        state.findings,
        state.reminders,
        state.fires,
        crew.directory,
        crew.report.owners,
        crew.report.patience,
        hours,
        config.report.timezone,
        door.placed,
        tenants,
        lambda finding: [place for place in state.outbox.own_threads(finding) if crew.readers.is_channel(place)],
    )
    return (reminding.tick,)


def placed(route: str, tenants: Mapping[str, str]) -> Place | None:
    """The place of a team's route; none on a platform that is not connected."""
    try:
        return place_of(route, tenants)
    except BadConfig as error:
        log.warning("a team's channel cannot be reached", error=str(error))
        return None
