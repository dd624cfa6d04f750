"""The book of drivers: every source that is configured, read when it is asked for, and again after an hour."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from analysis.errors import BadData, UnknownName
from analysis.units import DriverSeries

FRESH = timedelta(hours=1)
SECONDS = 10
LARGEST = 20_000_000  # bytes of an answer
ENDINGS = (".csv", ".csv.gz")


@dataclass(frozen=True, slots=True)
class Source:
    """Where one driver comes from: ``where`` is a path, an http(s) address or a database's URL.

    ``column`` holds the figure and ``day`` its date; ``query`` is the SELECT of a database, ``headers`` go with a
    request (a token, read from the environment by whoever made this).
    """

    name: str
    where: str
    column: str
    day: str = "day"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Book:
    """All drivers of a deployment; safe to use from many threads."""

    sources: Sequence[Source]
    clock: Callable[[], datetime]
    _read: dict[str, tuple[datetime, DriverSeries]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def names(self) -> Sequence[str]:
        """What can be asked for."""
        return [one.name for one in self.sources]

    def series(self, name: str) -> DriverSeries:
        """One driver, every day that is known.

        Raises:
            UnknownName: no driver has that name.
            BadData: its source cannot be read; the message names it.
        """
        source = next((one for one in self.sources if one.name == name), None)
        if source is None:
            raise UnknownName("driver", name, known=self.names())
        with self._lock:
            now = self.clock()
            known = self._read.get(name)
            if known is None or now - known[0] > FRESH:
                known = self._read[name] = (now, read(source))
            return known[1]


def read(source: Source) -> DriverSeries:
    """Read a source.

    Raises:
        BadData: it cannot be reached, or is not what was expected.
    """
    scheme = urlsplit(source.where).scheme
    if scheme in {"http", "https"}:
        rows = _from_http(source)
    elif source.query:
        rows = _from_sql(source)
    else:
        rows = _from_csv(source)
    days: dict[date, Decimal] = {}
    for number, row in enumerate(rows, 1):
        day, figure = _figure(source, row, number)
        if figure is not None:
            days[day] = days.get(day, Decimal(0)) + figure
    if not days:
        raise BadData(f"driver {source.name}: {_shown(source)} has no figures in column {source.column!r}")
    return DriverSeries(source.name, days)


def _from_csv(source: Source) -> Iterable[Mapping[str, Any]]:
    path = Path(source.where.removeprefix("csv:"))
    try:
        return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeError, csv.Error) as error:
        raise BadData(f"driver {source.name}: {path} cannot be read: {error}") from None


def _from_http(source: Source) -> Iterable[Mapping[str, Any]]:
    """A JSON list of objects, or CSV."""
    import requests

    try:
        with requests.get(source.where, headers=dict(source.headers), timeout=SECONDS, stream=True) as said:
            said.raise_for_status()
            body = said.raw.read(LARGEST + 1, decode_content=True)
            kind = said.headers.get("Content-Type", "")
    except requests.RequestException as error:
        raise BadData(f"driver {source.name}: {_shown(source)} does not answer: {type(error).__name__}") from None
    if len(body) > LARGEST:
        raise BadData(f"driver {source.name}: {_shown(source)} answered more than {LARGEST:,} bytes")
    try:
        text = body.decode("utf-8-sig")
        if "json" not in kind:
            return list(csv.DictReader(io.StringIO(text)))
        rows = json.loads(text)
    except (UnicodeError, ValueError, csv.Error) as error:
        raise BadData(f"driver {source.name}: {_shown(source)} answered neither JSON nor CSV: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadData(f"driver {source.name}: {_shown(source)} answered JSON that is no list of objects")
    return rows


def _from_sql(source: Source) -> Iterable[Mapping[str, Any]]:
    from providers.drivers.sql import rows

    return rows(source.name, source.where, source.query)


def _figure(source: Source, row: Mapping[str, Any], number: int) -> tuple[date, Decimal | None]:
    """The day and the figure of one row; ``None`` for an empty one.

    Raises:
        BadData: one of them is missing or is none.
    """
    for column in (source.day, source.column):
        if column not in row:
            known = ", ".join(str(name) for name in row)
            raise BadData(f"driver {source.name}: there is no column {column!r}; there are {known}")
    when, text = row[source.day], row[source.column]
    try:
        day = when if isinstance(when, date) and not isinstance(when, datetime) else date.fromisoformat(str(when)[:10])
        if text is None or not str(text).strip():
            return day, None
        figure = Decimal(str(text).replace(",", ""))
        if not figure.is_finite() or figure < 0:
            raise ValueError(text)
    except (ValueError, InvalidOperation):
        shown = f"{when!r}, {text!r}"
        raise BadData(f"driver {source.name}, row {number}: {shown} is no day with a figure of 0 or more") from None
    return day, figure


def _shown(source: Source) -> str:
    """An address without whatever is secret in it."""
    parts = urlsplit(source.where)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}" if parts.scheme else source.where
