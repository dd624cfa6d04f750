"""SQL databases, pools and managed instances, Cosmos DB, caches and dedicated SQL pools."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal

from analysis.estate import Size
from analysis.kinds import Cache, Database, DatabasePool, DocumentStore, Warehouse
from analysis.money import Money
from providers.azure.readers import Place, Row, Seen, Wanted, day, reader, word

DATABASE, WAREHOUSE, CACHE = (
    "microsoft.sql/servers/databases",
    "microsoft.synapse/workspaces/sqlpools",
    "microsoft.cache/redis",
)
BYTES = 1024**3
WAREHOUSE_TIER = "datawarehouse"
# USD an hour and unit, East US (Azure SQL Database pricing); linear within a tier, so that only ratios count.
DTU = {"Standard": Decimal("0.00202"), "Premium": Decimal("0.00500")}
STANDARD, PREMIUM = (10, 20, 50, 100, 200, 400, 800, 1600, 3000), (125, 250, 500, 1000, 1750, 4000)
NAMES: Mapping[str, Mapping[int, str]] = {
    "Standard": dict(zip(STANDARD, ("S0", "S1", "S2", "S3", "S4", "S6", "S7", "S9", "S12"), strict=True)),
    "Premium": dict(zip(PREMIUM, ("P1", "P2", "P4", "P6", "P11", "P15"), strict=True)),
}
CORES = (2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 32, 40, 80)
CORE = {  # with a licence, and without
    "GP": (Decimal("0.2522"), Decimal("0.1522")),
    "BC": (Decimal("0.6801"), Decimal("0.3052")),
}
SERVERLESS = "_S_"
CORE_GB = 5.1  # memory of a Gen5 vCore
OBJECTIVE = re.compile(r"(?P<tier>GP|BC)_(?P<family>Gen5)_(?P<cores>\d+)")


@reader("databases", queries=("databases",), billed=("SQL",))
def databases(place: Place) -> Iterator[Seen]:
    """Databases that are billed by themselves; those of a pool are the pool's."""
    for row in place.of("databases"):
        if row.get("pool"):
            continue
        if word(row.get("tier")).lower() == WAREHOUSE_TIER:
            running = word(row.get("status")).lower() == "online"
            yield Seen(Warehouse(**place.common(row), running=running), DATABASE, _warehouse() if running else ())
            continue
        yield Seen(_database(place, row), DATABASE, _wanted(word(row.get("objective"))))


@reader("database-pools", queries=("pools", "databases"), billed=("SQL",))
def pools(place: Place) -> Iterator[Seen]:
    """Elastic pools with how many databases share them."""
    inside = Counter(word(row.get("pool")).lower() for row in place.of("databases"))
    for row in place.of("pools"):
        size = f"{row.get('size')}, {row.get('capacity')}"
        found = DatabasePool(
            **place.common(row), size=size, databases=inside[word(row["id"]).lower()], created=day(row.get("created"))
        )
        yield Seen(found)


@reader("managed-instances", queries=("instances",), billed=("SQL",))
def instances(place: Place) -> Iterator[Seen]:
    """Managed instances."""
    for row in place.of("instances"):
        cores, tier = int(row.get("capacity") or 0), word(row.get("size")).split("_", 1)[0]
        licensed, bare = CORE.get(tier, (Decimal(0), Decimal(0)))
        paid = word(row.get("licence")).lower() == "licenseincluded"
        yield Seen(
            Database(
                **place.common(row),
                engine="SQL Managed Instance",
                version="",
                size=_cores(word(row.get("size")), cores, licensed if paid else bare),
                running=word(row.get("state")).lower() not in ("stopped", "stopping"),
                storage_gb=int(row.get("gb") or 0),
                licence="included" if paid else "owned",
                unlicensed=_cores(word(row.get("size")), cores, bare) if paid else None,
            )
        )


@reader("document-stores", queries=("stores",), billed=("Cosmos",))
def stores(place: Place) -> Iterator[Seen]:
    """Cosmos DB accounts."""
    for row in place.of("stores"):
        said = (row.get("backup") or {}).get("periodicModeProperties") or {}
        yield Seen(
            DocumentStore(
                **place.common(row),
                every_minutes=int(said.get("backupIntervalInMinutes") or 0),
                hours=int(said.get("backupRetentionIntervalInHours") or 0),
            )
        )


@reader("caches", queries=("caches",), billed=("Redis", "Cache"))
def caches(place: Place) -> Iterator[Seen]:
    """Azure Cache for Redis."""
    for row in place.of("caches"):
        hits = Wanted("hits_per_day", "allcachehits+allcachemisses", "Total", days=30)
        yield Seen(Cache(**place.common(row), kind="redis", engine="redis"), CACHE, (hits,))


@reader("warehouses", queries=("warehouses",), billed=("Synapse", "SQL Data Warehouse"))
def warehouses(place: Place) -> Iterator[Seen]:
    """Dedicated SQL pools of Synapse."""
    for row in place.of("warehouses"):
        running = word(row.get("status")).lower() == "online"
        measured = (Wanted("connections", "Connections", "Total", days=30),) if running else ()
        yield Seen(Warehouse(**place.common(row), running=running), WAREHOUSE, measured)


def _warehouse() -> tuple[Wanted, ...]:
    return (
        Wanted("connections", "connection_successful", "Total", days=30),
        Wanted("cpu_percent", "cpu_percent", "Average", days=30),
    )


def _wanted(objective: str) -> tuple[Wanted, ...]:
    """What is measured of a database; of a serverless one, which pauses by itself, nobody counts the visitors."""
    cpu = Wanted("cpu_percent", "cpu_percent" if "_" in objective else "dtu_consumption_percent", "Average", days=30)
    if SERVERLESS in objective:
        return (cpu,)
    return (Wanted("connections", "connection_successful", "Total", days=30, absent_is_zero=True), cpu)


def _database(place: Place, row: Row) -> Database:
    objective, tier = word(row.get("objective")), word(row.get("tier"))
    paid = word(row.get("licence")).lower() == "licenseincluded"
    size, smaller, unlicensed = _sizes(objective, tier, int(row.get("capacity") or 0), paid=paid)
    return Database(
        **place.common(row),
        engine="SQL Database",
        version="",
        size=size,
        smaller=smaller,
        running=word(row.get("status")).lower() in ("online", ""),
        multi_zone=bool(row.get("zoned")),
        storage_gb=int(int(row.get("bytes") or 0) / BYTES),
        created=day(row.get("created")),
        licence=("included" if paid else "owned") if OBJECTIVE.fullmatch(objective) else "",
        unlicensed=unlicensed,
    )


def _sizes(objective: str, tier: str, capacity: int, *, paid: bool) -> tuple[Size, tuple[Size, ...], Size | None]:
    """What it is now, what is smaller in its tier, and the same on a licence of one's own."""
    if found := OBJECTIVE.fullmatch(objective):
        cores, (licensed, bare) = int(found["cores"]), CORE[found["tier"]]
        unit = licensed if paid else bare
        named = f"{found['tier']}_{found['family']}_"
        fewer = tuple(_cores(f"{named}{one}", one, unit) for one in CORES if one < cores)
        return _cores(objective, cores, unit), fewer, _cores(objective, cores, bare) if paid else None
    if tier in NAMES and capacity in NAMES[tier]:
        unit = DTU[tier]
        fewer = tuple(_units(name, count, unit) for count, name in NAMES[tier].items() if count < capacity)
        return _units(objective, capacity, unit), fewer, None
    return Size(name=objective, vcpus=0, memory_gb=0.0, hourly=Money.zero("USD")), (), None


def _cores(name: str, cores: int, unit: Decimal) -> Size:
    return Size(name=name, vcpus=cores, memory_gb=cores * CORE_GB, hourly=Money(unit * cores, "USD"))


def _units(name: str, units: int, unit: Decimal) -> Size:
    """A size of DTUs, which stand for processors and memory together."""
    return Size(name=name, vcpus=units, memory_gb=0.0, hourly=Money(unit * units, "USD"))
