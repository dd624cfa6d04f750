"""List prices of sizes: what a machine lists at an hour, from Azure's public price list, with what the size offers.

They only ever make a ratio of two sizes; money always comes from billed rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, TypeVar

import structlog
from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import RetryPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.costmanagement import CostManagementClient
from pydantic import TypeAdapter

from analysis.estate import Size
from analysis.money import Money
from providers.azure.connection import PRODUCT, Connection, refusal

log = structlog.get_logger(__name__)
SKUS_VERSION, PRICES_VERSION = "2021-07-01", "2023-01-01-preview"
MOST_PAGES = 50
ASKED = 3  # subscriptions, one after the other, until one answers
OK = 200
NAME = re.compile(
    r"(?P<head>Standard_[A-Z]+)(?P<cores>\d+)(?:-\d+)?(?P<tail>[a-z]*)(?P<rest>(?:_[A-Za-z0-9]+)*)", re.ASCII
)
NOT_ON_DEMAND = ("Spot", "Low Priority")
REGION = re.compile(r"[a-z][a-z0-9]{2,40}", re.ASCII)
SIZE = re.compile(r"Standard_[A-Za-z0-9_-]{1,60}", re.ASCII)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Offered:
    """What a size has, as Azure Compute lists it."""

    vcpus: int
    memory_gb: float
    arm: bool = False
    free: bool = True  # it may be started there; what already runs may be of a size that may not


class Prices(Protocol):
    """Sizes with what they list at; ``None`` and nothing where the price list does not tell."""

    def machine(self, name: str, region: str, *, windows: bool = False) -> Size | None:
        """A size of a virtual machine."""

    def machines_like(self, name: str, region: str, *, windows: bool = False) -> tuple[Size, ...]:
        """The smaller sizes of its own family."""

    def arm_machine(self, name: str, region: str) -> Size | None:
        """The same size of the family with Arm processors, where there is one."""


OFFERS = TypeAdapter(dict[str, Offered])
LISTED = TypeAdapter(dict[str, tuple[Decimal, Decimal]])  # Linux and Windows, USD an hour; 0 for none


class PriceList:
    """Azure's own, asked for once a region, family and month, and kept on disk."""

    def __init__(self, connection: Connection, subscriptions: Sequence[str], folder: Path, now: datetime) -> None:
        self.connection, self.subscriptions = connection, subscriptions[:ASKED]
        self.folder, self.month = folder, f"{now:%Y-%m}"
        self._known: dict[str, Any] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def machine(self, name: str, region: str, *, windows: bool = False) -> Size | None:
        """A size of a virtual machine."""
        offered = self._offers(region).get(name)
        prices = self._prices(family(name), region).get(name)
        hourly = prices[1 if windows else 0] if prices else Decimal(0)
        if offered is None or not hourly:
            return None
        return Size(name=name, vcpus=offered.vcpus, memory_gb=offered.memory_gb, hourly=Money(hourly, "USD"))

    def machines_like(self, name: str, region: str, *, windows: bool = False) -> tuple[Size, ...]:
        """The smaller sizes of its own family."""
        own = self.machine(name, region, windows=windows)
        if own is None:
            return ()
        members = (one for one in self._members(family(name), region) if self._free(one, region))
        others = (self.machine(one, region, windows=windows) for one in members)
        return tuple(one for one in others if one and one.hourly < own.hourly and one.vcpus < own.vcpus)

    def arm_machine(self, name: str, region: str) -> Size | None:
        """The same size of the family with Arm processors, where there is one."""
        other = with_arm(name)
        offered = self._offers(region).get(other) if other else None
        return self.machine(other, region) if offered and offered.arm and offered.free else None

    def _members(self, kind: str, region: str) -> list[str]:
        return [name for name in self._offers(region) if family(name) == kind]

    def _free(self, name: str, region: str) -> bool:
        offered = self._offers(region).get(name)
        return offered is not None and offered.free

    def _offers(self, region: str) -> Mapping[str, Offered]:
        """All sizes that a region has."""
        if not REGION.fullmatch(region):
            return {}
        return self._once(f"sizes-{region}", OFFERS, lambda: dict(self._sizes(region)))

    def _prices(self, kind: str, region: str) -> Mapping[str, tuple[Decimal, Decimal]]:
        """What the sizes of a family list at."""
        members = sorted(one for one in self._members(kind, region) if SIZE.fullmatch(one))
        if not members:
            return {}
        key = f"prices-{region}-{kind.replace('#', 'x')}"
        return self._once(key, LISTED, lambda: _by_size(self._listed(members, region)))

    def _sizes(self, region: str) -> Iterator[tuple[str, Offered]]:
        """By the first subscription that may be asked: they hardly differ in it."""
        client = self.connection.client(CostManagementClient)
        asked = {"api-version": SKUS_VERSION, "$filter": f"location eq '{region}'"}
        urls = [f"/subscriptions/{one}/providers/Microsoft.Compute/skus" for one in self.subscriptions]
        answers = (client.send_request(HttpRequest("GET", url, params=asked)) for url in urls)
        answer = next((one for one in answers if one.status_code == OK), None)
        if answer is None:
            raise AzureError("no subscription tells its sizes")
        for one in answer.json().get("value", ()):
            said = {each["name"]: each["value"] for each in one.get("capabilities") or ()}
            if one.get("resourceType") == "virtualMachines" and "vCPUs" in said:
                arm = said.get("CpuArchitectureType", "x64").lower() == "arm64"
                shut = any(each.get("type") == "Location" for each in one.get("restrictions") or ())
                yield one["name"], Offered(int(said["vCPUs"]), float(said.get("MemoryGB", 0)), arm, not shut)

    def _listed(self, members: Iterable[str], region: str) -> Iterator[Mapping[str, Any]]:
        """The items of the public price list; nobody signs in for it."""
        base = self.connection.cloud.prices
        policies = [UserAgentPolicy(PRODUCT), RetryPolicy()]
        sizes = " or ".join(f"armSkuName eq '{one}'" for one in members)
        said = f"serviceName eq 'Virtual Machines' and priceType eq 'Consumption' and armRegionName eq '{region}'"
        asked = {"api-version": PRICES_VERSION, "currencyCode": "USD", "$filter": f"{said} and ({sizes})"}
        request = HttpRequest("GET", f"{base}/api/retail/prices", params=asked)
        client: PipelineClient[Any, Any]
        with PipelineClient(base, policies=policies) as client:
            for _ in range(MOST_PAGES):
                answer: HttpResponse = client.send_request(request)  # type: ignore[arg-type]  # its stubs know the old kind
                answer.raise_for_status()
                page = answer.json()
                yield from page.get("Items", ())
                link = page.get("NextPageLink") or ""
                if not link.startswith(f"{base}/"):
                    return
                request = HttpRequest("GET", link)

    def _once(self, key: str, kind: TypeAdapter[T], ask: Callable[[], T]) -> T:
        """From memory, from the disk, or asked for; what cannot be had is not asked for again in this run."""
        with self._lock:
            lock = self._locks.setdefault(key, Lock())
        with lock:
            if key not in self._known:
                self._known[key] = self._read(key, kind, ask)
            found: T = self._known[key]
            return found

    def _read(self, key: str, kind: TypeAdapter[T], ask: Callable[[], T]) -> T:
        file = self.folder / self.month / f"{key}.json"
        try:
            return kind.validate_json(file.read_bytes())
        except (OSError, ValueError):
            pass
        try:
            found = ask()
        except (AzureError, ValueError, KeyError) as error:
            log.warning("price list", asked=key, refused=refusal(error))
            return kind.validate_python({})
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(".new")
        aside.write_bytes(kind.dump_json(found))
        aside.replace(file)
        return found


def family(name: str) -> str:
    """The sizes that are like it in all but how large they are: ``Standard_D8s_v5`` is of ``Standard_D#s_v5``."""
    found = NAME.fullmatch(name)
    return f"{found['head']}#{found['tail']}{found['rest']}" if found else name


def with_arm(name: str) -> str:
    """The same size with Arm processors as Azure names it (``D8s_v5``, ``D8as_v5``: ``D8ps_v5``); empty for none."""
    found = NAME.fullmatch(name)
    if not found or "p" in found["tail"] or not found["rest"].startswith("_v"):
        return ""
    return f"{found['head']}{found['cores']}p{found['tail'].replace('a', '')}{found['rest']}"


def _by_size(items: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Decimal, Decimal]]:
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for one in items:
        price = Decimal(str(one.get("retailPrice", 0)))
        if any(word in str(one.get("skuName", "")) for word in NOT_ON_DEMAND) or not price:
            continue
        linux, windows = found.get(one["armSkuName"], (Decimal(0), Decimal(0)))
        ours = str(one.get("productName", "")).endswith("Windows")
        found[one["armSkuName"]] = (linux, price) if ours else (price, windows)
    return found
