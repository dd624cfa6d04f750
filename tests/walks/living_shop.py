"""The small shop as a provider of its own: its bill grows by the day, and a disk in it waits for somebody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from analysis.budgets import Budget
from analysis.commitments import Term
from analysis.estate import Disk
from analysis.findings import Finding
from providers.drivers import Source
from providers.focus.local import local
from providers.provider import Billed, Export, Inventory, Progress
from tests.walks.small_shop import THINGS, Shop

NAME = "shop"
FORGOTTEN = ("shop-prod", "Amazon Elastic Block Store", "old-orders", "VolumeUsage.gp3", "checkout", 14)
DISK = Disk(
    id="arn:aws:shop:us-east-1:old-orders",
    provider=NAME,
    cloud="aws",
    name="old-orders",
    account="111122223300",
    region="us-east-1",
    tags={"team": "checkout"},
    size_gb=5000,
    tier="gp3",
    attached_to=None,
    idle_since=date(2026, 9, 1),
)


@dataclass
class LivingShop:
    """Yields the shop's files, and the disk until somebody deletes it."""

    shop: Shop
    name: str = NAME

    def __post_init__(self) -> None:
        self.shop.things = (*THINGS, FORGOTTEN)

    def delete_disk(self, day: date) -> None:
        """What was said to be done is done: from that day on it is billed no longer."""
        self.shop.gone[DISK.name] = day

    def exports(self, now: datetime, progress: Progress) -> Iterator[Export]:  # noqa: ARG002
        """The files that are there now."""
        return local(str(self.shop.folder), self.name)

    def inventory(self, now: datetime, billed: Billed, progress: Progress) -> Inventory:  # noqa: ARG002
        """The disk, while it is there."""
        return Inventory(() if DISK.name in self.shop.gone else (DISK,))

    def budgets(self, month: date) -> Sequence[Budget]:  # noqa: ARG002
        """None."""
        return ()

    def commitments(self, now: datetime) -> Sequence[Term]:  # noqa: ARG002
        """None."""
        return ()

    def past(self) -> Sequence[Finding]:
        """Nothing."""
        return ()

    def drivers(self) -> Sequence[Source]:
        """None."""
        return ()
