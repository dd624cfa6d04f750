"""A whole assessment of 200 Azure subscriptions, 5,000 resources and ten million rows, beside what it cannot be under.

Every answer of Azure takes 50 ms; the export lies in Azurite. Goals: the load ≤ 1.3 × the same daily sums by hand in
DuckDB over the same files; the assessment ≤ 2 × its lower bound (calls ÷ requests side by side × latency, and the
lake's own queries); ≤ 1.5 GB. A number of rows may be given: ``python -m benchmarks.azure_assessment 1000000``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import bill
from benchmarks.assessment import LATENCY, WORKERS, compared
from bot import config as deployment
from bot.clock import stopped_at
from bot.garbage import rarely
from bot.log import configure
from bot.wiring import assembled
from tests.azure import azurite, bills
from tests.azure.double import CLIENT, TENANT, Double
from tests.azure.graph import Graph, Values, point

SUBSCRIPTIONS = 200
CONTAINER, EXPORT, REGION = "bill", "benchmark", "eastus"
EACH = SUBSCRIPTIONS // bill.ACCOUNTS  # subscriptions that an account of the made bill becomes
ROWS = 10_000_000


def main() -> None:
    """Print the table; exit 1 when a goal is missed."""
    configure(json=False)
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as made, closing(Azure(Path(made), rows)) as azure:
        os.environ.update(azure.environment)
        raw = {
            "data": {"folder": f"{made}/data"},
            "providers": [
                {
                    "kind": "azure",
                    "identity": "secret",
                    "tenant": TENANT,
                    "client": CLIENT,
                    "scopes": [bills.BILLING],
                    "workers": WORKERS,
                    **azure.addresses,
                }
            ],
            "roles": {"*": ["read", "act"]},
        }
        with (
            assembled(deployment.parse(raw, lambda _: "benchmark"), stopped_at(bill.NOW), load=False) as crew,
            rarely(),
        ):
            within = compared(crew, azure)
    sys.exit(0 if within else 1)


class Azure:
    """The double in a process of its own, so that it takes nothing of ours but the processor."""

    def __init__(self, folder: Path, rows: int) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=served, args=(theirs, folder, rows))
        self._process.start()
        theirs.close()  # so that we hear when the double has died
        self.environment: Mapping[str, str]
        self.addresses: Mapping[str, str]
        self.environment, self.addresses = self._pipe.recv()

    def calls(self) -> int:
        """How many there were since the last time that this was asked."""
        self._pipe.send("calls")
        return int(self._pipe.recv())

    def close(self) -> None:
        """End it."""
        self._pipe.send("")
        self._process.join(30)
        self._process.kill()


def served(pipe: Connection, folder: Path, rows: int) -> None:
    """Stand everything up, then answer and count."""
    place = folder / "azure"
    place.mkdir()
    with Double.running(place) as azure:
        environment = {**azure.environment, "AZURE_CLIENT_SECRET": "a-long-secret"}
        os.environ.update(environment)
        with azurite.running(azure, place) as blobs:
            deliver(azure, blobs, folder / "made", rows)
            stand_up(azure)
            azure.latency = LATENCY
            addresses = dict.fromkeys(("arm_url", "authority", "metrics_url", "prices_url"), azure.url)
            pipe.send((environment, addresses | {"blob_url": azure.blobs}))
            while pipe.recv():
                pipe.send(len(azure.calls))
                azure.calls.clear()


def deliver(azure: Double, blobs: azurite.Azurite, folder: Path, rows: int) -> None:
    """The export in blob storage, a run a month."""
    container = blobs.container(CONTAINER)
    for month, file in bill.months(folder, rows).items():
        made = folder / "azure.parquet"
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            connection.execute(as_azure(file, made))
        first = f"{month.replace('-', '')}01"
        where = f"cost/{EXPORT}/{first}-{first[:6]}28/{month}-run"
        name = f"{where}/part_0_0001.snappy.parquet"
        with made.open("rb") as body:
            container.upload_blob(name, body, length=made.stat().st_size, max_concurrency=4)
        bills.finished(container, where, EXPORT, [{"blobName": name, "byteCount": made.stat().st_size}], None)
        file.unlink()
    bills.exports(azure, bills.BILLING, bills.configured(EXPORT, container=CONTAINER))


def as_azure(file: Path, made: Path) -> str:
    """The made bill, its accounts parted into subscriptions, with the ids and the names that Azure gives things."""
    number = "CAST(regexp_extract(ResourceId, '[0-9]+$') AS BIGINT)"
    subscription = f"format('00000000-0000-4000-8000-{{:012d}}', ({number} // 1000) * {EACH} + {number} % {EACH})"
    machine = "starts_with(ResourceId, 'i-')"
    return f"""
COPY (
  SELECT * REPLACE (
    '{bills.BILLING}' AS BillingAccountId, 'Microsoft' AS ProviderName, '{REGION}' AS RegionId,
    '/subscriptions/' || {subscription} AS SubAccountId, 'team-' || ({number} // 1000) AS SubAccountName,
    CASE WHEN {machine} THEN 'Virtual Machines' ELSE 'Azure Disk Storage' END AS ServiceName,
    '/subscriptions/' || {subscription} || '/resourcegroups/rg/providers/microsoft.compute/'
      || CASE WHEN {machine} THEN 'virtualmachines/vm-' ELSE 'disks/disk-' END || {number} AS ResourceId
  ) FROM read_parquet('{file}')
) TO '{made}' (FORMAT parquet, COMPRESSION snappy)
"""


class Steady(Graph):
    """A graph whose machines are as busy every day, so that the double takes 50 ms an answer, and no more."""

    def points(self, values: Values | None, ways: Iterable[str], end: datetime, days: int) -> list[Any]:
        """What was measured, written down once."""
        return measured(values, tuple(ways), end, days)


@cache
def measured(values: Values | None, ways: tuple[str, ...], end: datetime, days: int) -> list[Any]:
    """The points of one metric."""
    return [point(values, ways, end, back) for back in range(days, 0, -1)]


def stand_up(azure: Double) -> None:
    """Subscriptions, half-busy machines, and disks of which one an account has no machine."""
    graph = Steady(azure, sizes={"Standard_D2s_v5": (2, 8.0, "0.096", "0")}).stand_up()
    for number in range(SUBSCRIPTIONS):
        graph.subscription(subscription(number), f"team-{number}")
    busy: Mapping[str, Values] = {
        "Percentage CPU": lambda way, _: {"average": 45.0, "maximum": 80.0}.get(way),
        "Network In Total": lambda way, _: 5e8 if way == "total" else None,
        "Network Out Total": lambda way, _: 5e8 if way == "total" else None,
    }
    for account in range(bill.ACCOUNTS):
        for place in range(bill.MACHINES):
            one = compute("virtualMachines/vm", account, place)
            graph.add(
                "machines", {"id": one, "size": "Standard_D2s_v5", "power": "PowerState/running", "managed": True}
            )
            graph.metrics[one.lower()] = busy
        for place in range(bill.DISKS):
            held = compute("virtualMachines/vm", account, place) if place else ""
            disk = {"id": compute("disks/disk", account, place), "sku": "Premium_LRS", "gb": 128, "managedBy": held}
            graph.add("disks", disk | {"owned": "2025-01-01T00:00:00Z"})
    azure.on("GET", "/Microsoft.CostManagement/(budgets|benefitRecommendations)$", {"value": []})
    azure.on("GET", "/reservationRecommendations$", {"value": []})
    azure.on("GET", "/settings/taginheritance$", {"kind": "taginheritance", "properties": {}})


def subscription(number: int) -> str:
    """The subscription with this number, from 0."""
    return f"00000000-0000-4000-8000-{number:012}"


def compute(kind: str, account: int, place: int) -> str:
    """The id of a resource of the made bill."""
    number = account * 1000 + place
    where = subscription(account * EACH + number % EACH)
    return f"/subscriptions/{where}/resourceGroups/rg/providers/Microsoft.Compute/{kind}-{number}"


if __name__ == "__main__":
    main()
