"""Resource Graph, Azure Monitor and the price list as the double has them: they answer our own questions from rows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from providers.azure.readers import KUSTO, kusto
from tests.azure.double import Call, Double, Reply

QUERIES = sorted(file.name.removesuffix(".kql") for file in KUSTO.iterdir() if file.name.endswith(".kql"))
Values: TypeAlias = Callable[[str, int], float | None]  # by Azure's aggregation and how many days ago: a value or none


@dataclass
class Graph:
    """Rows by query, measurements by resource, and sizes with prices; it tells only what a query projects."""

    double: Double
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    metrics: dict[str, Mapping[str, Values]] = field(default_factory=dict)
    sizes: dict[str, tuple[int, float, str, str]] = field(default_factory=dict)  # vCPUs, GB, Linux, Windows an hour
    page: int = 1000
    hidden: set[str] = field(default_factory=set)  # subscriptions that the identity may not read
    forbidden: set[str] = field(default_factory=set)  # subscriptions in which a question is refused
    closed: set[tuple[str, str]] = field(default_factory=set)  # questions that are refused in a subscription
    shut: set[str] = field(default_factory=set)  # sizes that may not be started
    stuck: str = ""  # a token that comes again and again
    truncated: str = "false"
    headers: Mapping[str, str] = field(default_factory=dict)
    rights: Mapping[str, Any] = field(default_factory=lambda: {"actions": ["*/read"], "notActions": []})
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)  # query and subscriptions
    batches: list[Call] = field(default_factory=list)

    def stand_up(self) -> Graph:
        """Answer from now on."""
        self.double.on("POST", "Microsoft.ResourceGraph/resources", self._resources)
        self.double.on("POST", "metrics:getBatch", self._batch)
        self.double.on("GET", "Microsoft.Authorization/permissions$", lambda _: {"value": [self.rights]})
        self.double.on("GET", "Microsoft.Compute/skus", self._skus)
        self.double.on("GET", "/api/retail/prices", self._prices)
        self.double.on("GET", "managementPolicies/default", Reply(404, {"error": {"code": "ManagementPolicyNotFound"}}))
        return self

    def add(self, query: str, *rows: Mapping[str, Any]) -> None:
        """More rows of a query; each has an id from which the rest of what is common follows."""
        for row in rows:
            parts = str(row["id"]).split("/")
            usual = {"name": parts[-1], "subscriptionId": parts[2], "location": "eastus", "tags": None}
            kind = "/".join([*parts[6:8], *parts[9::2]]).lower() if "providers" in parts else "microsoft.resources/x"
            self.rows[query].append({"type": kind, **usual, **row})

    def subscription(self, number: str, name: str) -> None:
        """One more that may be read."""
        self.add("subscriptions", {"id": f"/subscriptions/{number}", "name": name, "state": "Enabled"})

    def _resources(self, call: Call) -> Any:
        names = [name for name in QUERIES if kusto(name).strip() == call.body["query"].strip()]
        assert len(names) == 1, call.body["query"]
        wanted = call.body.get("subscriptions")
        options = call.body["options"]
        token = options.get("$skipToken")
        self.asked.append((names[0], tuple(wanted or ())))
        if wanted and (self.forbidden & set(wanted) or self.closed & {(names[0], one) for one in wanted}):
            return Reply(403, {"error": {"code": "AuthorizationFailed", "message": "no"}})
        told = [
            _projected(row, names[0])
            for row in self.rows[names[0]]
            if row["subscriptionId"] not in self.hidden and (wanted is None or row["subscriptionId"].lower() in wanted)
        ]
        told.sort(key=lambda row: str(row["id"]))
        begin, size = int(token or 0), min(self.page, options["$top"])
        shown = told[begin : begin + size]
        more = {"$skipToken": self.stuck or str(begin + size)} if begin + size < len(told) else {}
        body = {
            "totalRecords": len(told),
            "count": len(shown),
            "data": shown,
            "facets": [],
            "resultTruncated": self.truncated,
        }
        return Reply(200, body | more, self.headers)

    def _batch(self, call: Call) -> Any:
        self.batches.append(call)
        names, ways = call.query["metricnames"].split(","), call.query["aggregation"].lower().split(",")
        end = datetime.fromisoformat(call.query["endtime"])
        days = (end - datetime.fromisoformat(call.query["starttime"])).days
        assert call.query["interval"] == "P1D"
        return {"values": [self._measured(one, names, ways, end, days) for one in call.body["resourceids"]]}

    def _measured(self, name: str, metrics: Iterable[str], ways: Iterable[str], end: datetime, days: int) -> Any:
        known = self.metrics.get(name.lower(), {})
        return {
            "resourceid": name,
            "namespace": "any",
            "interval": "P1D",
            "starttime": "2026-01-01T00:00:00Z",
            "endtime": "2026-01-02T00:00:00Z",
            "value": [
                {
                    "id": f"{name}/providers/Microsoft.Insights/metrics/{metric}",
                    "type": "Microsoft.Insights/metrics",
                    "name": {"value": metric, "localizedValue": metric},
                    "unit": "Percent",
                    "timeseries": [
                        {
                            "metadatavalues": [],
                            "data": self.points(known.get(metric), ways, end, days),
                        }
                    ],
                }
                for metric in metrics
            ],
        }

    def points(self, values: Values | None, ways: Iterable[str], end: datetime, days: int) -> list[Any]:
        """What was measured on each of the days before ``end``."""
        return [point(values, ways, end, back) for back in range(days, 0, -1)]

    def _skus(self, call: Call) -> Any:
        assert re.fullmatch(r"location eq '[a-z0-9]+'", call.query["$filter"])
        return {
            "value": [
                {
                    "resourceType": "virtualMachines",
                    "name": name,
                    "restrictions": [{"type": "Location"}] if name in self.shut else [],
                    "capabilities": [
                        {"name": "vCPUs", "value": str(vcpus)},
                        {"name": "MemoryGB", "value": str(memory)},
                        {"name": "CpuArchitectureType", "value": "Arm64" if re.search(r"\dp", name) else "x64"},
                    ],
                }
                for name, (vcpus, memory, _, _) in self.sizes.items()
            ]
        }

    def _prices(self, call: Call) -> Any:
        wanted = re.findall(r"armSkuName eq '([^']+)'", call.query["$filter"])
        items = [
            {"armSkuName": name, "skuName": f"{name}{tail}", "productName": product, "retailPrice": float(price)}
            for name in wanted
            for product, tail, price in (
                ("Virtual Machines Series", "", self.sizes[name][2]),
                ("Virtual Machines Series", " Spot", "0.001"),
                ("Virtual Machines Series Windows", "", self.sizes[name][3]),
            )
        ]
        return {"Items": items, "NextPageLink": None}


def point(values: Values | None, ways: Iterable[str], end: datetime, back: int) -> dict[str, Any]:
    moment = {"timeStamp": (end - timedelta(days=back)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    told = {way: value for way in ways if values and (value := values(way, back)) is not None}
    return moment | told


def _projected(row: Mapping[str, Any], query: str) -> dict[str, Any]:
    """Of a row only what the query asks for: a reader that counts on more finds nothing."""
    return {name: row.get(name) for name in projected(query)}


def projected(query: str) -> list[str]:
    """The columns of a query, in its own words."""
    text = kusto(query)
    clause = text[text.rindex("| project ") + len("| project ") : text.rindex("| order by")]
    return [re.split(r"\s*=\s*", one.strip())[0] for one in re.split(r",(?![^(]*\))", clause)]
