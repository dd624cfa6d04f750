"""How the bot itself stands: what makes it ready for work, and the figures that are looked up when asked for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from analysis.errors import FinOpsError
from bot import metrics
from bot.clock import Clock
from bot.door import Door
from bot.sections.sources import AwsProvider, AzureProvider
from bot.state import State
from bot.wiring import Crew

if TYPE_CHECKING:
    from bot.web.admin import Probe
    from providers.aws.connection import Connection as AwsConnection
    from providers.azure.connection import Connection as AzureConnection

COST_EXPLORER, A_REQUEST = "ce:", 0.01  # USD
KNOWN = timedelta(
    minutes=1
)  # how long a platform's word that we are welcome holds; Slack would mind being asked more often


def probes(crew: Crew, door: Door, welcomes: Mapping[str, Callable[[], Awaitable[object]]]) -> dict[str, Probe]:
    """What must be well before work may come: the database, its schema, each platform's welcome, no shutting down.

    ``welcomes`` ask each platform whether our token is good, and raise where it is not.
    """

    async def state() -> str:
        return await asyncio.to_thread(_writable, crew.state)

    async def draining() -> str:
        return "is just being stopped" if door.draining else ""

    return {"state": state, "draining": draining, **{name: Welcome(ask, crew.clock) for name, ask in welcomes.items()}}


def _writable(state: State) -> str:
    """Whether the state database takes writes, and has the schema of this version."""
    try:
        state.database.probe()
        there, wanted = state.revision, state.database.newest
    except FinOpsError as error:
        return str(error)
    return "" if there == wanted else f"the schema is at {there}, this version needs {wanted}: run pitcrew db upgrade"


@dataclass
class Welcome:
    """Whether a platform lets us in, asked once a minute at most."""

    ask: Callable[[], Awaitable[object]]
    clock: Clock
    _until: datetime | None = None
    _said: str = ""

    async def __call__(self) -> str:
        """Nothing if it does, else what it says."""
        now = self.clock()
        if self._until is None or now >= self._until:
            try:
                await self.ask()
                self._said = ""
            except Exception as error:
                self._said = str(error) or type(error).__name__
            self._until = now + KNOWN
        return self._said


@dataclass
class Measure:
    """Brings those figures up to date that are looked up rather than counted."""

    crew: Crew
    _calls: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __call__(self) -> None:
        """Look into the outbox, the last assessment, and what was asked of the clouds."""
        self._clouds()
        now = self.crew.clock()
        standing = self.crew.state.outbox.standing(now)
        metrics.OUTBOX_PENDING.set(standing.pending)
        metrics.OUTBOX_OLDEST.set(standing.oldest_seconds)
        metrics.OUTBOX_UNCLEAR.set(standing.unclear)
        metrics.OUTBOX_FAILED.set(standing.failed)
        last = self.crew.state.runs.last()
        if last and last.finished:
            metrics.LAST_RUN.set(last.finished.timestamp())
            metrics.UNREAD.set(last.summary.get("unread", 0))

    def _clouds(self) -> None:
        for name, connection in self._connections():
            for (op, code), count in list(connection.codes.items()):
                metrics.PROVIDER_CALLS.labels(name, op, code).inc(self._more(f"{name} {code}", op, count))
            for op, count in list(connection.calls.items()):
                if op.startswith(COST_EXPLORER):
                    metrics.PROVIDER_SPEND.inc(self._more(name, op, count) * A_REQUEST)

    def _more(self, name: str, op: str, count: int) -> int:
        """How many more of something there are than when it was last looked at."""
        before, self._calls[name, op] = self._calls[name, op], count
        return count - before

    def _connections(self) -> Iterator[tuple[str, AwsConnection | AzureConnection]]:
        """The clouds that are asked, by the names that the deployment file gives them."""
        kinds = {type(one) for one in self.crew.config.providers}
        if AwsProvider in kinds:
            from providers.aws.provider import AwsProvider as Aws

            yield from ((one.name, one.connection) for one in self.crew.sources if isinstance(one, Aws))
        if AzureProvider in kinds:
            from providers.azure.provider import AzureProvider as Azure

            yield from ((one.name, one.connection) for one in self.crew.sources if isinstance(one, Azure))
