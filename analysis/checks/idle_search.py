"""Idle search clusters: nothing is looked for, nothing is entered.

AWS: OpenSearch. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import SearchDomain
from analysis.quiet import quiet


@check("idle-search", serves=("aws.opensearch.idle",))
def idle_search(estate: Estate, *, days: int = 14) -> Iterator[Finding | None]:
    """Yield each search cluster without a search and without a document for ``days``.

    No anchor has this check; 14 days are what Compute Optimizer gives other stores before it calls them idle.
    """
    for domain in estate.of(SearchDomain):
        if measured := quiet(domain, "requests_per_day", days=days):
            yield Finding.priced(
                domain,
                estate,
                check="idle-search",
                title=f"Search cluster {domain.name} is asked for nothing",
                remedy=Remedy(Action.DELETE_SEARCH),
                evidence=(("Searches and documents", f"none in {measured.days} days"),),
            )
