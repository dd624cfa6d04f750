"""Idle caches: kept warm for nobody.

AWS: ElastiCache, MemoryDB. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Cache
from analysis.quiet import quiet


@check("idle-cache", serves=("aws.elasticache.idle",))
def idle_cache(estate: Estate, *, days: int = 14) -> Iterator[Finding | None]:
    """Yield each cache that was asked for nothing in ``days``.

    14 days are Compute Optimizer's window for idle caches.
    """
    for cache in estate.of(Cache):
        if measured := quiet(cache, "hits_per_day", days=days):
            yield Finding.priced(
                cache,
                estate,
                check="idle-cache",
                title=f"Cache {cache.name} is asked for nothing",
                remedy=Remedy(Action.DELETE_CACHE, source=cache.kind),
                evidence=(
                    ("Asked", f"not once in {measured.days} days"),
                    ("Engine", f"{cache.engine}, {cache.nodes} nodes"),
                ),
            )
