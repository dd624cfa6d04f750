"""The truths: what the sample company's figures must come out as, to the last digit, and what comes after today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeAlias

import numpy as np

from analysis.estate import Disk
from analysis.focus import RUNNING
from analysis.periods import DAYS_A_MONTH, Period
from providers.sample import company, rows
from providers.sample.cast import Thing
from providers.sample.charges import Row
from providers.sample.days import Meters
from providers.sample.planted import GP2, OUTDATED, UNATTACHED, PlantedDisk, PlantedMachine, PlantedSurprise
from providers.sample.rows import COSTS, exact

CENT = Decimal("0.01")
TEAM = "team"
Key: TypeAlias = tuple[str, str, str]  # month of the charge, currency, ChargeCategory


class Sums:
    """Exact totals of what was written, and of what will once be known."""

    def __init__(self) -> None:
        self.written: dict[Key, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(COSTS))
        self.whole: dict[tuple[str, str], Decimal] = defaultdict(Decimal)  # month, currency: running, complete
        self.days: dict[tuple[str, date, str], Decimal] = defaultdict(Decimal)  # cloud, day, currency: complete
        self.untagged: dict[str, dict[str, Decimal]] = {}

    def count_used(self, month: Period, meters: Meters, units: np.ndarray) -> None:
        """Add written usage."""
        for currency, mask in _masks(meters):
            totals = self.written[_label(month.start), currency, "Usage"]
            prices = (meters.paid, meters.worth, meters.listed, meters.contracted)
            for place, price in enumerate(prices):
                totals[place] += exact(int((units[mask] * price[mask, None]).sum(axis=1).astype(object).sum()))

    def count_rows(self, made: list[Row]) -> None:
        """Add written charges."""
        for row in made:
            key = (_label(row["ChargePeriodStart"].date()), row["BillingCurrency"], row["ChargeCategory"])
            totals = self.written[key]
            for place, cost in enumerate(COSTS):
                totals[place] += row[cost]

    def foresee(self, cloud: str, month: Period, meters: Meters, units: np.ndarray, made: list[Row]) -> None:
        """Add a month's running cost as it will be once everything has arrived."""
        for currency, mask in _masks(meters):
            daily = (units[mask] * meters.worth[mask, None]).sum(axis=0)
            for day, amount in zip(month, daily, strict=True):
                self._foreseen(cloud, day, currency, exact(int(amount)))
        for row in made:
            if row["ChargeCategory"] in RUNNING:
                self._foreseen(cloud, row["ChargePeriodStart"].date(), row["BillingCurrency"], row["EffectiveCost"])

    def count_tags(self, meters: Meters, units: np.ndarray, made: list[Row]) -> None:
        """Add the running cost of a month by how it is tagged."""
        costs = (units * meters.worth[:, None]).sum(axis=1)
        for thing, cost in zip(meters.things, costs, strict=True):
            self._tagged(thing.currency, thing.spot.tags, exact(int(cost)))
        for row in made:
            if row["ChargeCategory"] in RUNNING:
                self._tagged(row["BillingCurrency"], {}, row["EffectiveCost"])

    def _foreseen(self, cloud: str, day: date, currency: str, amount: Decimal) -> None:
        self.whole[_label(day), currency] += amount
        self.days[cloud, day, currency] += amount

    def _tagged(self, currency: str, tags: Mapping[str, str], cost: Decimal) -> None:
        sums = self.untagged.setdefault(
            currency, {"total": Decimal(0), "no_team": Decimal(0), "no_team_in_any_spelling": Decimal(0)}
        )
        sums["total"] += cost
        sums["no_team"] += cost if TEAM not in tags else 0
        sums["no_team_in_any_spelling"] += cost if TEAM not in {key.lower() for key in tags} else 0


def waste(meters: Meters, as_of: date) -> list[dict[str, str]]:
    """Each planted waste: what it costs a month, in cash, and what of a commitment it holds."""
    made: dict[str, dict[str, str]] = {}
    for thing in {thing.id: thing for thing in meters.things}.values():
        check, part = _verdict(thing)
        if not check or part <= 0 or thing.spot.ends < as_of:
            continue
        cash, covered = (_monthly(meters, thing, covered=covered) * part for covered in (False, True))
        made[thing.id] = _named(thing) | {
            "check": check,
            "monthly": str(cash.quantize(CENT, rounding="ROUND_HALF_UP")),
            "frees_commitment": str(covered.quantize(CENT, rounding="ROUND_HALF_UP")),
            "currency": thing.currency,
        }
    return list(made.values())


def decoys(things: list[Thing]) -> list[dict[str, str]]:
    """Each look-alike, and why it is none."""
    return [
        _named(thing) | {"why": thing.spot.plant.innocent}
        for thing in things
        if isinstance(thing.spot.plant, PlantedDisk | PlantedMachine) and thing.spot.plant.innocent
    ]


def surprises(meters: Meters, as_of: date, extra: dict[date, np.ndarray]) -> list[dict[str, str | None]]:
    """Each planted surprise: when, where, and its dollars up to the day before the report, late days as they will be.

    ``extra`` holds the ten-thousandths of a unit that it adds, by the first day of a month. What stays has no end.
    """
    made: list[dict[str, str | None]] = []
    for place, thing in enumerate(meters.things):
        if not isinstance(thing.spot.plant, PlantedSurprise):
            continue
        plant, begins = thing.spot.plant, thing.spot.plant.begins(as_of)
        days = {
            month + timedelta(days=day): exact(int(units[place, day]) * int(meters.worth[place]))
            for month, units in extra.items()
            for day in range(units.shape[1])
            if units[place, day] and month + timedelta(days=day) < as_of
        }
        made.append(
            {
                **_named(thing),
                "service": thing.offer.service,
                "shape": plant.shape,
                "start": begins.isoformat(),
                "end": min(begins + timedelta(days=plant.days), as_of).isoformat() if plant.days else None,
                "dollars": str(sum(days.values(), start=Decimal(0))),
                "currency": thing.currency,
            }
        )
    return made


def coverage(month: Period, meters: Meters, units: np.ndarray) -> dict[str, str]:
    """Of the machines of a commitment's currency: what lists in the month, and how much of that was covered."""
    commitment = meters.commitment
    mine = np.array(
        [
            thing.offer.service == commitment.service and thing.spot.account.payer is commitment.payer
            for thing in meters.things
        ]
    )
    listed = (units * meters.listed[:, None]).sum(axis=1)
    return {
        "month": _label(month.start),
        "eligible_list": str(exact(int(listed[mine].sum()))),
        "covered_list": str(exact(int(listed[mine & meters.covered].sum()))),
    }


def kept(month: Period, made: list[Row], used: np.ndarray) -> dict[str, str]:
    """What a commitment cost in a month, and what of it was used."""
    bought = sum((row["BilledCost"] for row in made if row["ChargeCategory"] == "Purchase"), start=Decimal(0))
    unused = sum((row["EffectiveCost"] for row in made if row["ChargeCategory"] == "Usage"), start=Decimal(0))
    return {
        "month": _label(month.start),
        "purchased": str(bought),
        "used": str(exact(int(used.sum()))),
        "unused": str(unused),
    }


def _verdict(thing: Thing) -> tuple[str, Decimal]:
    """Which check must find a thing, and the part of its bill that would end."""
    plant = thing.spot.plant
    if isinstance(plant, PlantedDisk) and not plant.innocent:
        return UNATTACHED, Decimal(1)
    if isinstance(plant, PlantedMachine) and plant.check:
        return plant.check, 1 - _price_of(plant.fits) / _price_of(plant.size) if plant.fits else Decimal(1)
    if isinstance(thing.seen, Disk) and thing.seen.tier == GP2:
        return OUTDATED, _kept_by_gp3(thing.seen.size_gb)
    return "", Decimal(0)


SLOW_GB = 170  # up to here gp2 moves no more than gp3 does


def _kept_by_gp3(size_gb: int) -> Decimal:
    """The part of gp2's price that gp3 saves, less what speed beyond its own costs there (AWS price list)."""
    speed = max(0, min(3 * size_gb, 16_000) - 3_000) * Decimal("0.005") + (5 if size_gb > SLOW_GB else 0)
    return Decimal("0.20") - speed / (Decimal("0.10") * size_gb)


def _price_of(size: str) -> Decimal:
    families = (family for cloud in company.FAMILIES.values() for family in cloud)
    return next(Decimal(one.hourly) for family in families for one in family if one.name == size)


def _monthly(meters: Meters, thing: Thing, *, covered: bool) -> Decimal:
    """What a steady thing costs in 30.4375 days, on demand or covered."""
    daily = sum(
        (
            rows.exact(round(meters.usual[place] * 10_000) * int(meters.worth[place]))
            for place, one in enumerate(meters.things)
            if one.id == thing.id and bool(meters.covered[place]) is covered
        ),
        start=Decimal(0),
    )
    return daily * Decimal(str(DAYS_A_MONTH))


def _named(thing: Thing) -> dict[str, str]:
    return {
        "resource_id": thing.id,
        "name": thing.spot.name,
        "cloud": thing.spot.account.payer.cloud,
        "account": thing.spot.account.id,
    }


def _masks(meters: Meters) -> list[tuple[str, np.ndarray]]:
    currencies = meters.currencies()
    return [(str(currency), currencies == currency) for currency in sorted(set(currencies.tolist()))]


def _label(day: date) -> str:
    return f"{day:%Y-%m}"
