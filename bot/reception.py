"""The reception: asks that come in the same moment are committed in one transaction, and answers wait for them.

Two hundred people who type at once are two hundred transactions, and each a turn of the writer, if nobody gathers them;
and whoever was answered first would keep the last of them from being heard within Slack's three seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field

from bot.ports import Ask

MANY = 8  # asks that come one upon the other are a burst
CALM_SECONDS = 0.05  # without another ask, and it is over
LONGEST_BURST = 1.0  # seconds; whatever lasts longer is a busy day, and answers wait no more


def _one() -> Executor:
    return ThreadPoolExecutor(1, "door-accept")


@dataclass(frozen=True, slots=True)
class Arrival:
    """An ask, and who waits to hear whether it is new."""

    ask: Ask
    heard: asyncio.Future[bool]

    def hear(self, said: bool | Exception) -> None:
        """Tell whether it is new, or what went wrong, unless nobody waits any more."""
        if self.heard.done():
            return
        if isinstance(said, Exception):
            self.heard.set_exception(said)
        else:
            self.heard.set_result(said)


@dataclass
class Reception:
    """Commits asks by ``accept``, which tells of each whether it is new; what comes meanwhile goes together, next.

    ``accept`` asks who still waits when the database has let it in: who was told "not saved" by then is left out.
    """

    accept: Callable[[Callable[[], Sequence[Ask]]], Sequence[bool]]
    writer: Executor = field(default_factory=_one)
    _waiting: list[Arrival] = field(default_factory=list)
    _writing: asyncio.Task[None] | None = None
    _began: float = 0.0  # of the burst, by the loop's time
    _last: float = float("-inf")
    _come: int = 0

    async def enter(self, ask: Ask) -> bool:
        """Commit an ask, with whatever else waits; ``False`` if it is a copy. Who gives up waiting is left out.

        Raises:
            NotSaved: the database did not take it.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now - self._last > CALM_SECONDS:
            self._began, self._come = now, 0
        self._last, self._come = now, self._come + 1
        arrival = Arrival(ask, loop.create_future())
        self._waiting.append(arrival)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._written(), name="reception")
        return await arrival.heard

    async def calm(self) -> None:
        """Wait until a burst is over, so that nothing else keeps it from being taken in; for a second at most."""
        time = asyncio.get_running_loop().time
        while self._come >= MANY and (now := time()) - self._began < LONGEST_BURST:
            rest = self._last + CALM_SECONDS - now
            if rest <= 0 and not self._waiting:
                return
            await asyncio.sleep(max(rest, CALM_SECONDS / 5))

    def close(self) -> None:
        """Let the thread go."""
        self.writer.shutdown(wait=False, cancel_futures=True)

    async def _written(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            if not await self._committed(together):
                for one in together:
                    await self._committed([one])

    async def _committed(self, arrivals: Sequence[Arrival]) -> bool:
        """Commit those who still wait, and tell them; ``False`` if they are several and one may be to blame."""
        here = list(arrivals)

        def waiting() -> Sequence[Ask]:
            here[:] = [one for one in here if not one.heard.done()]
            return [one.ask for one in here]

        if not waiting():
            return True
        said: Sequence[bool | Exception]
        try:
            said = await asyncio.get_running_loop().run_in_executor(self.writer, self.accept, waiting)
        except Exception as error:  # whoever asked is told
            if len(here) > 1:
                return False
            said = [error] * len(here)
        for one, outcome in zip(here, said, strict=True):
            one.hear(outcome)
        return True
