"""Cost Management's Query API over known charges: it filters, groups, and answers page by page as Azure does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.azure.double import Call, Double, Reply

A_PAGE = 5_000
LONGEST = 31  # days of a question


@dataclass(frozen=True, slots=True)
class Charge:
    """What one day of one service costs: as it is invoiced, and spread."""

    day: date
    subscription: str  # id
    service: str
    actual: str
    amortised: str = ""
    kind: str = "Usage"
    region: str = "westeurope"
    resource: str = ""
    currency: str = "EUR"

    @property
    def spread(self) -> Decimal:
        """Its amortised cost; the same where nothing else is said."""
        return Decimal(self.amortised or self.actual)


@dataclass
class Costs:
    """Answers every ``query`` of every scope."""

    charges: Sequence[Charge]
    a_page: int = A_PAGE

    def serve(self, azure: Double) -> None:
        """Answer from now on."""
        azure.on("POST", "/providers/Microsoft.CostManagement/query$", lambda call: self.answer(azure, call))

    def answer(self, azure: Double, call: Call) -> Any:
        """One page; what Azure refuses is refused."""
        data = call.body["dataset"]
        begin, end = (date.fromisoformat(call.body["timePeriod"][name][:10]) for name in ("from", "to"))
        by = [one["name"] for one in data.get("grouping", ())]
        if (
            len(by) > 2
            or len(data["aggregation"]) > 2
            or (data["granularity"] == "Daily" and (end - begin).days >= LONGEST)
        ):
            return Reply(400, {"error": {"code": "BadRequest", "message": "too much at once"}})
        wanted = (data.get("filter") or {}).get("dimensions", {}).get("values")
        sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
        for one in self.charges:
            if not begin <= one.day <= end or (wanted and one.kind not in wanted) or not _within(one, call.path):
                continue
            cost = Decimal(one.actual) if call.body["type"] == "ActualCost" else one.spread
            day = (int(f"{one.day:%Y%m%d}"),) if data["granularity"] == "Daily" else ()
            sums[(*day, *(_said(one, name) for name in by), one.currency)] += cost
        if not sums:
            return Reply(204)
        # the order of columns is not promised: here the cost comes last
        days = ["UsageDate"] if data["granularity"] == "Daily" else []
        columns = [{"name": name, "type": "String"} for name in (*days, *by, "Currency", "Cost")]
        rows = [[*key, float(cost)] for key, cost in sorted(sums.items())]
        place = int(call.query.get("$skiptoken", "0"))
        more = f"{azure.url}{call.path}?api-version=2025-03-01&$skiptoken={place + self.a_page}"
        link = more if place + self.a_page < len(rows) else None
        page = rows[place : place + self.a_page]
        return {"id": "q", "properties": {"columns": columns, "rows": page, "nextLink": link}}


def _within(one: Charge, path: str) -> bool:
    lower = path.lower()
    return not lower.startswith("/subscriptions/") or lower.startswith(f"/subscriptions/{one.subscription}/")


def _said(one: Charge, name: str) -> str:
    return {
        "SubscriptionId": one.subscription,
        "ServiceName": one.service,
        "ResourceLocation": one.region,
        "ChargeType": one.kind,
        "ResourceId": one.resource,
    }[name]
