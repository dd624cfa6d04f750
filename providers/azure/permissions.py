"""Least privilege: everything that Pitcrew asks of Azure, each a read.

A connection refuses to send what is not listed here, so that the list cannot fall behind the code; the role of
``deploy/azure`` is written from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

SEGMENT = r"[^/]+"
COSTLY = ("query", "forecast", "generateCostDetailsReport")  # of Cost Management: what it allows a few times a minute


@dataclass(frozen=True, slots=True)
class Read:
    """One operation: its method and path, and the Azure action that allows it.

    ``{scope}`` stands for any scope (a subscription, a resource group, a management group, a billing account), any
    other name in braces for one part of a path. ``action`` is empty where anybody who may sign in may ask.
    """

    method: str
    path: str
    action: str = ""
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = re.split(r"(\{[a-z]+\})", self.path)
        pattern = "".join(_placed(part) for part in parts)
        object.__setattr__(self, "_pattern", re.compile(pattern, re.IGNORECASE | re.ASCII))

    @property
    def name(self) -> str:
        """What it is counted by: the end of its path."""
        return self.path.rpartition("/providers/")[2]

    @property
    def costly(self) -> bool:
        """Whether Azure allows it only a few times a minute for each scope."""
        return self.method == "POST" and self.path.endswith(COSTLY)

    def matches(self, method: str, path: str) -> re.Match[str] | None:
        """Whether a request is this one."""
        return self._pattern.fullmatch(path) if method == self.method else None


class Asked(NamedTuple):
    """A request that may be sent: which read it is, and of which scope."""

    read: Read
    scope: str


def _placed(part: str) -> str:
    if part == "{scope}":
        return r"(?P<scope>(?:/[^/?#]+)*)"
    return SEGMENT if part.startswith("{") else re.escape(part)


READS: Sequence[Read] = (
    # scopes and rights
    Read("POST", "/providers/Microsoft.ResourceGraph/resources", "Microsoft.ResourceGraph/resources/read"),
    Read("GET", "{scope}/providers/Microsoft.Authorization/permissions", "Microsoft.Authorization/permissions/read"),
    # the bill
    Read("GET", "{scope}/providers/Microsoft.CostManagement/exports", "Microsoft.CostManagement/exports/read"),
    Read("POST", "{scope}/providers/Microsoft.CostManagement/query", "Microsoft.CostManagement/query/read"),
    Read(
        "POST",
        "{scope}/providers/Microsoft.CostManagement/generateCostDetailsReport",
        "Microsoft.CostManagement/generateCostDetailsReport/action",
    ),
    Read(
        "GET",
        "{scope}/providers/Microsoft.CostManagement/costDetailsOperationResults/{id}",
        "Microsoft.CostManagement/costDetailsOperationResults/read",
    ),
    Read("GET", "{scope}/providers/Microsoft.CostManagement/settings/{kind}", "Microsoft.CostManagement/settings/read"),
    # budgets, commitments, advice
    Read("GET", "{scope}/providers/Microsoft.Consumption/budgets", "Microsoft.Consumption/budgets/read"),
    Read("GET", "{scope}/providers/Microsoft.CostManagement/budgets", "Microsoft.CostManagement/budgets/read"),
    Read(
        "GET",
        "{scope}/providers/Microsoft.CostManagement/benefitRecommendations",
        "Microsoft.CostManagement/benefitRecommendations/read",
    ),
    Read(
        "GET",
        "{scope}/providers/Microsoft.CostManagement/benefitUtilizationSummaries",
        "Microsoft.CostManagement/benefitUtilizationSummaries/read",
    ),
    Read(
        "GET",
        "{scope}/providers/Microsoft.Consumption/reservationRecommendations",
        "Microsoft.Consumption/reservationRecommendations/read",
    ),
    Read("GET", "/providers/Microsoft.Capacity/reservations", "Microsoft.Capacity/reservations/read"),
    Read("GET", "/providers/Microsoft.BillingBenefits/savingsPlans", "Microsoft.BillingBenefits/savingsPlans/read"),
    Read("GET", "{scope}/providers/Microsoft.Advisor/recommendations", "Microsoft.Advisor/recommendations/read"),
    # sizes, and what Resource Graph does not tell
    Read("GET", "/subscriptions/{id}/providers/Microsoft.Compute/skus", "Microsoft.Compute/skus/read"),
    Read(
        "GET",
        "/subscriptions/{id}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{name}"
        "/managementPolicies/default",
        "Microsoft.Storage/storageAccounts/managementPolicies/read",
    ),
    # measurements, fifty resources at once
    Read("POST", "/subscriptions/{id}/metrics:getBatch", "Microsoft.Insights/metrics/read"),
)
BLOBS = ("GET", "HEAD")  # of the export's container: its list, and its files


def asked(method: str, path: str) -> Asked | None:
    """Which of the reads a request is; ``None`` for one that is never to be sent."""
    for read in READS:
        if matched := read.matches(method, path):
            return Asked(read, matched.groupdict().get("scope") or "")
    return None
