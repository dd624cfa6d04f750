"""The estate: what runs, in our own vocabulary, joined with what it is really billed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from analysis.money import Money


@dataclass(frozen=True, slots=True)
class Metric:
    """A measurement over a window of days: how it behaved, not each sample."""

    days: int
    average: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Anything billed that can be named; ``id`` is its FOCUS ResourceId (ARN or ARM id, as the bill writes it)."""

    id: str
    provider: str  # the name of the provider that yielded it: "aws", "azure", "sample"
    cloud: str  # whose commands act on it: "aws" or "azure"
    name: str
    account: str  # FOCUS SubAccountId
    region: str
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(
        default_factory=dict
    )  # "cpu_percent", "memory_percent", "network_mb_per_day" …
    created: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk(Resource):
    """Block storage that a machine may use: EBS volumes, Azure managed disks."""

    size_gb: int
    tier: str
    zone: str = ""  # the availability zone that it lives in, where it has one
    attached_to: str | None
    idle_since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A machine type with what it offers and what an hour of it lists at, in the machine's own price list."""

    name: str
    vcpus: int
    memory_gb: float
    hourly: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine(Resource):
    """A virtual machine: EC2 instances, Azure virtual machines.

    ``smaller`` lists the sizes it could move to within its own family and region, any order.
    """

    size: Size
    running: bool
    smaller: tuple[Size, ...] = ()


AnyResource = TypeVar("AnyResource", bound=Resource)


@dataclass(frozen=True, slots=True)
class Bill:
    """What one resource is billed a month: its rows of the last complete days, scaled to 30.4375.

    ``covered`` is the part that a commitment already pays for: stopping the resource frees that commitment and
    saves no cash. ``effective`` contains it.
    """

    effective: Money
    covered: Money
    days: int  # days with billed rows, of the window it was read from

    @property
    def cash(self) -> Money:
        """What would stop being billed with the resource."""
        return self.effective - self.covered


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything inventoried on one day, with what it costs.

    ``bills`` is keyed by ResourceId in lower case, since clouds disagree with themselves about case.
    """

    as_of: date
    resources: tuple[Resource, ...]
    bills: Mapping[str, Bill] = field(default_factory=dict)

    @classmethod
    def of_all(cls, as_of: date, resources: Iterable[Resource], bills: Mapping[str, Bill]) -> Estate:
        """Join an inventory with its bills."""
        return cls(as_of, tuple(resources), bills)

    def of(self, kind: type[AnyResource]) -> Iterator[AnyResource]:
        """Each resource of one kind."""
        return (resource for resource in self.resources if isinstance(resource, kind))

    def bill(self, resource: Resource) -> Bill | None:
        """What it is billed, or ``None`` if the bill has never heard of it."""
        return self.bills.get(resource.id.lower())
