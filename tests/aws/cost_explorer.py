"""Cost Explorer over a list of lines: what it answers, what it refuses, page by page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.aws.double import Request

DIMENSIONS: Mapping[str, Callable[[Line], str]] = {
    "LINKED_ACCOUNT": lambda line: line.account,
    "REGION": lambda line: line.region or "NoRegion",
    "SERVICE": lambda line: line.service,
    "RECORD_TYPE": lambda line: line.kind,
    "RESOURCE_ID": lambda line: line.resource,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One charge of one day."""

    day: date
    account: str
    region: str
    service: str
    unblended: str
    amortized: str = ""
    kind: str = "Usage"
    team: str = ""
    resource: str = "NoResourceId"


@dataclass
class Explorer:
    """Both operations over some lines; ``page`` groups a page."""

    lines: Sequence[Line]
    page: int = 1_000
    currency: str = "USD"
    repeats: bool = False

    def __call__(self, request: Request) -> Mapping[str, Any]:
        """Answer as the real one does."""
        said = request.parameters
        assert len(said.get("GroupBy", ())) <= 2, "at most two groups"
        if request.operation == "GetCostAndUsage":
            assert all(one["Key"] != "RESOURCE_ID" for one in said.get("GroupBy", ())), "not by resource here"
        start, end = (date.fromisoformat(said["TimePeriod"][name]) for name in ("Start", "End"))
        assert start < end, "the end is exclusive"
        chosen = [one for one in self.lines if start <= one.day < end and _holds(said.get("Filter"), one)]
        found = self._grouped(chosen, said, start, end)
        begin = int(said.get("NextPageToken", "0"))
        shown = found[begin : begin + self.page]
        more = (
            {"NextPageToken": str(0 if self.repeats else begin + self.page)} if len(found) > begin + self.page else {}
        )
        times: dict[tuple[date, date], list[dict[str, Any]]] = defaultdict(list)
        for span, group in shown:
            times[span].append(group)
        results = [
            {
                "TimePeriod": {"Start": span[0].isoformat(), "End": span[1].isoformat()},
                **(
                    {"Groups": groups, "Total": {}}
                    if said.get("GroupBy")
                    else {"Total": groups[0]["Metrics"], "Groups": []}
                ),
                "Estimated": True,
            }
            for span, groups in times.items()
        ]
        names = sorted({one.account for one in chosen})
        described = [{"Value": name, "Attributes": {"description": f"account-{name[:4]}"}} for name in names]
        return {"ResultsByTime": results, "DimensionValueAttributes": described, **more}

    def _grouped(
        self, chosen: Sequence[Line], said: Mapping[str, Any], start: date, end: date
    ) -> list[tuple[tuple[date, date], dict[str, Any]]]:
        sums: dict[tuple[tuple[date, date], tuple[str, ...]], list[Decimal]] = {}
        for one in chosen:
            span = (one.day, one.day + timedelta(days=1)) if said["Granularity"] == "DAILY" else (start, end)
            keys = tuple(_key(group, one) for group in said.get("GroupBy", ()))
            both = sums.setdefault((span, keys), [Decimal(0), Decimal(0)])
            both[0] += Decimal(one.unblended)
            both[1] += Decimal(one.amortized or one.unblended)
        return [
            (
                span,
                {
                    "Keys": list(keys),
                    "Metrics": {
                        name: {"Amount": str(amount), "Unit": self.currency}
                        for name, amount in zip(("UnblendedCost", "AmortizedCost"), both, strict=True)
                        if name in said["Metrics"]
                    },
                },
            )
            for (span, keys), both in sorted(sums.items())
        ]


def _key(group: Mapping[str, str], line: Line) -> str:
    return f"{group['Key']}${line.team}" if group["Type"] == "TAG" else DIMENSIONS[group["Key"]](line)


def _holds(where: Mapping[str, Any] | None, line: Line) -> bool:
    if not where:
        return True
    if "And" in where:
        return all(_holds(one, line) for one in where["And"])
    if "Not" in where:
        return not _holds(where["Not"], line)
    said = where["Dimensions"]
    return DIMENSIONS[said["Key"]](line) in said["Values"]
