"""Small values for tests, each with one thing said and the rest usual."""

from __future__ import annotations

from datetime import date
from typing import Any

from analysis.estate import Bill, Disk, Estate, Machine, Metric, Resource, Size
from analysis.money import Money

AS_OF = date(2026, 3, 31)
LARGE = Size(name="m5.2xlarge", vcpus=8, memory_gb=32, hourly=Money.of("0.384", "USD"))
SMALL = Size(name="m5.large", vcpus=2, memory_gb=8, hourly=Money.of("0.096", "USD"))
MIDDLE = Size(name="m5.xlarge", vcpus=4, memory_gb=16, hourly=Money.of("0.192", "USD"))

COMMON: dict[str, Any] = {
    "provider": "sample",
    "cloud": "aws",
    "account": "111122223333",
    "region": "us-east-1",
    "tags": {"team": "search"},
}


def disk(**said: Any) -> Disk:
    """A disk that nothing has used since the first of March."""
    usual: dict[str, Any] = {
        "id": "arn:aws:ec2:us-east-1:111122223333:volume/vol-0a1b2c3d4e5f60718",
        "name": "vol-0a1b2c3d4e5f60718",
        "size_gb": 160,
        "tier": "gp3",
        "attached_to": None,
        "idle_since": date(2026, 3, 1),
    }
    return Disk(**(COMMON | usual | said))


def machine(
    *, cpu: float = 12.0, network: float = 900.0, memory: float | None = 30.0, days: int = 30, **said: Any
) -> Machine:
    """A running machine with the metrics that are said."""
    metrics = {"cpu_percent": Metric(days, cpu / 2, cpu), "network_mb_per_day": Metric(days, network, network * 2)}
    if memory is not None:
        metrics["memory_percent"] = Metric(days, memory / 2, memory)
    usual: dict[str, Any] = {
        "id": "arn:aws:ec2:us-east-1:111122223333:instance/i-0a1b2c3d4e5f60718",
        "name": "search-7",
        "size": LARGE,
        "running": True,
        "smaller": (MIDDLE, SMALL),
        "metrics": metrics,
    }
    return Machine(**(COMMON | usual | said))


def estate(*resources: Resource, monthly: str = "12.80", covered: str = "0", currency: str = "USD") -> Estate:
    """An estate in which every resource is billed the same."""
    bill = Bill(Money.of(monthly, currency), Money.of(covered, currency), 30)
    return Estate.of_all(AS_OF, resources, {resource.id.lower(): bill for resource in resources})


def quietly(_share: float, _what: str) -> None:
    """Progress that nobody watches."""
