"""The one place where the wall clock is read; everything else is told the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def wall() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def stopped_at(moment: datetime) -> Clock:
    """A clock that always says ``moment``."""
    return lambda: moment
