"""Anomalies as alerts: one message an event, from its first complete day to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from analysis.alerts import Alert, Kept
from analysis.anomalies import Event, Shape, Watched
from analysis.counting import so_many
from analysis.money import Money
from analysis.periods import Period, month_of
from commands.alarms import Look, alarm
from commands.anomalies import advice, picture, said_event, verdict_buttons
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Note, Part, Text, Tone, plain
from commands.core.causes import Cause, cause_of
from commands.core.context import Context
from commands.core.moments import moment
from commands.core.owners import owners_of
from commands.core.ports import Costs, Judgement, Said
from commands.core.report import Report
from commands.core.unusual import REMEMBERED, Anomalies, anomalies_of

KIND = "anomaly"
FRESH_DAYS = 3  # an event that ended earlier than so many complete days ago is no news
YEAR = timedelta(days=365)
RESTATED_SHARE, RESTATED_LEAST = Decimal("0.01"), Decimal(50)
DAYS_A_MONTH = 30
MOST_BEFORE = 3
SAID = {
    Said.EXPECTED: "expected, says {}",
    Said.INVESTIGATING: "{} is looking into it",
    Said.FALSE_ALARM: "a false alarm, says {}",
}


@dataclass(frozen=True, slots=True)
class Span:
    """The days of an event of a series, by which it is known again when a bill that was restated moves its edges."""

    name: tuple[str, ...]
    direction: int
    start: date
    last_day: date

    @classmethod
    def of(cls, event: Event) -> Span:
        """An event's."""
        return cls(event.name, event.direction, event.start, event.last_day)

    @classmethod
    def kept(cls, one: Kept) -> Span:
        """That of an alert, as it was last seen."""
        facts = one.alert.facts
        days = (date.fromisoformat(facts[name]) for name in ("start", "last_day"))
        return cls(tuple(facts["name"]), int(facts["direction"]), *days)

    def is_same(self, other: Span) -> bool:
        """Whether both are of one event: its service's, or a region's of that service."""
        size = min(len(self.name), len(other.name))
        return (
            self.name[:size] == other.name[:size]
            and self.direction == other.direction
            and self.start <= other.last_day
            and other.start <= self.last_day
        )


def draw(context: Context, kept: Kept) -> Answer:
    """The message of one anomaly: dollars, what and since when, likely cause, whether it goes on, owner, picture."""
    found, event = _seen(context, kept)
    judged = _judged(context, str(kept.alert.facts["event"]))
    if event is None:
        return _gone(context, kept)
    cause = cause_of(context.costs, event, context.report.currency)
    facts = kept.alert.facts
    restated = [("Restated", str(facts["restated"]))] if facts.get("restated") else []
    return Answer(
        f"{'Ended: ' if _has_ended(kept, judged) else ''}{said_event(event)}",
        (
            Text("\n".join((*_cause(event, cause, kept), *_outlook(found, event, kept)))),
            Facts(
                (
                    ("It cost", f"{event.actual}, {event.expected} was expected"),
                    ("Owner", _owner(facts)),
                    *restated,
                    ("Stands", _stands(kept, judged)),
                )
            ),
            Chart(picture(found.seen(event), event, context.report.locale)),
            Buttons((*verdict_buttons(event, judged.said if judged else None), Button("Details", _details(event)))),
            _note(context, kept),
        ),
        _tone(kept, judged),
        shows=(kept.alert.id,),
        data={"alert": kept.alert.id, "event": event.id, "impact": event.impact.amount, "ended": kept.ended},
    )


@alarm(KIND, draw)
def anomaly(look: Look) -> Sequence[Alert]:
    """Events of the last 90 days that are known already, and new ones that lasted into the last complete days."""
    known = look.costs.freshness(look.now).history.end
    period = Period(known - REMEMBERED, known)
    judgements = look.verdicts.since(look.now - REMEMBERED)
    calm = [one for one in judgements if one.said is not Said.FALSE_ALARM]
    found = anomalies_of(look.costs, look.report, look.now, period=period, judgements=calm, least=look.rules.least)
    wanted = _told_to_be_quiet(look, judgements, period, found)
    newest = {one.event: one for one in judgements}
    quiet = {event.id: why for event, why in found.quiet}
    events = sorted((*found.events, *(event for event, _ in found.quiet)), key=lambda one: -abs(one.impact.amount))
    alerts: dict[str, Alert] = {}
    for event in events:
        before = next((one for one in look.kept if Span.kept(one).is_same(Span.of(event))), None)
        is_news = (event.direction > 0 or look.rules.drops) and event.last_day >= known - timedelta(days=FRESH_DAYS)
        if before is None and (event.id in quiet or event.id in wanted or not is_news):
            continue
        key = before.alert.key if before else event.id
        said = newest.get(event.id) or (newest.get(str(before.alert.facts["event"])) if before else None)
        restated = _restated(before, event, found.seen(event)) if before else ""
        over = _over(event, said, quiet.get(event.id, ""))
        alerts.setdefault(key, _alert(look, event, key, restated, over))
    return tuple(alerts.values())


def _told_to_be_quiet(look: Look, judgements: Sequence[Judgement], period: Period, found: Anomalies) -> frozenset[str]:
    """Events that series with false alarms would not tell any more."""
    if not any(one.said is Said.FALSE_ALARM for one in judgements):
        return frozenset()
    strict = anomalies_of(look.costs, look.report, look.now, period=period, judgements=judgements)
    return frozenset({one.id for one in found.events} - {one.id for one in strict.events})


def _alert(look: Look, event: Event, key: str, restated: str, over: tuple[str, bool]) -> Alert:
    cause = cause_of(look.costs, event, look.report.currency)
    owner, why = _whose(look.costs, look.report, look.now, cause.resource_id, cause.team)
    facts: dict[str, Any] = {
        "event": event.id,
        "name": list(event.name),
        "direction": event.direction,
        "start": event.start.isoformat(),
        "last_day": event.last_day.isoformat(),
        "actual": str(event.actual.amount),
        "expected": str(event.expected.amount),
        "owner": owner,
        "why": why,
    }
    if restated:
        facts["restated"] = restated
    return Alert(
        kind=KIND,
        key=key,
        said=said_event(event),
        amount=event.impact,
        team=owner,
        account=event.name[0],
        service=event.name[1] if len(event.name) > 1 else "",
        urgent=abs(event.impact.amount) >= look.rules.urgent_from,
        grows=True,
        over=over[0],
        quietly=over[1],
        facts=facts,
    )


def _whose(costs: Costs, report: Report, now: datetime, resource: str | None, team: str | None) -> tuple[str, str]:
    """Who owns what moved, and why that is known."""
    owned = owners_of(costs, report, now, [resource]) if resource else {}
    found = owned.get((resource or "").lower())
    if found and found.owner:
        return found.owner, found.why
    return (team, "its tag says so") if team else ("", "")


def _over(event: Event, judged: Judgement | None, excluded: str) -> tuple[str, bool]:
    """Why an event is over, empty if it goes on; and whether that goes without saying."""
    if judged and judged.said in {Said.EXPECTED, Said.FALSE_ALARM}:
        return f"{judged.said} says {judged.by_name}", True
    if excluded:
        return excluded, True
    if event.end is None:
        return "", False
    word = "more" if event.direction > 0 else "less"
    size = event.impact if event.direction > 0 else -event.impact
    days = so_many(event.days, "day")
    if event.shape in {Shape.STEP, Shape.DROP}:
        month = Money(abs(event.a_day.amount) * DAYS_A_MONTH, event.impact.currency)
        return f"It has stayed: {month} a month {word} since {event.start:%d %b} is the new level.", False
    return f"Ended on {event.end:%d %b}: {size} {word} than expected in {days}.", False


def _restated(before: Kept, event: Event, seen: Watched) -> str:
    """That the days which were told before cost something else now, in words; what was said of it before, if not."""
    facts, was = before.alert.facts, before.alert.amount
    known = str(facts.get("restated", ""))
    last = date.fromisoformat(facts["last_day"])
    if facts["start"] != event.start.isoformat() or last > event.last_day:
        return known
    row = seen.series.names.index(event.name)
    days = slice((event.start - seen.series.start).days, (last - seen.series.start).days + 1)
    miss = float((seen.series.values[row, days] - seen.expected[row, days]).sum())
    now = Money.of(round(miss, 2), was.currency)
    if abs((now - was).amount) <= max(RESTATED_LEAST, RESTATED_SHARE * abs(was.amount)):
        return known
    return f"by the provider, from {was} to {now} up to {last:%d %b}"


def _seen(context: Context, kept: Kept) -> tuple[Anomalies, Event | None]:
    """The event of an alert in the bill as it is now, beside what its series did in a year."""
    span = Span.kept(kept)
    known = context.costs.freshness(context.now).history.end
    where = {"SubAccountName": (span.name[0] or None,), "ServiceName": (span.name[1] or None,)}
    found = anomalies_of(
        context.costs, context.report, context.now, period=Period(known - YEAR, known), where=where, least=Decimal(0)
    )
    events = [*found.events, *(event for event, _ in found.quiet)]
    same = [event for event in events if span.is_same(Span.of(event))]
    return found, max(same, key=lambda one: abs(one.impact.amount), default=None)


def _cause(event: Event, cause: Cause, kept: Kept) -> Iterator[str]:
    """What moved; and whom to ask, as long as it goes on."""
    said = advice(event, cause)
    yield said if kept.is_open else said.partition(" Ask ")[0]


def _outlook(found: Anomalies, event: Event, kept: Kept) -> list[str]:
    """Whether it goes on, what that would cost, and whether it happened before."""
    lines = []
    if kept.closed:
        lines.append(kept.ended if kept.ended.endswith(".") else f"{kept.ended}.".capitalize())
    else:
        end = month_of(event.last_day).end
        left = (end - event.last_day).days - 1
        more = f", **{_times(event.a_day, left)}** more by the end of {event.last_day:%B} at this rate" if left else ""
        lines.append(f"It goes on: about {event.a_day} a day{more}.")
    events = (*found.events, *(one for one, _ in found.quiet))
    past = sorted(
        (one for one in events if one.direction == event.direction and one.last_day < event.start),
        key=lambda one: one.start,
        reverse=True,
    )
    if past:
        told = ", ".join(f"{one.start:%d %b} ({one.impact.signed()})" for one in past[:MOST_BEFORE])
        lines.append(f"It happened before: {told}.")
    else:
        since = max(found.period.start, found.freshness.covers.start)
        lines.append(f"Nothing like it since {since:%B %Y}.")
    return lines


def _times(amount: Money, days: int) -> Money:
    return Money(amount.amount * days, amount.currency)


def _owner(facts: Any) -> str:  # noqa: ANN401 (JSON)
    if not facts.get("owner"):
        return "nobody yet: no tag and no rule names one"
    return f"{facts['owner']} ({facts['why']})"


def _stands(kept: Kept, judged: Judgement | None) -> str:
    if kept.closed and _has_ended(kept, judged):
        looked = f", {judged.by_name} looked into it" if judged else ", nobody looked into it"
        return f"closed {moment(kept.closed)}{looked}"
    if judged:
        return f"{SAID[judged.said].format(judged.by_name)}, {moment(judged.at)}"
    return "nobody has looked at it yet"


def _has_ended(kept: Kept, judged: Judgement | None) -> bool:
    """Whether it came to an end by itself, rather than by what somebody said."""
    return not kept.is_open and (judged is None or judged.said is Said.INVESTIGATING)


def _judged(context: Context, event: str) -> Judgement | None:
    said = [one for one in context.verdicts.since(context.now - REMEMBERED) if one.event == event]
    return said[-1] if said else None


def _tone(kept: Kept, judged: Judgement | None) -> Tone:
    if kept.closed:
        return Tone.GOOD
    if judged:
        return Tone.CALM
    return Tone.BAD if kept.alert.urgent else Tone.WARN


def _details(event: Event) -> str:
    return f"anomalies {event.id}"


def _gone(context: Context, kept: Kept) -> Answer:
    """The message of an event that a restated bill no longer shows."""
    parts: tuple[Part, ...] = (
        Text(f"It was {plain(kept.alert.said)}. {kept.ended.capitalize() or 'The bill no longer shows it'}."),
        _note(context, kept),
    )
    return Answer(
        "Nothing out of line any more", parts, Tone.GOOD, shows=(kept.alert.id,), data={"alert": kept.alert.id}
    )


def _note(context: Context, kept: Kept) -> Note:
    whose = "The sample company's figures. " if context.report.sample else ""
    fresh = context.costs.freshness(context.now)
    return Note(
        f"{whose}EffectiveCost of usage and purchases in {context.report.currency}, each day against its own past. "
        f"{fresh.said()}. Alert {kept.alert.id}, first told {moment(kept.opened)}."
    )
