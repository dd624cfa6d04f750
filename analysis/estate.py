"""The estate: what runs, in our own vocabulary, joined with what it is really billed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from analysis.money import Money
from analysis.spelling import key_meant, meant

ENVIRONMENT_KEYS = ("env", "environment", "stage")
BARE = re.compile(r"(?:^|[/:])([a-z]{1,12}-[0-9a-f]{8}(?:[0-9a-f]{9})?)$")  # of an ARN, the id that AWS bills some by


@dataclass(frozen=True, slots=True)
class Metric:
    """A measurement over a window of days: how it behaved, not each sample."""

    days: int
    average: float
    maximum: float
    last: date | None = None  # the last day on which it was reported, where a day without a report says something


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
    billed_as: tuple[str, ...] = ()  # other ids that its bill may go by
    account_name: str = ""  # FOCUS SubAccountName, where the inventory knows it
    retired: str = ""  # why nobody should be on its kind any more: "Basic addresses were retired on 30 Sep 2025"

    @property
    def env(self) -> str:
        """What its tags say it is for: ``prod``, ``dev`` …, in small letters; empty if they do not say."""
        return next((meant(value) for key, value in self.tags.items() if key_meant(key) in ENVIRONMENT_KEYS), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk(Resource):
    """Block storage that a machine may use: EBS volumes, Azure managed disks."""

    size_gb: int
    tier: str
    zone: str = ""  # the availability zone that it lives in, where it has one
    attached_to: str | None
    idle_since: date | None = None
    holder_running: bool = True  # the machine that it is attached to
    iops: int = 0  # provisioned
    throughput_mb: int = 0  # a second, provisioned
    kept_by: str = ""  # what needs it though no machine uses it: site recovery, a claim of Kubernetes, an export


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A machine type with what it offers and what an hour of it lists at, in the machine's own price list."""

    name: str
    vcpus: int
    memory_gb: float
    hourly: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Computer(Resource):
    """Anything that is rented by its size and the hour: machines, databases.

    ``smaller`` lists the sizes it could move to within its own family and region, any order; ``successor`` is the same
    size of a newer family, ``arm`` of one with Arm processors. ``licence`` of Windows or SQL Server is ``included`` in
    what is billed or ``owned``; empty where there is none, or nobody tells. ``unlicensed`` is the same size without it.
    """

    size: Size
    running: bool = True
    smaller: tuple[Size, ...] = ()
    successor: Size | None = None
    arm: Size | None = None
    licence: str = ""
    unlicensed: Size | None = None

    def saves(self, other: Size | None) -> float:
        """The part of what it lists at that another size would save; 0 where it would not, or nobody knows."""
        if other is None or not self.size.hourly or self.size.hourly.currency != other.hourly.currency:
            return 0.0
        return max(0.0, 1 - float(other.hourly) / float(self.size.hourly))


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine(Computer):
    """A virtual machine: EC2 instances, Azure virtual machines; ``since`` is when it was last started."""

    since: date | None = None
    stopped_since: date | None = None
    spot: bool = False
    group: str = ""  # the scaling group that would replace it
    holds: tuple[str, ...] = ()  # ids of its disks and addresses, which are billed while it is stopped
    allocated: bool = False  # it was stopped from within: it does nothing, and its hardware is billed on


AnyResource = TypeVar("AnyResource", bound=Resource)


@dataclass(frozen=True, slots=True)
class Charge:
    """What is billed a month for one thing; ``covered`` is the part of ``effective`` that a commitment pays for."""

    effective: Money
    covered: Money

    @property
    def cash(self) -> Money:
        """What would stop being billed with it."""
        return self.effective - self.covered

    def __add__(self, other: Charge) -> Charge:
        return Charge(self.effective + other.effective, self.covered + other.covered)


@dataclass(frozen=True, slots=True)
class Bill:
    """What one resource is billed a month: its rows of the last complete days, scaled to 30.4375.

    ``covered`` is the part that a commitment already pays for: stopping the resource frees that commitment and
    saves no cash. ``effective`` contains it. ``meters`` tells both apart by what was metered (FOCUS SkuMeter), where
    the rows say it.
    """

    effective: Money
    covered: Money
    days: int  # days with billed rows, of the window it was read from
    meters: Mapping[str, Charge] = field(default_factory=dict)

    @property
    def cash(self) -> Money:
        """What would stop being billed with the resource."""
        return self.effective - self.covered

    @property
    def whole(self) -> Charge:
        """All of it."""
        return Charge(self.effective, self.covered)

    def part(self, meters: str) -> Charge:
        """What the meters that match a regular expression come to; nothing, if the rows do not tell meters."""
        chosen = [charge for name, charge in self.meters.items() if re.search(meters, name, re.IGNORECASE)]
        return sum(chosen, Charge(Money.zero(self.effective.currency), Money.zero(self.effective.currency)))

    def __add__(self, other: Bill) -> Bill:
        """Both together; of one currency."""
        meters = {
            name: self.meters[name] + other.meters[name]
            if name in self.meters and name in other.meters
            else (self.meters.get(name) or other.meters[name])
            for name in (*self.meters, *(name for name in other.meters if name not in self.meters))
        }
        effective, covered = self.effective + other.effective, self.covered + other.covered
        return Bill(effective, covered, max(self.days, other.days), meters)


@dataclass(frozen=True, slots=True)
class Advice:
    """What a cloud itself recommends for one resource: its words, and the saving a month that it estimates.

    ``topic`` is one of the catalogue's ids (``aws.lambda.memory``), ``source`` the service that says it.
    """

    resource_id: str
    provider: str
    cloud: str
    account: str
    region: str
    topic: str
    source: str
    says: str
    saving: Money
    target: str = ""
    present: str = ""
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def one_each(found: Iterable[Advice]) -> list[Advice]:
    """Of several pieces of advice on one resource and topic the one that promises least: none is counted twice."""
    kept: dict[tuple[str, str], Advice] = {}
    for one in found:
        key = (one.resource_id.lower(), one.topic)
        if key not in kept or one.saving.amount < kept[key].saving.amount:
            kept[key] = one
    return list(kept.values())


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything inventoried on one day, with what it costs.

    ``bills`` is keyed by ResourceId in lower case, since clouds disagree with themselves about case.
    """

    as_of: date
    resources: tuple[Resource, ...]
    bills: Mapping[str, Bill] = field(default_factory=dict)
    advice: tuple[Advice, ...] = ()

    @classmethod
    def of_all(
        cls, as_of: date, resources: Iterable[Resource], bills: Mapping[str, Bill], advice: Iterable[Advice] = ()
    ) -> Estate:
        """Join an inventory with its bills."""
        return cls(as_of, tuple(resources), bills, tuple(advice))

    def of(self, kind: type[AnyResource]) -> Iterator[AnyResource]:
        """Each resource of one kind."""
        return (resource for resource in self.resources if isinstance(resource, kind))

    def named(self, ids: Iterable[str]) -> Iterator[Resource]:
        """The resources of some ids, those that were inventoried."""
        wanted = {name.lower() for name in ids}
        return (resource for resource in self.resources if resource.id.lower() in wanted)

    def bill(self, resource: Resource) -> Bill | None:
        """What it is billed, or ``None`` if the bill has never heard of it."""
        return next((bill for name in (resource.id, *resource.billed_as) if (bill := self.billed(name))), None)

    def metered(self, resource: Resource, meters: str) -> str:
        """The pattern of meters itself, if the resource's rows tell such; else nothing: all rows must do."""
        bill = self.bill(resource)
        return meters if bill and bill.part(meters).effective else ""

    def billed(self, name: str) -> Bill | None:
        """What is billed under an id; AWS bills some services by ARN and others by the last part of it."""
        lower = name.lower()
        bare = BARE.search(lower)
        return self.bills.get(lower) or (self.bills.get(bare[1]) if bare else None)
