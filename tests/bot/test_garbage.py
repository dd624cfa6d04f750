"""Garbage is looked for rarely, but it is looked for."""

from __future__ import annotations

import gc
from weakref import ref

from bot.garbage import MADE, rarely


class Knot:
    """Something that only a search can find to be garbage: it holds itself."""

    def __init__(self) -> None:
        self.itself = self


def test_what_nobody_holds_is_let_go_before_many_more_are_made() -> None:
    with rarely():
        lost = ref(Knot())
        kept = [[number] for number in range(2 * MADE)]

        assert lost() is None and len(kept) > MADE


def test_afterwards_all_is_as_it_was_and_what_was_left_out_is_looked_through_again() -> None:
    before = gc.get_threshold()
    lost = ref(Knot())
    with rarely():
        gc.collect()
        assert lost() is not None, "what stood before is not looked through"
    gc.collect()

    assert (lost(), gc.get_threshold(), gc.get_freeze_count()) == (None, before, 0)
