"""App Service plans with the apps that are on them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from analysis.kinds import AppPlan
from providers.azure.readers import Place, Seen, Wanted, reader, word

PLAN = "microsoft.web/serverfarms"
FREE = ("free", "shared", "dynamic", "elasticpremium", "flexconsumption", "workflowstandard")  # or not billed by size
MEASURED = (
    Wanted("cpu_percent", "CpuPercentage", "Average", days=30),
    Wanted("memory_percent", "MemoryPercentage", "Average", days=30),
)
# The next size down of the same tier, which has half of the processors and lists at half (App Service pricing).
SMALLER: Mapping[str, str] = {
    **{f"{tier}{size}": f"{tier}{size - 1}" for tier in "BS" for size in (2, 3)},
    **{f"P{size}v2": f"P{size - 1}v2" for size in (2, 3)},
    **{f"P{size}v{version}": f"P{size - 1}v{version}" for version in (3, 4) for size in (1, 2, 3)},
    **{f"P{size}mv{version}": f"P{size - 1}mv{version}" for version in (3, 4) for size in (2, 3, 4, 5)},
    **{f"I{size}v2": f"I{size - 1}v2" for size in (2, 3, 4, 5, 6)},
}
HALF = 0.5
NAME = re.compile(r"([A-Z]+)(\d+)(M?)(V\d)?")


@reader("app-plans", queries=("plans", "apps", "scaling"), billed=("App Service", "Functions", "Web"))
def plans(place: Place) -> Iterator[Seen]:
    """Every plan that is billed by its size."""
    scaled = {word(row.get("target")).lower() for row in place.of("scaling")}
    stopped = Counter(
        word(row.get("plan")).lower() for row in place.of("apps") if word(row.get("state")).lower() == "stopped"
    )
    for row in place.of("plans"):
        if word(row.get("tier")).lower().replace(" ", "") in FREE:
            continue
        size = word(row.get("size"))
        smaller = SMALLER.get(_usual(size), "")
        id_ = word(row["id"]).lower()
        yield Seen(
            AppPlan(
                **place.common(row),
                size=size,
                workers=int(row.get("workers") or 1),
                apps=int(row.get("apps") or 0),
                stopped=stopped[id_],
                scaled=id_ in scaled,
                smaller=smaller,
                saved=HALF if smaller else 0.0,
            ),
            PLAN,
            MEASURED,
        )


def _usual(size: str) -> str:
    """A size as the table writes it: ``P1V3`` is ``P1v3``."""
    found = NAME.fullmatch(size.upper())
    return f"{found[1]}{found[2]}{found[3].lower()}{(found[4] or '').lower()}" if found else size
