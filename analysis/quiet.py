"""Quietness: whether something did nothing for long enough, by what was measured of it."""

from __future__ import annotations

from analysis.estate import Metric, Resource


def quiet(resource: Resource, metric: str, *, days: int, at_most: float = 0.0) -> Metric | None:
    """The measurement, if it covers ``days`` and no day of it was above ``at_most``; ``None`` otherwise.

    What was not measured is not quiet: nobody is told to delete what nobody looked at.
    """
    found = resource.metrics.get(metric)
    return found if found is not None and found.days >= days and found.maximum <= at_most else None


def dull(resource: Resource, metric: str, *, days: int, below: float) -> Metric | None:
    """The measurement, if it covers ``days`` and its average stayed below a bound; ``None`` otherwise."""
    found = resource.metrics.get(metric)
    return found if found is not None and found.days >= days and found.average < below else None
