"""Quiet hours: when nothing that can wait is said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from analysis.errors import BadAsk

HOURS = re.compile(r"(\d{1,2}):(\d\d)\s*(?:-|–|to)\s*(\d{1,2}):(\d\d)")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A stretch of every day on the wall of a time zone; over midnight where it begins later than it ends."""

    begins: time
    ends: time
    timezone: str = "UTC"

    @classmethod
    def read(cls, text: str, timezone: str) -> QuietHours | None:
        """From words like ``22:00-07:00``; ``none`` or nothing is none.

        Raises:
            BadAsk: they are no hours, or a stretch of no length.
        """
        if text.strip().lower() in {"", "none", "off"}:
            return None
        if found := HOURS.fullmatch(text.strip()):
            try:
                begins, ends = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
            except ValueError:
                begins = ends = time()
            if begins != ends:
                return cls(begins, ends, timezone)
        raise BadAsk(f"{text!r} are no quiet hours; write quiet=22:00-07:00, or quiet=none")

    def end(self, now: datetime) -> datetime | None:
        """When the quiet hours that hold ``now`` are over (UTC); ``None`` outside of them."""
        zone = ZoneInfo(self.timezone)
        here = now.astimezone(zone)
        for days in (-1, 0):
            day = here.date() + timedelta(days=days)
            begins = datetime.combine(day, self.begins, zone)
            over = datetime.combine(day + timedelta(days=self.ends <= self.begins), self.ends, zone)
            if begins.astimezone(UTC) <= now < over.astimezone(UTC):
                return over.astimezone(UTC)
        return None

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"
