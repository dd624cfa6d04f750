"""The cast: every resource that Apex Outfitters is billed for, drawn from a seed, with what was planted among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import numpy as np

from analysis.estate import Disk, Machine, Metric, Size
from analysis.money import Money
from providers.sample import company, planted
from providers.sample.company import AWS, AZURE, Account, Offer, Region, SizeOnOffer

MILLION = 1_000_000
FOREVER = date(9999, 1, 1)
LONG_AGO = date(2020, 1, 1)
MEASURED_DAYS, STOPPED_DAYS, RETIRED_DAYS = 30, 40, 50
HOURS = 24.0
COVERED, RETIRED = 0.45, 0.06  # of the machines in production; of those that are covered
BORN_LATELY, GONE = 0.16, 0.05
SMALLER = 0.3  # what something costs outside production
DATA_ACCOUNTS = ("apex-data", "apex-analytics")
AZURE_ZONES = ("", "1", "2", "3")
T = TypeVar("T")


Plant: TypeAlias = planted.PlantedDisk | planted.PlantedMachine | planted.PlantedSurprise


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands, whose it is, and from when to when it is there."""

    account: Account
    region: Region
    zone: str
    name: str
    team: str
    tags: Mapping[str, str]
    starts: date = LONG_AGO
    ends: date = FOREVER
    plant: Plant | None = None


@dataclass(frozen=True, slots=True)
class Thing:
    """A billed resource: what it is, where it stands, and how much of it is used on a usual day.

    ``price`` is the list price in millionths of its currency a unit; ``usual`` is in units a day. A ``steady`` thing
    is billed the same each day; a commitment pays for the ``covered`` part of it.
    """

    offer: Offer
    spot: Spot
    id: str
    _: KW_ONLY
    sku: str
    price: int
    usual: float
    covered: float = 0.0
    steady: bool = False
    seen: Disk | Machine | None = None

    @property
    def currency(self) -> str:
        """What it is billed in."""
        return self.spot.account.payer.currency


def cast(cloud: str, *, seed: int, scale: int, as_of: date) -> list[Thing]:
    """Everything on one cloud; the same arguments give the same cast, whichever day of the month ``as_of`` is."""
    drawn = _Draw(cloud, seed, as_of)
    things: list[Thing] = []
    machine_offer = company.INSTANCES if cloud == AWS else company.VIRTUAL_MACHINES
    disk_offer = company.VOLUMES if cloud == AWS else company.MANAGED_DISKS
    things.extend(drawn.plants(machine_offer, disk_offer, scale))
    machines = [drawn.machine(machine_offer) for _ in range(machine_offer.count * scale)]
    things.extend(machines)
    things.extend(drawn.disk(disk_offer, drawn.one(machines)) for _ in range(disk_offer.count * scale))
    things.extend(drawn.other(offer) for offer in company.OFFERS[cloud] for _ in range(offer.count * scale))
    return things


class _Draw:
    """A seeded hand that draws resources of one cloud."""

    def __init__(self, cloud: str, seed: int, as_of: date) -> None:
        self.cloud, self.as_of = cloud, as_of
        self.anchor = as_of.replace(day=1)
        self.random = np.random.default_rng([seed, 11, (AWS, AZURE).index(cloud)])
        self.count = 0

    def one(self, among: Sequence[T], weights: list[float] | None = None) -> T:
        """One of them."""
        if weights is None:
            return among[int(self.random.integers(len(among)))]
        parts = np.cumsum(weights)
        return among[min(int(np.searchsorted(parts, self.random.random() * parts[-1], side="right")), len(among) - 1)]

    def machine(self, offer: Offer) -> Thing:
        """A machine that earns its keep."""
        spot = self._spot(offer)
        family = self.one(company.FAMILIES[self.cloud])
        size = self.one(family, [0.35, 0.35, 0.2, 0.1][: len(family)])
        peak = self.random.uniform(38, 97)
        payer = company.COMMITMENTS[self.cloud].payer
        covered = spot.account.env == "prod" and spot.account.payer is payer and self.random.random() < COVERED
        if covered:
            retired = self.random.random() < RETIRED  # and its commitment goes on
            ends = self.anchor - timedelta(days=RETIRED_DAYS) if retired else FOREVER
            spot = replace(spot, starts=LONG_AGO, ends=ends)
        metrics = {
            "cpu_percent": Metric(MEASURED_DAYS, round(peak * self.random.uniform(0.25, 0.6), 1), round(peak, 1)),
            "memory_percent": _spread(self.random.uniform(30, 92)),
            "network_mb_per_day": _spread(float(self.random.lognormal(9, 1)) + 200),
        }
        return self._machine(offer, spot, family, size, metrics, covered=float(covered))

    def disk(self, offer: Offer, machine: Thing) -> Thing:
        """A disk of ``machine``, which uses it."""
        tier = self.one(tuple(company.TIERS[self.cloud]), [0.6, 0.3, 0.1])
        size_gb = self.one((32, 64, 128, 256, 512, 1024), [0.1, 0.2, 0.3, 0.2, 0.15, 0.05])
        self.count += 1
        spot = replace(machine.spot, name=f"{machine.spot.name}-{self.one(offer.names)}-{self.count}")
        return self._disk(offer, spot, tier, size_gb, attached_to=machine.id)

    def other(self, offer: Offer) -> Thing:
        """Anything else on the price list."""
        spot = self._spot(offer)
        dollars = offer.usual * float(np.exp(self.random.normal(0, offer.spread)))
        return self._thing(offer, spot, dollars if spot.account.env == "prod" else dollars * SMALLER)

    def plants(self, machines: Offer, disks: Offer, scale: int) -> Iterator[Thing]:
        """Waste, look-alikes and surprises: the whole list, ``scale`` times (surprises once)."""
        mine = {account.name: account for account in company.ACCOUNTS[self.cloud]}
        for copy in range(scale):
            ending = f"-{copy + 1}" if copy else ""
            for machine in planted.MACHINES:
                if machine.account in mine:
                    yield self._planted_machine(machines, self._set(mine[machine.account], machine, ending), machine)
            for disk in planted.DISKS:
                if disk.account in mine:
                    yield self._planted_disk(disks, self._set(mine[disk.account], disk, ending), disk)
        offers = {offer.service: offer for offer in company.OFFERS[self.cloud]}
        for surprise in planted.SURPRISES:
            if surprise.account in mine:
                spot = self._set(mine[surprise.account], surprise, "")
                yield self._thing(offers[surprise.service], spot, surprise.usual)

    def _planted_machine(self, offer: Offer, spot: Spot, plant: planted.PlantedMachine) -> Thing:
        families = company.FAMILIES[self.cloud]
        family, size = next((family, size) for family in families for size in family if size.name == plant.size)
        metrics = {
            "cpu_percent": Metric(plant.measured, plant.cpu_average, plant.cpu_maximum),
            "network_mb_per_day": Metric(plant.measured, plant.network, plant.network * 1.8),
        }
        if plant.memory is not None:
            metrics["memory_percent"] = Metric(plant.measured, plant.memory * 0.8, plant.memory)
        if not plant.running:
            spot = replace(spot, ends=self.anchor - timedelta(days=STOPPED_DAYS))
        return self._machine(offer, spot, family, size, metrics, covered=plant.covered)

    def _planted_disk(self, offer: Offer, spot: Spot, plant: planted.PlantedDisk) -> Thing:
        since = (self.as_of if plant.fresh else self.anchor) - timedelta(days=plant.idle_days)
        if not plant.billed:
            spot = replace(spot, ends=spot.starts)
        host = "a stopped machine" if plant.attached else None
        return self._disk(offer, spot, plant.tier, plant.size_gb, attached_to=host, idle_since=None if host else since)

    def _machine(
        self,
        offer: Offer,
        spot: Spot,
        family: tuple[SizeOnOffer, ...],
        size: SizeOnOffer,
        metrics: Mapping[str, Metric],
        *,
        covered: float,
    ) -> Thing:
        sizes = [_priced(one, spot.account) for one in family]
        place = family.index(size)
        seen = Machine(
            **self._facts(offer, spot),
            metrics=metrics,
            size=sizes[place],
            running=spot.ends == FOREVER,
            smaller=tuple(sizes[:place]),
        )
        price = price_of(size.hourly, spot.account)
        return Thing(
            offer, spot, seen.id, sku=size.name, price=price, usual=HOURS, covered=covered, steady=True, seen=seen
        )

    def _disk(
        self,
        offer: Offer,
        spot: Spot,
        tier: str,
        size_gb: int,
        *,
        attached_to: str | None,
        idle_since: date | None = None,
    ) -> Thing:
        seen = Disk(
            **self._facts(offer, spot),
            size_gb=size_gb,
            tier=tier,
            zone=spot.zone,
            attached_to=attached_to,
            idle_since=idle_since,
        )
        price = price_of(company.TIERS[self.cloud][tier], spot.account)
        return Thing(offer, spot, seen.id, sku=tier, price=price, usual=float(size_gb), steady=True, seen=seen)

    def _thing(self, offer: Offer, spot: Spot, dollars: float) -> Thing:
        usual = dollars / float(offer.price)
        return Thing(
            offer, spot, self._id(offer, spot), sku=offer.sku, price=price_of(offer.price, spot.account), usual=usual
        )

    def _facts(self, offer: Offer, spot: Spot) -> dict[str, Any]:
        """What the inventory says of anything."""
        return {
            "id": self._id(offer, spot),
            "provider": "sample",
            "cloud": self.cloud,
            "name": spot.name,
            "account": spot.account.id,
            "region": spot.region.id,
            "tags": spot.tags,
            "created": None if spot.starts == LONG_AGO else spot.starts,
        }

    def _spot(self, offer: Offer) -> Spot:
        """Somewhere in the company."""
        accounts, regions = company.ACCOUNTS[self.cloud], company.REGIONS[self.cloud]
        account = self.one(accounts, [one.weight for one in accounts])
        region = self.one(regions, [one.weight for one in regions])
        if account.payer is company.EU_AZURE:
            region = self._home(account)
        team = self.one(company.TEAMS, list(company.TEAM_WEIGHTS))
        if account.name in DATA_ACCOUNTS:
            team = "data"
        self.count += 1
        name = f"{team}-{self.one(offer.names)}-{self.count:03d}"
        starts, ends = self._life()
        return Spot(account, region, self._zone(region), name, team, self._tags(account, team), starts, ends)

    def _set(self, account: Account, plant: Plant, ending: str) -> Spot:
        """Where a planted thing stands: at home, well tagged, always there."""
        home = self._home(account)
        tags = _well_tagged(account, plant.team)
        return Spot(account, home, self._zone(home), plant.name + ending, plant.team, tags, plant=plant)

    def _home(self, account: Account) -> Region:
        regions = company.REGIONS[self.cloud]
        return regions[-1] if account.payer is company.EU_AZURE else regions[0]

    def _zone(self, region: Region) -> str:
        return region.id + self.one(("a", "b", "c")) if self.cloud == AWS else self.one(AZURE_ZONES)

    def _id(self, offer: Offer, spot: Spot) -> str:
        digits = "".join(f"{digit:x}" for digit in self.random.integers(0, 16, 17))
        return offer.id.format(
            region=spot.region.id,
            account=spot.account.id,
            group=f"rg-{spot.account.name}",
            name=spot.name,
            hex=digits,
            HEX=digits[:13].upper(),
            plain=spot.name.replace("-", "")[:24],
        )

    def _life(self) -> tuple[date, date]:
        """When it came and when it went: most were always there, and stay."""
        luck = self.random.random()
        days = int(self.random.integers(20, 380))
        if luck < BORN_LATELY:
            return self.anchor - timedelta(days=days), FOREVER
        if luck < BORN_LATELY + GONE:
            return LONG_AGO, self.anchor - timedelta(days=days)
        return LONG_AGO, FOREVER

    def _tags(self, account: Account, team: str) -> dict[str, str]:
        """Tags as people really set them: most are right, some are misspelled, some are missing."""
        right = _well_tagged(account, team)
        ways: tuple[tuple[float, dict[str, str]], ...] = (
            (0.70, right),
            (0.06, {"Team": team, "env": account.env}),
            (0.03, {"TEAM": team.upper(), "cost-center": right["cost-center"]}),
            (0.04, {**right, "team": f"{team.capitalize()} "}),
            (0.10, {"env": account.env}),
            (0.07, {}),
        )
        return self.one([tags for _, tags in ways], [weight for weight, _ in ways])


def _well_tagged(account: Account, team: str) -> dict[str, str]:
    if not team:
        return {"env": account.env}
    return {"team": team, "env": account.env, "cost-center": company.COST_CENTERS[team]}


def price_of(usd: str, account: Account) -> int:
    """A list price in millionths of the account's currency; never nothing."""
    return max(1, round(Decimal(usd) * account.payer.price_level * MILLION))


def _priced(size: SizeOnOffer, account: Account) -> Size:
    hourly = Decimal(price_of(size.hourly, account)) / MILLION
    return Size(
        name=size.name, vcpus=size.vcpus, memory_gb=size.memory_gb, hourly=Money(hourly, account.payer.currency)
    )


def _spread(value: float) -> Metric:
    return Metric(MEASURED_DAYS, round(value * 0.7, 1), round(value, 1))
