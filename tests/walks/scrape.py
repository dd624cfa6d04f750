"""What Prometheus reads on the admin port of a crew."""

from __future__ import annotations

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bot.standing import Measure
from bot.web.admin import Admin
from bot.wiring import Crew

Series = dict[tuple[str, ...], float]  # a name, and its labels' values in the order of their names


async def scraped(crew: Crew) -> Series:
    """Every series, read over HTTP."""
    admin = Admin({}, Measure(crew))
    async with (
        admin.serving("127.0.0.1", 0) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as response,
    ):
        text = await response.text()
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return {(one.name, *(value for _, value in sorted(one.labels.items()))): one.value for one in samples}
