"""Progress: how far the work for one ask is, said in place, and ended when somebody cancels it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import monotonic

from analysis.counting import so_many
from analysis.errors import Cancelled
from commands.core.answer import Answer, Button, Buttons, Note, Part, Text, plain

ASKED_EVERY_SECONDS = 1.0  # whether somebody has cancelled
SURE_SHARE, SURE_SECONDS = 0.05, 5.0  # from here on the time that is left can be told
MINUTE = 60
SHOWN_ASK = 80

_reports: ContextVar[Callable[[float, str], None]] = ContextVar("reports")


def report(share: float, what: str) -> None:
    """Tell whoever waits for the ask that is being answered here how much is done (0 to 1), and what is being done.

    Raises:
        Cancelled: somebody has cancelled it.
    """
    _reports.get(_nobody)(share, what)


def _nobody(_share: float, _what: str) -> None:
    """Nobody waits."""


@dataclass(slots=True)
class Run:
    """The work for one ask. It is told of by the thread that works, and read by the loop that waits.

    ``cancelled`` says who has cancelled it, if anybody.
    """

    name: str
    ask: str
    cancelled: Callable[[], str] = lambda: ""
    seconds: Callable[[], float] = monotonic
    share: float = 0.0
    what: str = ""
    discreet: bool = False  # what is being done may be private: only how far it is is told
    began: float = field(init=False)
    _looked: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self._looked = self.seconds()

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hear what is reported inside."""
        token = _reports.set(self.tell)
        try:
            yield
        finally:
            _reports.reset(token)

    def tell(self, share: float, what: str) -> None:
        """It is so far.

        Raises:
            Cancelled: somebody has cancelled it.
        """
        self.share, self.what = share, what
        now = self.seconds()
        if now - self._looked < ASKED_EVERY_SECONDS:
            return
        self._looked = now
        if who := self.cancelled():
            raise Cancelled(f"{who} cancelled it; what was finished before is kept, the rest was not begun")

    @property
    def left(self) -> float | None:
        """Seconds that are left at the pace so far; ``None`` while that cannot be told."""
        gone = self.seconds() - self.began
        if self.share < SURE_SHARE or gone < SURE_SECONDS:
            return None
        return gone * (1 - min(1.0, self.share)) / self.share

    def said(self) -> str:
        """How far it is, in a line: ``reading 32 of 50 accounts, about 2 minutes left``."""
        what = self.what or "it has just begun"
        what = f"{self.share:.0%} done" if self.what and self.discreet else what
        left = self.left
        return what if left is None else f"{what}, {_about(left)} left"

    def shown(self) -> Answer:
        """What stands in the place of the answer until there is one."""
        ask = self.ask if len(self.ask) <= SHOWN_ASK else f"{self.ask[:SHOWN_ASK]}…"
        parts: tuple[Part, ...] = (
            Text(f"`{plain(ask)}`: {plain(self.said())}"),
            Buttons((Button("Cancel", f"cancel {self.name}"),)),
            Note("The answer takes the place of this message."),
        )
        return Answer("Working on it …", parts)


def _about(seconds: float) -> str:
    if seconds < MINUTE * 0.75:
        return "less than a minute"
    minutes = round(seconds / MINUTE)
    return f"about {so_many(minutes, 'minute')}"
