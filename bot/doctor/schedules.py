"""When the clock will ask, on its own wall and in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from bot.cadence.schedule import next_fires
from bot.doctor import Level, Patient, Seen, probe
from bot.wiring import schedule_of


@probe("schedules")
def schedules(patient: Patient) -> Iterator[Seen]:
    """The next three turns of each schedule."""
    for entry in patient.config.schedules:
        coming = next_fires(schedule_of(entry, patient.config), patient.clock(), 3)
        if not coming:
            yield Seen(Level.FAIL, f"{entry.name} never comes", "look at its cron line")
            continue
        turns = ", ".join(f"{at:%a %d %b %H:%M %Z} ({at.astimezone(UTC):%H:%M} UTC)" for at in coming)
        yield Seen(Level.OK, f"{entry.name}: {turns}")
