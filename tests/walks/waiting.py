"""Waiting until something can be seen, since what is waited for sets no event of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

PATIENCE = 20.0


async def until(seen: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait until something can be seen, and give it back."""
    async with asyncio.timeout(seconds):
        while not (found := seen()):  # noqa: ASYNC110 (see above)
            await asyncio.sleep(0.01)
    return found
