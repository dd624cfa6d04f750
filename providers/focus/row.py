"""A row of FOCUS as SQL: its columns cast and mended, what was put right in it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from providers.focus.columns import COLUMNS, COSTS, DECIMALS, LARGEST, LARGEST_COST, Kind
from providers.focus.footer import Facts
from providers.focus.quirks import EXPRESSIONS
from providers.sql import literal, named, quoted

CODE = "^[A-Za-z]{3}$"
PLAIN_TIMES, ZONED = ("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S", "DATE"), "TIMESTAMP WITH TIME ZONE"
USUAL = ("USD", "EUR", "GBP")  # need no regular expression, which costs a tenth of a load
FIRST_TIME, LAST_TIME = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 (else a series would span centuries)

EMPTY = "{} is empty, so that BilledCost stands in for it"
FINE = f"a cost has more than {DECIMALS} decimals, and is rounded there"
NO_TAGS = "Tags are no JSON object, and are not read"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file that is read: its name as SQL, what DuckDB says it holds, and what is sure of its cells.

    ``narrow``: a cost is left as it is stored, where that is exact.
    """

    raw: str
    kind: str
    facts: Facts = field(default_factory=Facts)
    narrow: bool = False

    @property
    def text(self) -> str:
        """Its value as text; a double in the shortest form that means it, as a CSV would have it."""
        if self.is_text:
            return self.raw if self.facts.only is None else literal(self.facts.only)
        return f"CAST({self.raw} AS VARCHAR)"

    @property
    def cost(self) -> str:
        """Its value as a cost; NULL if it is none, as NaN and 1e308."""
        if self.narrow and self.is_small:
            return self.raw
        return f"TRY_CAST({self.text if self.inexact else self.raw} AS {Kind.COST.value})"

    def added(self, read: str) -> str:
        """``read``, its value as a cost, so that sums of it stay in their bounds: NULL if it is too large."""
        return f"CASE WHEN abs({read}) < {LARGEST_COST} THEN {read} END" if self.narrow and not self.is_small else read

    @property
    def time(self) -> str:
        """Its value as a time in UTC, which is what a time without a zone is taken for; NULL if it is none."""
        if self.kind in PLAIN_TIMES:
            return f"CAST({self.raw} AS TIMESTAMP)"
        if self.kind == ZONED:
            return f"make_timestamp(epoch_us({self.raw}))"  # the same as timezone('UTC', ...), in a tenth of its time
        return f"timezone('UTC', TRY_CAST({self.text} AS TIMESTAMPTZ))"

    @property
    def is_small(self) -> bool:
        """Whether all its cells are surely costs, or empty."""
        bounds = {} if self.inexact else self.facts.numbers()
        return bool(bounds) and all(least > -LARGEST and most < LARGEST for least, most in bounds.values())

    @property
    def is_near(self) -> bool:
        """Whether all its cells are surely times that a bill can have, or empty."""
        bounds = self.facts.times() if self.kind in (*PLAIN_TIMES, ZONED) else {}
        return bool(bounds) and all(least >= FIRST_TIME and most < LAST_TIME for least, most in bounds.values())

    def is_never_before(self, other: Column) -> bool:
        """Whether its times, in each row, surely are not before those of another."""
        starts, ends = other.facts.times(), self.facts.times()
        near = self.is_near and other.is_near
        return near and all(group in starts and starts[group][1] <= ends[group][0] for group in ends)

    @property
    def is_text(self) -> bool:
        """Whether it holds text."""
        return self.kind == "VARCHAR"

    @property
    def inexact(self) -> bool:
        """Whether it may hold more decimals than a cost does, or a binary fraction."""
        return self.kind in ("VARCHAR", "DOUBLE", "FLOAT") or (
            self.kind.startswith("DECIMAL") and int(self.kind.rstrip(")").partition(",")[2]) > DECIMALS
        )

    @property
    def fine(self) -> str:
        """Whether its text has a digit beyond the last decimal of a cost; plain or with an exponent."""
        plain = rf"regexp_matches({self.text}, '\.[0-9]{{{DECIMALS}}}[0-9]*[1-9]')"
        digits = rf"length(rtrim(regexp_extract({self.text}, '\.([0-9]*)[eE]', 1), '0'))"
        power = rf"TRY_CAST(regexp_extract({self.text}, '[eE]([+-]?[0-9]+)', 1) AS INTEGER)"
        scaled = f"contains(lower({self.text}), 'e') AND {digits} - {power} > {DECIMALS}"
        return f"({plain} OR ({scaled}))"


def values_of(found: Mapping[str, Column], kinds: Mapping[str, str]) -> dict[str, str]:
    """Everything that is read of a row, as SQL."""
    known = {column.raw for column in found.values()}
    unknown = [Column(quoted(name), kind) for name, kind in kinds.items() if quoted(name) not in known]
    rest = {"x_extra": _extra(unknown, found), "_note": note_of(found, _lost_tags(found)), "_problem": _problem(found)}
    return {name: _value(name, found) for name in COLUMNS} | rest


def selected(values: Mapping[str, str]) -> str:
    """Values as what a SELECT lists."""
    return ", ".join(f"{value} AS {quoted(name)}" for name, value in values.items())


def casts_of(found: Mapping[str, Column]) -> Iterator[str]:
    """The values that are needed more than once: costs and times."""
    for name, column in found.items():
        if COLUMNS[name] is Kind.COST:
            yield f"{column.cost} AS {_cast(name)}"
        elif COLUMNS[name] is Kind.TIME:
            yield f"{column.time} AS {_cast(name)}"


def note_of(found: Mapping[str, Column], lost_tags: str | None = None) -> str:
    """What was put right in a row; of tags, where they are looked at row by row."""
    notes = [
        ([f"{found[name].raw} IS NULL"], EMPTY.format(name))
        for name in COSTS[1:]
        if name in found and not found[name].facts.full
    ]
    fine = [found[name].fine for name in COSTS if name in found and found[name].inexact]
    tags = [lost_tags] if lost_tags else []
    arms = [
        f"WHEN {' OR '.join(conditions)} THEN {literal(note)}"
        for conditions, note in (*notes, (fine, FINE), (tags, NO_TAGS))
        if conditions
    ]
    return f"CASE {' '.join(arms)} END" if arms else "NULL::VARCHAR"


def tags_of(text: str) -> str:
    """The SQL of what some text says as tags; NULL if it is no JSON object, or has a key twice."""
    return f"TRY_CAST(TRY_CAST({text} AS JSON) AS {Kind.TAGS.value})"


def tags_text(column: Column | None) -> str:
    """The SQL of tags as text; one that says no tags where they cannot be read."""
    if column is None:
        return "NULL::VARCHAR"
    if column.is_text:
        return column.raw
    if not column.kind.startswith(("MAP", "STRUCT")):
        return f"CAST({column.raw} AS VARCHAR)"
    json = f"CAST(to_json({_tags(column)}) AS VARCHAR)"
    return (
        json if column.kind.startswith("MAP") else f"CASE WHEN {column.raw} IS NOT NULL THEN coalesce({json}, '') END"
    )


def _cast(name: str) -> str:
    """The name of a column's value, beside what is written."""
    return quoted(f"{name}, read")


def _value(name: str, found: Mapping[str, Column]) -> str:
    """The SQL of one column: cast, mended, or what stands in for it."""
    column, kind = found.get(name), COLUMNS[name]
    if kind is Kind.COST:
        return _cost(name, found)
    if name == "ChargeCategory":
        return f"coalesce({column.text}, 'Usage')" if column else "'Usage'"
    if column is None:
        return f"NULL::{kind.value}"
    match kind:
        case Kind.NUMBER:
            return f"TRY_CAST({column.text if column.inexact else column.raw} AS {kind.value})"
        case Kind.TIME:
            return _cast(name)
        case Kind.TAGS:
            return _tags(column)
        case Kind.TEXT:
            return _text(name, column, found)


def _cost(name: str, found: Mapping[str, Column]) -> str:
    """The SQL of a cost; BilledCost stands in for another one that is not there."""
    billed = found["BilledCost"].added(_cast("BilledCost"))
    column = found.get(name)
    if column is None or name == "BilledCost":
        return billed
    own = column.added(_cast(name))
    return own if column.facts.full else f"coalesce({own}, {billed})"


def _text(name: str, column: Column, found: Mapping[str, Column]) -> str:
    """The SQL of a column of text; who publishes a service stands in for its name."""
    if name == "ServiceName" and "PublisherName" in found:
        return f"coalesce({column.text}, {found['PublisherName'].text})"
    return EXPRESSIONS[name].format(raw=column.text) if name in EXPRESSIONS else column.text


def _tags(column: Column) -> str:
    if column.kind.startswith("MAP"):
        return f"CAST({column.raw} AS {Kind.TAGS.value})"
    if column.kind.startswith("STRUCT") and column.kind.endswith("[]"):
        return f"TRY(CAST(map_from_entries({column.raw}) AS {Kind.TAGS.value}))"
    return tags_of(column.raw) if column.is_text else f"TRY_CAST(to_json({column.raw}) AS {Kind.TAGS.value})"


def _lost_tags(found: Mapping[str, Column]) -> str | None:
    """Whether the tags of a row say something that is no map of them."""
    column = found.get("Tags")
    if column is None or column.kind == Kind.TAGS.value:
        return None
    return f"{column.raw} IS NOT NULL AND {_tags(column)} IS NULL"


def _extra(unknown: Sequence[Column], found: Mapping[str, Column]) -> str:
    """Everything that no column of ours holds, as a map without empty values; NULL if there is nothing."""
    kept = {column.raw: column.text for column in unknown}
    odd = {found[name].raw: found[name].fine for name in COSTS if name in found and found[name].inexact}
    if lost := _lost_tags(found):
        odd[found["Tags"].raw] = lost
    texts = {column.raw: column.text for column in found.values()}
    kept |= {raw: f"CASE WHEN {condition} THEN {texts[raw]} END" for raw, condition in odd.items()}
    worth = " OR ".join(f"({condition})" for condition in odd.values())
    if not kept:
        return f"NULL::{Kind.TAGS.value}"
    pairs = ", ".join(f"{{'key': {literal(named(raw))}, 'value': {text}}}" for raw, text in sorted(kept.items()))
    made = f"map_from_entries(list_filter([{pairs}], lambda pair: pair.value IS NOT NULL))"
    return made if unknown else f"CASE WHEN {worth} THEN {made} END"


def _problem(found: Mapping[str, Column]) -> str:
    """The first thing that is wrong with a row, in words; what cannot be, by the footers, is not asked."""
    cases = [*_wrong_costs(found), *_wrong_times(found)]
    currency = found["BillingCurrency"]
    if currency.facts.only not in USUAL:
        usual = ", ".join(map(literal, USUAL))
        odd = f"{currency.text} NOT IN ({usual}) AND NOT regexp_matches({currency.text}, '{CODE}')"
        cases.append((f"{currency.text} IS NULL OR {odd}", "BillingCurrency is no currency"))
    cases += _missing("BillingAccountId", found)
    arms = " ".join(f"WHEN {condition} THEN {literal(reason)}" for condition, reason in cases)
    return f"CASE {arms} END" if arms else "NULL::VARCHAR"


def _missing(name: str, found: Mapping[str, Column]) -> Iterator[tuple[str, str]]:
    if not found[name].facts.full:
        yield f"{found[name].raw} IS NULL", f"{name} is missing"


def _wrong_costs(found: Mapping[str, Column]) -> Iterator[tuple[str, str]]:
    yield from _missing("BilledCost", found)
    for name in COSTS:
        if (column := found.get(name)) and not column.is_small:
            unread = f"{column.raw} IS NOT NULL AND {_cast(name)} IS NULL OR abs({_cast(name)}) >= {LARGEST_COST}"
            odd = f" OR contains({column.raw}, '_')" if column.is_text else ""  # 1_000 is a number to DuckDB alone
            yield unread + odd, f"{name} is no amount"


def _wrong_times(found: Mapping[str, Column]) -> Iterator[tuple[str, str]]:
    first, last = (f"TIMESTAMP {literal(one.date())}" for one in (FIRST_TIME, LAST_TIME))
    for period in ("BillingPeriod", "ChargePeriod"):
        start, end = f"{period}Start", f"{period}End"
        yield from _missing(start, found)
        for name in (start, end):
            if (column := found.get(name)) and not column.is_near:
                outside = f"{_cast(name)} < {first} OR {_cast(name)} >= {last}"
                yield f"{column.raw} IS NOT NULL AND {_cast(name)} IS NULL OR {outside}", f"{name} is no time"
        if end in found and not found[end].is_never_before(found[start]):
            yield f"{_cast(end)} < {_cast(start)}", f"{end} is before {start}"
