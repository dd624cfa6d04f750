"""Log Analytics workspaces; subscriptions with the offer that they are bought by and the Defender plans that are on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analysis.kinds import LogGroup, Tenancy
from providers.azure.readers import Place, Seen, reader, word

DEVELOPMENT = "devtest"  # in the quota id of both offers for development: MSDNDevTest_…, EnterpriseDevTest …


@reader("workspaces", queries=("workspaces",), billed=("Log Analytics", "Azure Monitor", "Sentinel"))
def workspaces(place: Place) -> Iterator[Seen]:
    """Log Analytics workspaces; how much they hold nobody tells but their bill."""
    for row in place.of("workspaces"):
        yield Seen(LogGroup(**place.common(row), retention_days=int(row.get("days") or 0), stored_gb=0.0))


@reader("tenancies", queries=("offers", "protected"), billed=())
def tenancies(place: Place) -> Iterator[Seen]:
    """Subscriptions as such."""
    on: dict[str, list[str]] = defaultdict(list)
    for row in place.of("protected"):
        on[word(row.get("subscriptionId")).lower()].append(word(row.get("name")))
    for row in place.of("offers"):
        common = place.common(row)
        common |= {"id": f"/subscriptions/{word(row.get('subscriptionId')).lower()}", "account_name": ""}
        yield Seen(
            Tenancy(
                **common,
                offer=word(row.get("quota")),
                for_development=DEVELOPMENT in word(row.get("quota")).lower(),
                protected=tuple(sorted(on[word(row.get("subscriptionId")).lower()])),
            )
        )
