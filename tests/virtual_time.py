"""Virtual time: an event loop on which waiting takes no time, and whatever blocks is done at once, in its turn."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec

P = ParamSpec("P")
BEGINNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class _Jumping(selectors.DefaultSelector):
    """Does not wait for its time-outs but lets the clock jump over them."""

    seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.seconds += max(0.0, timeout or 0.0)
        return super().select(0 if timeout is not None else None)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that lives through an hour in a moment."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.seconds


class AtOnce(Executor):
    """A pool without threads."""

    def submit(self, fn: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*given, **named))
        except Exception as error:
            done.set_exception(error)
        return done


def now() -> datetime:
    """The virtual wall clock."""
    return BEGINNING + timedelta(seconds=asyncio.get_running_loop().time())


def on_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test on a ``VirtualLoop``."""

    @functools.wraps(test)
    def run(*given: P.args, **named: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*given, **named))

    return run
