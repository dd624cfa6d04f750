"""Eligible usage: what of the bill a purchase could cover, day by day."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from analysis.commitments import Kind, Line
from analysis.offers import Offer
from analysis.periods import Period
from analysis.purchases import Usage


def usage_of(lines: Iterable[Line], offer: Offer, history: Period, currency: str) -> Usage:
    """The daily history that an offer's ladder stands on.

    What present commitments could cover is what they do cover and, at the same rate, their unused part.
    """
    days = np.zeros((4, history.days))
    on_demand, covered, used, unused = days
    for line in lines:
        if line.provider != offer.provider or line.day not in history:
            continue
        day = (line.day - history.start).days
        match (line.eligible, line.kind):
            case (True, Kind.ON_DEMAND):
                on_demand[day] += float(line.effective)
            case (True, Kind.USED):
                covered[day] += float(line.contracted or line.effective)
            case (False, Kind.USED):
                used[day] += float(line.effective)
            case (False, Kind.UNUSED):
                unused[day] += float(line.effective)
            case _:
                pass
    idle = np.maximum(unused, 0)
    busy = used > 0
    capacity = np.where(
        busy, covered * (1 + idle / np.where(busy, used, 1)), covered + idle / (1 - float(offer.discount))
    )
    return Usage(history.start, on_demand, covered, capacity, currency)
