"""Work on many series: cut into chunks that worker processes do beside the chat, and remembered by what it was of.

One core is left for the chat; workers yield to whatever else the machine has to do, and go when their parent does.
"""

from __future__ import annotations

import atexit
import os
import signal
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from hashlib import blake2b
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Lock, Thread
from typing import Generic, TypeVar

import numpy as np

A = TypeVar("A")
B = TypeVar("B")

CHUNK = 1_000  # series at once, so that memory stays near 300 MB whatever the number
KINDNESS = 10  # how far workers stand back behind the chat (nice)
KEPT_BYTES = 128_000_000  # of series whose results are remembered
_lock = Lock()
_pool: list[ProcessPoolExecutor] = []


def chunks(rows: int) -> list[np.ndarray]:
    """The indices of so many series, in parts of about the same size, none above ``CHUNK``."""
    return np.array_split(np.arange(rows), max(1, -(-rows // CHUNK)))


def mapped(work: Callable[[A], B], parts: Sequence[A]) -> list[B]:
    """Do each part, in worker processes if there is more than one. ``work`` and the parts must be picklable.

    Where no worker can be started, or one was killed, the rest is done here.
    """
    if len(parts) < 2 or parent_process() is not None:  # noqa: PLR2004
        return [work(part) for part in parts]
    try:
        return list(_workers().map(work, parts))
    except (BrokenProcessPool, OSError):
        _let_go()
        return [work(part) for part in parts]


def cores() -> int:
    """How many worker processes there may be: one core is the chat's, but there is always one worker."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, mine - 1)


class Remembered(Generic[B]):
    """The last results, by the digest of what they are of, as long as the series behind them are not too large."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most, self._held = most_bytes, 0
        self._kept: OrderedDict[bytes, tuple[int, B]] = OrderedDict()
        self._lock = Lock()

    def of(self, values: np.ndarray, question: object, made: Callable[[], B]) -> B:
        """What was found of these values by this question (anything whose ``repr`` says all of it), or ``made`` now."""
        digest = blake2b(np.ascontiguousarray(values).data, digest_size=20)
        digest.update(repr((values.shape, question)).encode())
        key = digest.digest()
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][1]
        found = made()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = (values.nbytes, found)
                self._held += values.nbytes
            while self._held > self._most:
                self._held -= self._kept.popitem(last=False)[1][0]
        return found


def _workers() -> ProcessPoolExecutor:
    with _lock:
        if not _pool:
            made = ProcessPoolExecutor(cores(), mp_context=get_context("spawn"), initializer=_begin)
            _pool.append(made)
            atexit.register(_let_go)
        return _pool[0]


def _let_go() -> None:
    with _lock:
        for one in _pool:
            one.shutdown(wait=False, cancel_futures=True)
        _pool.clear()


def _begin() -> None:
    """A worker: quiet, kind, and gone when its parent is, however that went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(KINDNESS)
    Thread(target=_orphaned, daemon=True).start()


def _orphaned() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(0)
