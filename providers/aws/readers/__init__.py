"""Readers: what runs in one account and region, one function a family of services, in the estate's vocabulary.

A reader is asked only where the bill knows its services: nobody is billed for what is not there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Lock
from typing import Any, TypeAlias

import providers.aws.readers
from analysis.estate import Resource
from analysis.registry import Registry
from providers.aws.prices import Prices

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Wanted:
    """A measurement that a check needs: daily values of one CloudWatch metric over the last complete days.

    ``name`` is the estate's name for it. ``statistic`` is CloudWatch's; of ``Average`` the highest is asked for too, by
    ``Maximum``. ``scale`` turns CloudWatch's unit into ours. Where ``absent_is_zero``, a day without a value is a day
    on which nothing happened (a load balancer reports no requests by reporting nothing); else it was not measured.
    ``dimensions`` name what is measured. Several metrics joined by ``+`` are added up.
    """

    name: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str
    days: int = 14
    scale: float = 1.0
    absent_is_zero: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A resource that a reader saw, and what should be measured of it if it is worth asking for."""

    resource: Resource
    wanted: Sequence[Wanted] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One account in one region: ``client("ec2")`` speaks to it there, ``now`` is UTC.

    Readers that share a place share its answers: what one has listed another is not made to wait for.
    """

    account: str
    region: str
    client: Callable[[str], Any]
    now: datetime
    prices: Prices
    account_name: str = ""
    known: dict[str, list[Any]] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))

    @property
    def today(self) -> date:
        """The UTC day."""
        return self.now.date()

    @property
    def partition(self) -> str:
        """The first word of ARNs here."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def arn(self, service: str, name: str, *, regional: bool = True) -> str:
        """The ARN of something here: ``arn("ec2", "volume/vol-1")``."""
        region = self.region if regional else ""
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{name}"

    def pages(self, service: str, operation: str, key: str, **asked: Any) -> Iterator[Any]:  # noqa: ANN401
        """Every item of a paginated operation, asked for once: ``pages("ec2", "describe_volumes", "Volumes")``."""
        question = f"{service} {operation} {key} {sorted(asked.items())}"
        with self.locks[question]:
            if question not in self.known:
                pages = self.client(service).get_paginator(operation).paginate(**asked)
                self.known[question] = [item for page in pages for item in page.get(key) or ()]
        yield from self.known[question]

    def machines(self, *states: str) -> Iterator[Mapping[str, Any]]:
        """The EC2 instances in some states, as they are described; without states all."""
        for reservation in self.pages("ec2", "describe_instances", "Reservations"):
            yield from (one for one in reservation["Instances"] if not states or one["State"]["Name"] in states)

    def common(self, arn: str, name: str, tags: Mapping[str, str]) -> dict[str, Any]:
        """What every resource of this place has."""
        return {
            "id": arn,
            "provider": "aws",
            "cloud": "aws",
            "name": name,
            "account": self.account,
            "account_name": self.account_name,
            "region": self.region,
            "tags": tags,
        }


Read: TypeAlias = Callable[[Place], Iterable[Seen]]


@dataclass(frozen=True, slots=True)
class Reader:
    """A family of services that is read together.

    ``billed`` are words of a FOCUS ServiceName by which the bill tells that it is there, any case; ``anywhere``: once
    an account instead of once a region.
    """

    name: str
    billed: tuple[str, ...]
    anywhere: bool
    read: Read


READERS: Registry[Reader] = Registry("reader")


def reader(name: str, *, billed: tuple[str, ...], anywhere: bool = False) -> Callable[[Read], Read]:
    """Register a reader."""

    def decorator(read: Read) -> Read:
        READERS.add(name, Reader(name, billed, anywhere, read))
        return read

    return decorator


def discover() -> Registry[Reader]:
    """Every reader there is."""
    READERS.discover(providers.aws.readers)
    return READERS


def tags_of(pairs: Iterable[Mapping[str, str]] | Mapping[str, str] | None) -> dict[str, str]:
    """Tags however a service writes them: ``[{"Key": …, "Value": …}]``, ``[{"key": …}]`` or a map."""
    if not pairs:
        return {}
    if isinstance(pairs, Mapping):
        return {str(key): str(value or "") for key, value in pairs.items()}
    return {
        str(pair.get("Key", pair.get("key", pair.get("TagKey", "")))): str(
            pair.get("Value", pair.get("value", pair.get("TagValue", ""))) or ""
        )
        for pair in pairs
    }
