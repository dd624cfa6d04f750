"""Readers: what Resource Graph's rows say, one function a family of services, in the estate's vocabulary.

A reader is asked only for the subscriptions whose bill knows its services: nobody is billed for what is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any, TypeAlias

import providers.azure.readers
from analysis.estate import Resource
from analysis.registry import Registry
from providers.azure.prices import Prices

Row: TypeAlias = Mapping[str, Any]
KUSTO = files("providers.azure") / "queries"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A measurement that a check needs: daily values of one of Azure Monitor's metrics over the last complete days.

    ``name`` is the estate's name for it. ``statistic`` is Azure's (``Average``, ``Maximum``, ``Total``, ``Count``); of
    ``Average`` the highest is asked for too, by ``Maximum``. ``scale`` turns Azure's unit into ours. ``used``: what is
    measured is what is left of 100. Where ``absent_is_zero``, a day without a value is a day on which nothing happened.
    Several metrics joined by ``+`` are added up.
    """

    name: str
    metric: str
    statistic: str
    days: int = 14
    scale: float = 1.0
    used: bool = False
    absent_is_zero: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A resource that a reader saw, its Azure type, and what should be measured of it if it is worth asking for."""

    resource: Resource
    type: str = ""
    wanted: Sequence[Wanted] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """All that Resource Graph told, by query; ``now`` is UTC.

    ``accounts`` gives each subscription (a UUID in small letters) as the bill writes it, with its name. ``billed``
    tells whether the bill of the last month knows a resource, ``lifecycle`` whether a storage account has a rule
    (``None``: nobody asked).
    """

    rows: Mapping[str, Sequence[Row]]
    accounts: Mapping[str, tuple[str, str]]
    prices: Prices
    now: datetime
    billed: Callable[[str], bool] = lambda _id: False
    lifecycle: Callable[[str], bool | None] = lambda _id: None
    _by: dict[str, Any] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The UTC day."""
        return self.now.astimezone(UTC).date()

    def of(self, query: str) -> Sequence[Row]:
        """The rows of one query; none where it was not asked."""
        return self.rows.get(query, ())

    def common(self, row: Row) -> dict[str, Any]:
        """What every resource has."""
        subscription = str(row.get("subscriptionId", "")).lower()
        account, name = self.accounts.get(subscription, (f"/subscriptions/{subscription}", ""))
        return {
            "id": str(row["id"]),
            "provider": "azure",
            "cloud": "azure",
            "name": str(row.get("name") or str(row["id"]).rsplit("/", 1)[-1]),
            "account": account,
            "account_name": name,
            "region": str(row.get("location") or ""),
            "tags": {str(key): str(value or "") for key, value in (row.get("tags") or {}).items()},
        }


Read: TypeAlias = Callable[[Place], Iterable[Seen]]


@dataclass(frozen=True, slots=True)
class Reader:
    """A family of services that is read together.

    ``queries`` are the files of ``queries/`` that it needs; ``billed`` are words of a FOCUS ServiceName by which the
    bill tells that it is there, any case; none: wherever anything is billed.
    """

    name: str
    queries: tuple[str, ...]
    billed: tuple[str, ...]
    read: Read


READERS: Registry[Reader] = Registry("reader")


def reader(name: str, *, queries: Sequence[str], billed: Sequence[str]) -> Callable[[Read], Read]:
    """Register a reader."""

    def decorator(read: Read) -> Read:
        READERS.add(name, Reader(name, tuple(queries), tuple(billed), read))
        return read

    return decorator


def discover() -> Registry[Reader]:
    """Every reader there is."""
    READERS.discover(providers.azure.readers)
    return READERS


def kusto(query: str) -> str:
    """The text of a query; nothing is ever put into it: its subscriptions travel beside it."""
    return (KUSTO / f"{query}.kql").read_text(encoding="utf-8")


def day(text: object) -> date | None:
    """The UTC day of a moment as Azure writes it."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC).date() if text else None
    except ValueError:
        return None


def ids(things: Iterable[Any] | None) -> Iterator[str]:
    """The ids of references (``[{"id": …}]``)."""
    yield from (str(one["id"]) for one in things or () if one and one.get("id"))


def word(value: object) -> str:
    """A text, empty for nothing."""
    return str(value) if value is not None else ""
