"""A small shop whose bill is delivered anew each morning: two accounts, four services, and what is planted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from tests.providers.bills import row, write

BEGINS = date(2026, 5, 1)
WEEK = (1.0, 1.02, 1.01, 1.03, 0.99, 0.82, 0.8)  # Monday first
Thing = tuple[str, str, str, str, str, int]
THINGS: Sequence[Thing] = (  # account, service, resource, usage, team, dollars a day
    ("shop-prod", "Amazon Elastic Compute Cloud", "web-1", "BoxUsage:m5.2xlarge", "checkout", 210),
    ("shop-prod", "Amazon Relational Database Service", "orders-db", "InstanceUsage:db.r6g", "checkout", 140),
    ("shop-data", "Amazon Virtual Private Cloud", "warehouse-nat", "NatGateway-Bytes", "data", 60),
    ("shop-data", "Amazon Simple Storage Service", "clickstream", "TimedStorage-ByteHrs", "data", 90),
)


@dataclass
class Shop:
    """The shop's bill in a folder. ``more`` is what a resource costs beyond the usual, by day."""

    folder: Path
    more: dict[tuple[str, date], float] = field(default_factory=dict)
    silent: Mapping[str, date] = field(default_factory=dict)  # accounts, from the day on which nothing of them arrives
    gone: dict[str, date] = field(default_factory=dict)  # resources, from the day on which they are billed no longer
    things: Sequence[Thing] = THINGS
    begins: date = BEGINS

    def deliver(self, today: date) -> None:
        """Write what the provider has delivered by the morning of a day: everything up to the day before."""
        months: dict[str, list[dict[str, str]]] = {}
        for one in self._rows(today):
            months.setdefault(one["ChargePeriodStart"][:7], []).append(one)
        for month, rows in months.items():
            write(self.folder / f"bill-{month}.csv", rows)

    def _rows(self, today: date) -> Iterator[dict[str, str]]:
        numbers = {account: n for n, account in enumerate(dict.fromkeys(thing[0] for thing in self.things))}
        for number in range((today - self.begins).days):
            day = self.begins + timedelta(days=number)
            for place, (account, service, resource, usage, team, dollars) in enumerate(self.things):
                if day >= self.silent.get(account, today) or day >= self.gone.get(resource, today):
                    continue
                noise = 1 + 0.012 * (((number * 37 + place * 11) % 17) - 8) / 8  # no two days are the same
                cost = dollars * WEEK[day.weekday()] * noise + self.more.get((resource, day), 0.0)
                yield row(
                    day.isoformat(),
                    f"{cost:.2f}",
                    SubAccountId=f"1111222233{numbers[account]:02d}",
                    SubAccountName=account,
                    ServiceName=service,
                    ResourceId=f"arn:aws:shop:us-east-1:{resource}",
                    ResourceName=resource,
                    RegionId="us-east-1",
                    SkuMeter=f"USE1-{usage}",
                    PricingQuantity=f"{cost / 0.045:.4f}",
                    Tags=f'{{"team": "{team}"}}',
                )
