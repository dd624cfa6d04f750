"""List prices of sizes: what a machine or a database lists at an hour, where and as it runs.

They only ever make a ratio of two sizes; money always comes from billed rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter

from analysis.estate import Size
from analysis.money import Money
from providers.aws.connection import refusal
from providers.aws.families import ARM, SUCCESSORS

log = structlog.get_logger(__name__)
SIZES = TypeAdapter(dict[str, Size])
HOURS = ("Hrs", "Hours")
ENGINES: Mapping[str, str] = {  # RDS' engine names as the price list writes them
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "aurora-postgresql": "Aurora PostgreSQL",
    "aurora-mysql": "Aurora MySQL",
    "aurora": "Aurora MySQL",
    "oracle-ee": "Oracle",
    "oracle-se2": "Oracle",
    "sqlserver-se": "SQL Server",
    "sqlserver-ee": "SQL Server",
    "sqlserver-ex": "SQL Server",
    "sqlserver-web": "SQL Server",
}
SYSTEMS: Mapping[str, str] = {  # EC2's PlatformDetails as the price list writes them
    "Linux/UNIX": "Linux",
    "Windows": "Windows",
    "Red Hat Enterprise Linux": "RHEL",
    "SUSE Linux": "SUSE",
}


class Prices(Protocol):
    """Sizes with what they list at; ``None`` and nothing where the price list does not tell."""

    def machine(self, name: str, region: str, system: str = "Linux") -> Size | None:
        """An EC2 instance type."""

    def machines_like(self, name: str, region: str, system: str = "Linux") -> tuple[Size, ...]:
        """The smaller sizes of its own family."""

    def newer_machine(self, name: str, region: str, system: str = "Linux") -> Size | None:
        """The same size of the family that AWS names as its successor, where there is one."""

    def arm_machine(self, name: str, region: str, system: str = "Linux") -> Size | None:
        """The same size of a family with Graviton processors, where there is one."""

    def database(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> Size | None:
        """An RDS class (``db.m5.large``); ``engine`` as RDS names it (``postgres``)."""

    def databases_like(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> tuple[Size, ...]:
        """The smaller classes of its own family."""

    def newer_database(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> Size | None:
        """The same size of the class that succeeds it, where there is one."""

    def arm_database(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> Size | None:
        """The same size of a class with Graviton processors, where there is one."""


class PriceList:
    """AWS's price list: one request a family, region and system, kept on disk for the month."""

    def __init__(self, client: Callable[[str], Any], folder: Path, now: datetime) -> None:
        self.client, self.folder, self.month = client, folder, f"{now:%Y-%m}"
        self._known: dict[str, dict[str, Size]] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def machine(self, name: str, region: str, system: str = "Linux") -> Size | None:
        """An EC2 instance type."""
        return self._machines(_family(name), region, system).get(name)

    def machines_like(self, name: str, region: str, system: str = "Linux") -> tuple[Size, ...]:
        """The smaller sizes of its own family."""
        return _smaller(name, self._machines(_family(name), region, system))

    def newer_machine(self, name: str, region: str, system: str = "Linux") -> Size | None:
        """The same size of the family that succeeds it."""
        other = _like(name, SUCCESSORS)
        return self.machine(other, region, system) if other else None

    def arm_machine(self, name: str, region: str, system: str = "Linux") -> Size | None:
        """The same size with Graviton processors."""
        other = _like(name, ARM) if system == "Linux" else ""
        return self.machine(other, region, system) if other else None

    def database(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> Size | None:
        """An RDS class."""
        return self._databases(_family(name), region, engine, multi_zone=multi_zone).get(name)

    def databases_like(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> tuple[Size, ...]:
        """The smaller classes of its own family."""
        return _smaller(name, self._databases(_family(name), region, engine, multi_zone=multi_zone))

    def newer_database(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> Size | None:
        """The same size of the class that succeeds it."""
        other = _like(name, SUCCESSORS)
        return self.database(other, region, engine, multi_zone=multi_zone) if other else None

    def arm_database(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> Size | None:
        """The same size with Graviton processors."""
        other = _like(name, ARM)
        return self.database(other, region, engine, multi_zone=multi_zone) if other else None

    def _machines(self, family: str, region: str, system: str) -> Mapping[str, Size]:
        said = {
            "operatingSystem": SYSTEMS.get(system, system),
            "tenancy": "Shared",
            "preInstalledSw": "NA",
            "capacitystatus": "Used",
        }
        return self._family("AmazonEC2", family, region, said)

    def _databases(self, family: str, region: str, engine: str, *, multi_zone: bool) -> Mapping[str, Size]:
        if engine not in ENGINES:
            return {}
        zones = "Multi-AZ" if multi_zone else "Single-AZ"
        return self._family("AmazonRDS", family, region, {"databaseEngine": ENGINES[engine], "deploymentOption": zones})

    def _family(self, service: str, family: str, region: str, said: Mapping[str, str]) -> Mapping[str, Size]:
        """All sizes of a family; asked for once a month, and once however many ask at once."""
        key = "-".join((service, region, family, *said.values())).replace(" ", "").replace("/", "")
        with self._lock:
            lock = self._locks.setdefault(key, Lock())
        with lock:
            if key not in self._known:
                self._known[key] = self._read(key) or self._asked(key, service, family, region, said)
            return self._known[key]

    def _read(self, key: str) -> dict[str, Size]:
        try:
            return SIZES.validate_json((self.folder / self.month / f"{key}.json").read_bytes())
        except (OSError, ValueError):
            return {}

    def _asked(self, key: str, service: str, family: str, region: str, said: Mapping[str, str]) -> dict[str, Size]:
        filters = [
            {"Type": "EQUALS", "Field": "regionCode", "Value": region},
            {"Type": "CONTAINS", "Field": "instanceType", "Value": f"{family}."},
            *({"Type": "EQUALS", "Field": field, "Value": value} for field, value in said.items()),
        ]
        found: dict[str, Size] = {}
        try:
            pages = self.client("pricing").get_paginator("get_products").paginate(ServiceCode=service, Filters=filters)
            for page in pages:
                for text in page.get("PriceList", ()):
                    if (size := _size(json.loads(text))) and _family(size.name) == family:
                        found[size.name] = size
        except (ClientError, BotoCoreError) as error:
            log.warning("price list", family=family, region=region, refused=refusal(error))
            return {}
        folder = self.folder / self.month
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f".{key}"
        aside.write_bytes(SIZES.dump_json(found))
        aside.replace(folder / f"{key}.json")
        return found


def _size(product: Mapping[str, Any]) -> Size | None:
    """One product of the price list; ``None`` if it is nothing that is billed by the hour on demand."""
    said = product.get("product", {}).get("attributes", {})
    for hourly in _hourly(product):
        try:
            return Size(
                name=said["instanceType"],
                vcpus=int(said["vcpu"]),
                memory_gb=float(said["memory"].split()[0].replace(",", "")),
                hourly=Money(hourly, "USD"),
            )
        except (KeyError, ValueError):
            return None
    return None


def _hourly(product: Mapping[str, Any]) -> Iterator[Decimal]:
    for term in (product.get("terms", {}).get("OnDemand") or {}).values():
        for price in term.get("priceDimensions", {}).values():
            try:
                amount = Decimal(price.get("pricePerUnit", {}).get("USD", "0"))
            except InvalidOperation:
                continue
            if price.get("unit") in HOURS and amount > 0:
                yield amount


def _family(name: str) -> str:
    return name.rpartition(".")[0]


def _like(name: str, families: Mapping[str, str]) -> str:
    """The same size of another family; empty where the table knows none."""
    family, _, size = name.rpartition(".")
    prefix = "db." if family.startswith("db.") else ""
    other = families.get(family.removeprefix("db."))
    return f"{prefix}{other}.{size}" if other else ""


def _smaller(name: str, family: Mapping[str, Size]) -> tuple[Size, ...]:
    own = family.get(name)
    return tuple(size for size in family.values() if own and size.hourly < own.hourly)
