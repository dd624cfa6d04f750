"""Garbage is looked for rarely: an assessment makes things by the hundred thousand, and nearly all of them stay.

At Python's own thresholds a sixth of the time of an assessment of 5,000 resources goes into looking for it
(``python -m benchmarks.aws_assessment``); the memory of a long life is what ``make soak`` measures.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MADE = 50_000  # things more than were let go of, before the youngest are looked through; Python's own is 700
ROUNDS = 20  # of the younger before the older are; Python's own is 10


@contextmanager
def rarely() -> Iterator[None]:
    """Look through what comes rarely, and through what stands by now not at all."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(MADE, ROUNDS, ROUNDS)
    gc.enable()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
