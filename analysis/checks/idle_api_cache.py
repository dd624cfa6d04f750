"""Idle API caches: billed by the hour, and hit by nothing.

AWS: API Gateway stages with a cache. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import ApiStage

METERS = r"ApiGatewayCacheUsage"


@check("idle-api-cache", serves=("aws.apigw.cache",))
def idle_api_cache(estate: Estate, *, min_hit_percent: float = 20.0, days: int = 14) -> Iterator[Finding | None]:
    """Yield each stage whose cache answers less than ``min_hit_percent`` of what it is asked.

    Steampipe Thrifty flags stages without a cache, which saves nothing; we flag those whose cache is for nothing. A
    fifth is where a cache of 0.02 USD an hour starts to be worth the calls it keeps away.
    """
    for stage in estate.of(ApiStage):
        hits, misses = stage.metrics.get("hits_per_day"), stage.metrics.get("misses_per_day")
        if not stage.cache_gb or hits is None or misses is None or min(hits.days, misses.days) < days:
            continue
        asked = hits.average + misses.average
        if asked and 100 * hits.average / asked >= min_hit_percent:
            continue
        yield Finding.priced(
            stage,
            estate,
            check="idle-api-cache",
            title=f"The cache of API stage {stage.name} answers next to nothing",
            remedy=Remedy(Action.DROP_API_CACHE, source=f"{stage.cache_gb:g}"),
            evidence=(
                ("Answered", f"{hits.average:,.0f} of {asked:,.0f} calls a day"),
                ("Cache", f"{stage.cache_gb:g} GB"),
            ),
            meters=estate.metered(stage, METERS),
        )
