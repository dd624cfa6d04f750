"""Anybody's daily series from a CSV: forecast and watched by the same functions that answer in the chat."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor, log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.anomalies import Watched, watch
from analysis.counting import so_many
from analysis.errors import BadData, FinOpsError
from analysis.focus import DailySeries
from analysis.forecasts import LEAST_DAYS, Forecast, Range, forecast
from analysis.periods import Period, month_of, months_after

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("series", "date", "value")
SPARSE = 0.2  # a series that lacks more of its days than this lists only the days that cost something
WEEK = 7
LONGEST = 36_600  # days: a century
ENDED_DAYS = 28  # no rows for so long, while other series of the file go on: it costs nothing any more
USUAL = (1.0, 1e10)  # the largest day of a series counted as it is; of others in a unit of their own, or cents decide
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)


@dataclass(frozen=True, slots=True)
class Line:
    """One series of the file: ``values[j]`` is day ``start + j``; no day is missing any more."""

    name: str
    start: date
    values: np.ndarray

    @property
    def end(self) -> date:
        """The day after its last one."""
        return self.start + timedelta(days=len(self.values))

    def before(self, day: date) -> Line:
        """What was known on ``day``."""
        return Line(self.name, self.start, self.values[: max(0, (day - self.start).days)])

    def until(self, day: date) -> Line:
        """The same with nothing from its end to ``day``."""
        return Line(self.name, self.start, np.pad(self.values, (0, max(0, (day - self.end).days))))


@dataclass(frozen=True, slots=True)
class Skipped:
    """A series that could not be used, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Told:
    """What was found for each series, those that were skipped, and what was assumed of the file."""

    found: Sequence[Mapping[str, Any]]
    skipped: Sequence[Skipped]
    assumed: Sequence[str] = ()
    months: Sequence[str] = ()  # that a forecast's months are, like 2026-06

    def data(self) -> dict[str, Any]:
        """As plain JSON."""
        whole: dict[str, Any] = {"series": list(self.found)}
        if self.months:
            whole["months"] = list(self.months)
        if self.skipped:
            whole["skipped"] = [{"series": one.name, "why": one.why} for one in self.skipped]
        if self.assumed:
            whole["assumed"] = list(self.assumed)
        return whole


@dataclass(frozen=True, slots=True)
class Book:
    """All series of a file."""

    lines: tuple[Line, ...]
    skipped: tuple[Skipped, ...]
    assumed: tuple[str, ...]

    @property
    def end(self) -> date:
        """The day after the last one of all."""
        return max(line.end for line in self.lines)


def read(path: Path) -> Book:
    """Read columns series, date, value (CSV, may be gzipped; other columns and the order of rows do not matter).

    Two values of one day are added. A day that is missing inside a series was not delivered, and is taken as the mean
    of the same weekday around it; a series that lacks more than a fifth of its days only lists those that cost
    something, and the others are 0.

    Raises:
        BadData: the file is not such a table, or no series of it can be used.
    """
    table = _table(path)
    lines, skipped, assumed = [], [], []
    for name, rows in table.groupby("series", sort=False):
        try:
            line, filled = _line(str(name), rows)
        except BadData as error:
            skipped.append(Skipped(str(name), str(error)))
        else:
            lines.append(line)
            assumed.extend([f"{name}: {filled}"] if filled else [])
    if not lines:
        raise BadData(f"{path}: no series can be used: {'; '.join(f'{one.name}: {one.why}' for one in skipped[:3])}")
    return Book(tuple(lines), tuple(skipped), tuple(assumed))


def foretold(book: Book, as_of: date | None, months: int = 3) -> Told:
    """For each series the total at the end of the month of ``as_of`` and of the next months, with their ranges.

    Days from ``as_of`` on are not looked at. Series that are known to the same day are forecast together. One that has
    had no rows for ``ENDED_DAYS`` while others go on has ended: it costs nothing from its last day on.
    """
    day = as_of or book.end
    found: dict[str, Mapping[str, Any]] = {}
    skipped, assumed = list(book.skipped), list(book.assumed)
    known = [line.before(day) for line in book.lines]
    end = max(line.end for line in known)
    for group in _by_end([line.until(end) if _ended(line, end) else line for line in known]):
        usable = [line for line in group if len(line.values) >= LEAST_DAYS]
        skipped += [Skipped(line.name, _short(line, day)) for line in group if len(line.values) < LEAST_DAYS]
        if not usable:
            continue
        try:
            outlook = forecast(_together(usable), known_until=usable[0].end, as_of=day, months=months)
        except FinOpsError as error:
            skipped += [Skipped(line.name, str(error)) for line in usable]
            continue
        found |= {line.name: _foretold(one, _unit(line)) for line, one in zip(usable, outlook, strict=True)}
    assumed += [
        f"{line.name}: no rows from {line.end} on, so it has ended and costs nothing"
        for line in known
        if line.name in found and _ended(line, end)
    ]
    return Told(
        [found[line.name] for line in book.lines if line.name in found],
        skipped,
        tuple(assumed),
        [f"{span.start:%Y-%m}" for span in months_after(day, months)],
    )


def watched(book: Book, since: date | None, until: date | None, threshold: float) -> Told:
    """For each series the events that began between two days, both included; by default in the last 120 days."""
    last = min(until or book.end, book.end - timedelta(days=1))
    first = since or last - timedelta(days=119)
    found: dict[str, Mapping[str, Any]] = {}
    skipped = list(book.skipped)
    for group in _by_end([line.before(last + timedelta(days=1)) for line in book.lines]):
        usable = [line for line in group if len(line.values)]
        skipped += [Skipped(line.name, f"it has no day up to {last}") for line in group if not len(line.values)]
        if usable:
            known = usable[0].end
            seen = watch(_together(usable), known_until=known, since=first, until=last, threshold=threshold)
            found |= {line.name: {"series": line.name, "events": _events(seen, line)} for line in usable}
    return Told([found[line.name] for line in book.lines if line.name in found], skipped, book.assumed)


def backtest(book: Book, as_of: date | None, count: int) -> Mapping[str, Any]:
    """Forecast ``count`` times from the same day of earlier months, and compare with what came.

    Errors are in percent of what came; ``pinball`` is the mean over the levels 2.5, 10, 50, 90 and 97.5%.

    Raises:
        BadData: the history does not reach back so far.
    """
    scores: list[tuple[str, float, float, bool, bool]] = []
    day = as_of or book.end
    for back in range(1, count + 1):
        origin = _months_before(day, back)
        told = foretold(book, origin)
        lines = {line.name: line for line in book.lines}
        for one in told.found:
            spans = [month_of(origin), *months_after(origin, 3)]
            for kind, span, said in zip(
                ("month", *["later"] * 3), spans, (one["month_end"], *one["months"]), strict=True
            ):
                came = _came(lines[one["series"]], span)
                if came:
                    scores.append((kind, *_scored(said, came)))
    if not scores:
        raise BadData(
            f"no month of the last {count} is complete in the file; give a longer history or a smaller number"
        )
    return {
        "origins": count,
        **{kind: _mean([row[1:] for row in scores if row[0] == kind]) for kind in ("month", "later")},
    }


def as_text(told: Told, currency: str = "") -> Iterator[str]:
    """What was found, a line a series."""
    for one in told.found:
        yield f"{one['series']}: {_ends(one, told.months, currency) if 'month_end' in one else _turns(one, currency)}"
    yield from (f"{one.name}: left out, {one.why}" for one in told.skipped)
    yield from (f"assumed: {words}" for words in told.assumed)


def _ends(one: Mapping[str, Any], months: Sequence[str], currency: str) -> str:
    spans = [("month end", one["month_end"]), *zip(months, one["months"], strict=True)]
    return "; ".join(
        f"{name} {_words(span['expected'], currency)}"
        f" (80%: {_words(span['low80'], currency)} to {_words(span['high80'], currency)})"
        for name, span in spans
    )


def _turns(one: Mapping[str, Any], currency: str) -> str:
    events = [
        f"{event['start']} to {event['end']} {event['direction']} {_words(event['impact'], currency, sign='+')}"
        for event in one["events"]
    ]
    return "; ".join(events) or "nothing unusual"


def _words(amount: float, currency: str, sign: str = "") -> str:
    digits = ",.2f" if abs(amount) >= 1 or not amount else ".3g"
    return f"{amount:{sign}{digits}} {currency}".strip()


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=str, sep=None, engine="python", encoding="utf-8-sig", keep_default_na=False)
    except FileNotFoundError:
        raise BadData(f"{path}: there is no such file") from None
    except (OSError, UnicodeError, ValueError, EOFError, csv.Error) as error:
        raise BadData(f"{path}: cannot be read as CSV: {error}") from None
    names = {str(name).strip().lower(): name for name in table.columns}
    if missing := [name for name in COLUMNS if name not in names]:
        raise BadData(f"{path}: has no column {', '.join(missing)}; it needs {', '.join(COLUMNS)}")
    chosen = table[[names[name] for name in COLUMNS]].set_axis(list(COLUMNS), axis=1)
    if chosen.empty:
        raise BadData(f"{path}: has no rows under its heading")
    return chosen


def _line(name: str, rows: pd.DataFrame) -> tuple[Line, str]:
    """One series without gaps, and what was assumed to fill them.

    Raises:
        BadData: a date or a value cannot be read; the message has the first.
    """
    known: dict[date, float] = {}
    for when, text in zip(rows["date"], rows["value"], strict=True):
        day, value = _day(when), _value(text)
        if value is not None:
            known[day] = known.get(day, 0.0) + value
    if not known:
        raise BadData("it has no value at all")
    period = Period(min(known), max(known) + timedelta(days=1))
    if period.days > LONGEST:
        raise BadData(f"it spans {period.days:,} days, {period}; there is a wrong date among them")
    gaps = period.days - len(known)
    if gaps > SPARSE * period.days:
        return Line(
            name, period.start, np.array([known.get(day, 0.0) for day in period])
        ), f"{gaps} days without a row cost 0"
    values = np.array([known.get(day, np.nan) for day in period])
    return Line(
        name, period.start, _filled(values)
    ), f"{gaps} missing days are as the same weekdays around them" if gaps else ""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        raise BadData(f"the date {text!r} is none; write it like 2026-05-20") from None


def _value(text: str) -> float | None:
    """A number; ``None`` for an empty cell."""
    if not text.strip() or text.strip().lower() in {"nan", "na", "null", "none"}:
        return None
    try:
        value = float(text)
    except ValueError:
        raise BadData(f"the value {text!r} is no number") from None
    if not np.isfinite(value):
        raise BadData(f"the value {text!r} is no number")
    return value


def _filled(values: np.ndarray) -> np.ndarray:
    """Gaps as the mean of the nearest known days of the same weekday, before and after."""
    filled = values.copy()
    for gap in np.flatnonzero(np.isnan(values)):
        same = values[gap % WEEK :: WEEK]
        place = gap // WEEK
        near = [side[np.isfinite(side)][:1] for side in (same[place::-1], same[place:])]
        around = np.concatenate(near)
        filled[gap] = around.mean() if around.size else np.nanmean(values)
    return filled


def _ended(line: Line, end: date) -> bool:
    return len(line.values) > 0 and (end - line.end).days >= ENDED_DAYS


def _by_end(lines: Sequence[Line]) -> Iterator[list[Line]]:
    groups: dict[date, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.end, []).append(line)
    yield from (groups[end] for end in sorted(groups))


def _unit(line: Line) -> float:
    """What to divide a series by, so that its days are of a size that cents can tell; a power of ten."""
    largest = float(np.abs(line.values).max(initial=0.0))
    if not largest or USUAL[0] <= largest <= USUAL[1]:
        return 1.0
    return float(10.0 ** max(-290, floor(log10(largest)) - 6))


def _together(lines: Sequence[Line]) -> DailySeries:
    """Series that end on the same day as one table, each in its unit; before a series begins it costs nothing."""
    start, end = min(line.start for line in lines), lines[0].end
    values = np.zeros((len(lines), (end - start).days))
    for row, line in zip(values, lines, strict=True):
        row[len(row) - len(line.values) :] = line.values / _unit(line)
    return DailySeries(tuple((line.name,) for line in lines), start, values, "USD")


def _short(line: Line, day: date) -> str:
    known = len(line.values)
    return f"it has {so_many(known, 'day')} before {day}, and a forecast needs {LEAST_DAYS}"


def _foretold(one: Forecast, unit: float) -> Mapping[str, Any]:
    return {
        "series": one.name[0],
        "month_end": _range(one.month_end, unit),
        "months": [_range(total, unit) for _, total in one.months],
    }


def _range(total: Range, unit: float) -> dict[str, float]:
    names = ("expected", "low80", "high80", "low95", "high95")
    return {name: float(getattr(total, name).amount) * unit for name in names}


def _events(seen: Watched, line: Line) -> list[dict[str, Any]]:
    chosen = sorted((one for one in seen.events if one.name == (line.name,)), key=lambda one: one.start)
    return [
        {
            "start": one.start.isoformat(),
            "end": one.last_day.isoformat(),
            "direction": "up" if one.direction > 0 else "down",
            "impact": float(one.impact.amount) * _unit(line),
        }
        for one in chosen
    ]


def _months_before(day: date, count: int) -> date:
    place = day.year * 12 + day.month - 1 - count
    first = date(place // 12, place % 12 + 1, 1)
    return first.replace(day=min(day.day, month_of(first).days))


def _came(line: Line, span: Period) -> float | None:
    """What a whole period really cost; ``None`` if it is not all known, or nothing."""
    if span.end > line.end:
        return None
    begin = max(0, (span.start - line.start).days)
    return float(line.values[begin : (span.end - line.start).days].sum()) or None


def _scored(said: Mapping[str, float], came: float) -> tuple[float, float, bool, bool]:
    quantiles = (said["low95"], said["low80"], said["expected"], said["high80"], said["high95"])
    losses = [max(level * (came - q), (level - 1) * (came - q)) for level, q in zip(LEVELS, quantiles, strict=True)]
    inside = (said["low80"] <= came <= said["high80"], said["low95"] <= came <= said["high95"])
    return abs(said["expected"] - came) / abs(came), float(np.mean(losses)) / abs(came), *inside


def _mean(rows: Sequence[tuple[float, float, bool, bool]]) -> dict[str, float] | None:
    if not rows:
        return None
    mape, pinball, in80, in95 = (float(one) for one in np.mean(np.array(rows, dtype=float), axis=0))
    share = {"mape": mape, "pinball": pinball, "inside80": in80, "inside95": in95}
    return {"totals": len(rows), **{name: round(100 * value, 2) for name, value in share.items()}}
