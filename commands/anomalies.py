"""``/finops anomalies``: what cost more, or less, than anybody expected; since when, where, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from analysis.anomalies import QUIET, QUIETER, Event, Shape, Watched, watch
from analysis.errors import NotFound
from analysis.focus import DAY, TAG, CostQuery, DailySeries, Freshness
from analysis.money import Money
from analysis.periods import Period
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Note, Part, Table, Text, Tone, plain
from commands.core.cards import send_buttons, sent_on
from commands.core.context import Context
from commands.core.ports import Costs, Judgement, Said
from commands.core.registry import Group, command
from commands.core.report import Exclusion, Report
from commands.core.scope import resolve, said
from commands.core.when import period_of

HISTORY = timedelta(days=250)  # the detector remembers 150, and wants each monthly charge a few times
WINDOW = timedelta(days=30)  # what is told unless a period is asked for
REMEMBERED = timedelta(days=90)  # how long a verdict counts
BEFORE_DAYS = 28  # what an event is compared with, to find its cause
LEAST = Decimal(50)
NEW_LEAST = 50.0
MOST_SHOWN = 5
REPRICED = 0.05
KINDS = {
    "new": "is new",
    "grown": "has grown",
    "re-priced": "has a new price",
    "shrunk": "has shrunk",
    "gone": "is gone",
}
LAYERS = (("SubAccountName", "ServiceName"), ("SubAccountName", "ServiceName", "RegionId"))


@dataclass(frozen=True, slots=True)
class Cause:
    """What made an event: the resource that moved most, its usage, and whether it is new, grown or re-priced."""

    resource: str | None
    usage: str | None
    region: str | None
    team: str | None
    kind: str  # "new", "grown", "re-priced", "shrunk", "gone"
    part: float  # of the event's impact
    resource_id: str | None = None


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A service or a region that is billed for the first time."""

    kind: str  # "service" or "region"
    name: str
    since: date
    cost: Money


@dataclass(frozen=True, slots=True)
class Anomalies:
    """What was found in a period: events that are told, those that are kept quiet, and newcomers."""

    period: Period
    freshness: Freshness
    watched: Sequence[Watched]
    events: tuple[Event, ...]
    quiet: tuple[tuple[Event, str], ...]  # with the reason
    investigated: Mapping[str, str]  # event id -> who looks into it
    newcomers: tuple[Newcomer, ...]

    def seen(self, event: Event) -> Watched:
        """The series that an event was found in."""
        return next(one for one in self.watched if event in one.events)


@command(
    "anomalies",
    group=Group.COST,
    examples=("anomalies", "anomalies last month", "anomalies team=data", "anomalies min=500"),
)
def anomalies(context: Context, *when: str, min: Decimal = LEAST, **scope: str) -> Answer:  # noqa: A002
    """List what cost more or less than expected, the largest impact first: since when, where, why, and who owns it.

    Each account's service is judged day by day against its own past, complete days only. Without a period, the last
    30 days. An event's id shows it alone.
    """
    if len(when) == 1 and _is_id(when[0]):
        return shown(context, *looked_up(context, when[0]))
    judgements = context.verdicts.since(context.now - REMEMBERED)
    freshness = context.costs.freshness(context.now)
    default = Period(freshness.history.end - WINDOW, freshness.history.end)
    period = period_of(when, context, default=default)
    found = anomalies_of(
        context.costs,
        context.report,
        context.now,
        period=period,
        judgements=judgements,
        where=resolve(context.costs, scope),
        least=min,
    )
    return _listed(context, found, scope)


def anomalies_of(  # noqa: PLR0913 (what is looked at, and what is known of it)
    costs: Costs,
    report: Report,
    now: datetime,
    *,
    period: Period | None = None,
    judgements: Sequence[Judgement] = (),
    where: Mapping[str, Sequence[str | None]] | None = None,
    least: Decimal = LEAST,
) -> Anomalies:
    """Judge every account's services, and their regions, over a period (the last 30 complete days).

    An event of a region that lies within one of its service is told once, by the service. What was judged ``expected``
    or is excluded in the deployment file is kept quiet; a series with false alarms has to be further off.
    """
    freshness = costs.freshness(now)
    known = freshness.history.end
    span = period or Period(known - WINDOW, known)
    start = max(freshness.covers.start, min(span.start, known) - HISTORY)
    rows = Period(start, max(start, freshness.covers.end))
    watched = []
    for layer in LAYERS:
        series = _series(costs, CostQuery(rows, report.currency, (*layer, DAY), where or {}), report.exclusions, now)
        if len(series.names):
            noisy = _thresholds(judgements)
            watched.append(
                watch(
                    series,
                    known_until=known,
                    since=span.start,
                    until=span.end - timedelta(days=1),
                    thresholds=noisy,
                    least=float(least),
                )
            )
    events = _merged([event for one in watched for event in one.events])
    told, quiet = _told(events, judgements, report.exclusions, now.date())
    investigated = {one.event: one.by_name for one in judgements if one.said is Said.INVESTIGATING}
    newcomers = _newcomers(costs, report.currency, rows, span, where or {})
    return Anomalies(span, freshness, tuple(watched), told, quiet, investigated, newcomers)


def cause_of(costs: Costs, event: Event, currency: str) -> Cause:
    """What moved most inside an event, against the four weeks before it."""
    inside = {name: (value or None,) for name, value in zip(LAYERS[1], event.name, strict=False)}
    during = Period(event.start, event.last_day + timedelta(days=1))
    past = Period(event.start - timedelta(days=BEFORE_DAYS), event.start)
    stretch = Decimal(during.days) / Decimal(past.days)
    by = ("ResourceId", "ResourceName", "RegionId", "SkuMeter")
    now, was = (_sums(costs, one, currency, by, inside) for one in (during, past))
    moved = {key: now.get(key, Decimal(0)) - was.get(key, Decimal(0)) * stretch for key in {**now, **was}}
    if not moved:
        return Cause(None, None, None, None, "grown" if event.direction > 0 else "shrunk", 0.0)
    key = max(moved, key=lambda one: moved[one] * event.direction)
    kind = _kind(costs, currency, (during, past), key, (key in was, key in now), event.direction)
    part = float(moved[key] / event.impact.amount) if event.impact.amount else 0.0
    identity, name, region, usage = key
    team = _team(costs, during, currency, identity)
    return Cause(name or identity, usage, region, team, kind, min(1.0, part), identity)


def said_event(event: Event) -> str:
    """One event as a line: its dollars, where, what it looks like and since when."""
    name = " in ".join(part for part in reversed(event.name[:2]) if part) or "without a name"
    region = f" ({event.name[2]})" if len(event.name) > 2 and event.name[2] else ""  # noqa: PLR2004
    return f"{event.impact.signed()} {name}{region}: {_looks(event)}"


def figures(event: Event) -> dict[str, Any]:
    """An event as data."""
    return {
        "id": event.id,
        "account": event.name[0],
        "service": event.name[1] if len(event.name) > 1 else "",
        "region": event.name[2] if len(event.name) > 2 else "",  # noqa: PLR2004
        "start": event.start,
        "end": event.end,
        "days": event.days,
        "direction": "up" if event.direction > 0 else "down",
        "shape": str(event.shape),
        "impact": event.impact.amount,
        "expected": event.expected.amount,
        "actual": event.actual.amount,
        "score": event.score,
    }


def _looks(event: Event) -> str:
    """Its shape and its time in plain words."""
    days = f"{event.days} day{'' if event.days == 1 else 's'}"
    since = f"{event.start:%d %b}"
    match event.shape:
        case Shape.SPIKE | Shape.DIP:
            words = "up" if event.direction > 0 else "down"
            return f"{words} for {days} from {since}" + ("" if event.end else ", and it goes on")
        case Shape.STEP | Shape.DROP:
            more = "more" if event.direction > 0 else "less"
            return f"about {_size(event.a_day)} a day {more} since {since}, and it has stayed"
        case Shape.RAMP:
            return f"more each day from {since}, {days}" + ("" if event.end else ", and it goes on")


def _size(amount: Money) -> Money:
    return amount if amount.amount >= 0 else -amount


def _is_id(word: str) -> bool:
    return len(word) >= 8 and all(letter in "0123456789abcdef" for letter in word.lower())  # noqa: PLR2004


def _thresholds(judgements: Sequence[Judgement]) -> dict[tuple[str, ...], float]:
    """How far off series must be that gave false alarms."""
    alarms = Counter(one.series for one in judgements if one.said is Said.FALSE_ALARM)
    return {name: QUIETER if count > 1 else QUIET for name, count in alarms.items()}


def _series(costs: Costs, query: CostQuery, exclusions: Sequence[Exclusion], now: datetime) -> DailySeries:
    """Daily costs without those of tags that are excluded today."""
    whole = costs.ask(query).daily()
    places = {name: place for place, name in enumerate(whole.names)}
    values = whole.values.copy()
    for one in exclusions:
        if not one.tag or now.date() > one.until:
            continue
        key, _, value = one.tag.partition("=")
        tagged = costs.ask(replace(query, where={**query.where, TAG + key: (value,)})).daily()
        for name, row in zip(tagged.names, tagged.values, strict=True):
            values[places[name]] -= row
    return replace(whole, values=values)


def _merged(events: Sequence[Event]) -> list[Event]:
    """Each thing once: a region's event within its service's is the service's."""
    services = [event for event in events if len(event.name) == len(LAYERS[0])]
    regions = [event for event in events if len(event.name) > len(LAYERS[0])]
    alone = [
        event
        for event in regions
        if not any(
            one.name == event.name[:2]
            and one.direction == event.direction
            and one.start <= event.last_day
            and event.start <= one.last_day
            for one in services
        )
    ]
    return sorted((*services, *alone), key=lambda event: -abs(event.impact.amount))


def _told(
    events: Sequence[Event], judgements: Sequence[Judgement], exclusions: Sequence[Exclusion], today: date
) -> tuple[tuple[Event, ...], tuple[tuple[Event, str], ...]]:
    newest = {one.event: one for one in judgements}
    told, quiet = [], []
    for event in events:
        judged = newest.get(event.id)
        excluded = next((one for one in exclusions if one.holds(event.name, today)), None)
        if judged and judged.said in {Said.EXPECTED, Said.FALSE_ALARM}:
            quiet.append((event, f"{judged.said} says {judged.by_name}"))
        elif excluded:
            quiet.append((event, f"excluded until {excluded.until}: {excluded.why}"))
        else:
            told.append(event)
    return tuple(told), tuple(quiet)


def _newcomers(
    costs: Costs, currency: str, rows: Period, span: Period, where: Mapping[str, Sequence[str | None]]
) -> tuple[Newcomer, ...]:
    """Services and regions whose first day lies in the period, and that cost something."""
    found = []
    for kind, dimension in (("service", "ServiceName"), ("region", "RegionId")):
        series = costs.ask(CostQuery(rows, currency, (dimension, DAY), where)).daily()
        for name, values in zip(series.names, series.values, strict=True):
            days = values.nonzero()[0]
            first = series.start + timedelta(days=int(days[0])) if days.size else None
            if first and name[0] and first in span and first > rows.start and values.sum() >= NEW_LEAST:
                found.append(Newcomer(kind, name[0], first, Money.of(round(float(values.sum()), 2), currency)))
    return tuple(sorted(found, key=lambda one: -one.cost.amount))


def _sums(
    costs: Costs, period: Period, currency: str, by: tuple[str, ...], where: Mapping[str, Sequence[str | None]]
) -> dict[tuple[Any, ...], Decimal]:
    frame = costs.ask(CostQuery(period, currency, by, where))
    return {tuple(row[:-1]): row[-1] for row in frame.data.itertuples(index=False, name=None)}


def _kind(
    costs: Costs,
    currency: str,
    periods: tuple[Period, Period],
    key: tuple[Any, ...],
    billed: tuple[bool, bool],  # before, and during the event
    direction: int,
) -> str:
    if not all(billed):
        return "gone" if billed[0] else "new"
    inside = {"ResourceId": (key[0],), "SkuMeter": (key[3],)}
    prices = []
    for period in periods:
        cost = costs.ask(CostQuery(period, currency, (), inside)).total().amount
        frame = costs.ask(CostQuery(period, currency, (), inside, cost="PricingQuantity"))
        quantity = sum(frame.data["Cost"], start=Decimal(0))
        prices.append(float(cost / quantity) if quantity else 0.0)
    now, was = prices
    if was > 0 and now > 0 and abs(now / was - 1) > REPRICED:
        return "re-priced"
    return "grown" if direction > 0 else "shrunk"


def _team(costs: Costs, period: Period, currency: str, resource: str | None) -> str | None:
    if not resource:
        return None
    for key in (name for name in costs.names("Tags") if name.lower() == "team"):
        frame = costs.ask(CostQuery(period, currency, (TAG + key,), {"ResourceId": (resource,)}))
        for name, _ in frame.by(TAG + key):
            if name:
                return name
    return None


def looked_up(context: Context, name: str) -> tuple[Anomalies, Event]:
    """The event whose id begins with ``name``, among everything of the last 90 days, judged or not.

    Raises:
        NotFound: there is none, or more than one.
    """
    found = _everything(context)
    known = [*found.events, *(event for event, _ in found.quiet)]
    match = [event for event in known if event.id.startswith(name.lower())]
    if len(match) != 1:
        raise NotFound(f"no anomaly of the last 90 days is named {name}; `anomalies` lists those there are")
    return found, match[0]


def _everything(context: Context) -> Anomalies:
    known = context.costs.freshness(context.now).history.end
    judgements = context.verdicts.since(context.now - REMEMBERED)
    calm = [one for one in judgements if one.said is not Said.FALSE_ALARM]  # a judged event is still to be seen
    return anomalies_of(
        context.costs, context.report, context.now, period=Period(known - REMEMBERED, known), judgements=calm
    )


def shown(context: Context, found: Anomalies, event: Event) -> Answer:
    """One event with what moved, its picture, and what may be said of it."""
    cause = cause_of(context.costs, event, context.report.currency)
    judged = [one for one in context.verdicts.since(context.now - REMEMBERED) if one.event == event.id]
    told = context.alerts.of_event(event.id)
    standing = f"{judged[-1].said} says {judged[-1].by_name}" if judged else "nobody has looked at it yet"
    return Answer(
        said_event(event),
        (
            Text(advice(event, cause)),
            Facts(
                (
                    ("Expected", str(event.expected)),
                    ("It cost", str(event.actual)),
                    ("Team", cause.team or "no team tag"),
                    ("Stands", standing),
                    *sent_on(context.onward.of(event.id)),
                )
            ),
            Chart(picture(found.seen(event), event, context.report.locale)),
            _drill_down(context.costs, event, context.report.currency),
            Buttons(verdict_buttons(event)),
            *send_buttons(event.id, context.onward.of(event.id), context.report.webhooks),
            _note(found, context),
        ),
        Tone.WARN if event.direction > 0 else Tone.CALM,
        shows=(told.alert.id,) if told else (),
        data={
            **figures(event),
            "currency": event.impact.currency,
            "cause": {
                "resource": cause.resource,
                "usage": cause.usage,
                "region": cause.region,
                "kind": cause.kind,
                "team": cause.team,
            },
            "stands": standing,
        },
    )


def advice(event: Event, cause: Cause) -> str:
    """What moved, how much of it that is, and whom to ask."""
    where = " in ".join(plain(part) for part in reversed(event.name[:2]) if part)
    if cause.resource:
        what = f"**{plain(cause.resource)}** {KINDS[cause.kind]}"
        usage = f" ({plain(cause.usage)})" if cause.usage else ""
        share = f" and makes {cause.part:.0%} of it" if cause.part > 0 else ""
        return f"{what}{usage}{share}. Ask {plain(cause.team) if cause.team else 'its owner'} whether it is meant."
    return f"No single resource explains it: look at {where}."


def _drill_down(costs: Costs, event: Event, currency: str) -> Table:
    """The resources that moved most: a day of the event against a day of the four weeks before."""
    inside = {name: (value or None,) for name, value in zip(LAYERS[1], event.name, strict=False)}
    during = Period(event.start, event.last_day + timedelta(days=1))
    past = Period(event.start - timedelta(days=BEFORE_DAYS), event.start)
    sums = [_sums(costs, one, currency, ("ResourceName",), inside) for one in (past, during)]
    daily = [
        {key[0]: Money(amount / period.days, currency) for key, amount in one.items()}
        for one, period in zip(sums, (past, during), strict=True)
    ]
    zero = Money.zero(currency)
    moved = {name: daily[1].get(name, zero) - daily[0].get(name, zero) for name in {**daily[0], **daily[1]}}
    ranked = sorted(moved, key=lambda name: -abs(moved[name].amount))[:MOST_SHOWN]
    rows = tuple(
        (
            name or "(no resource)",
            str(daily[0].get(name, zero)),
            str(daily[1].get(name, zero)),
            moved[name].cents().signed(),
        )
        for name in ranked
    )
    return Table(("Resource", "A day before", "A day now", "Change"), rows, numbers=(1, 2, 3))


def verdict_buttons(event: Event, stands: Said | None = None) -> tuple[Button, ...]:
    """What may be said of an event, but for what was said already."""
    labels = {Said.EXPECTED: "Expected", Said.INVESTIGATING: "Investigating", Said.FALSE_ALARM: "False alarm"}
    return tuple(
        Button(label, f"verdict {event.id} {said}", Tone.GOOD if said is Said.EXPECTED else Tone.CALM)
        for said, label in labels.items()
        if said is not stands
    )


def picture(seen: Watched, event: Event, locale: str) -> Picture:
    """An event in its series, drawn."""
    from charts.anomaly import anomaly  # matplotlib is half of the bot's start

    return anomaly(seen, event, locale=locale)


def _listed(context: Context, found: Anomalies, scope: Mapping[str, str]) -> Answer:
    shown = found.events[:MOST_SHOWN]
    net = Money.total((event.impact for event in found.events if event.direction > 0), context.report.currency)
    data = {
        "currency": context.report.currency,
        "period": {"start": found.period.start, "end": found.period.end},
        "events": [figures(event) for event in found.events],
        "quiet": [{**figures(event), "why": why} for event, why in found.quiet],
        "newcomers": [
            {"kind": one.kind, "name": one.name, "since": one.since, "cost": one.cost.amount} for one in found.newcomers
        ],
    }
    if not shown:
        words = f"Every account's services stayed within what their own past leads to expect, {found.period}."
        parts: tuple[Part, ...] = (Text(words), *_newcomer_lines(found), *_quiet_lines(found), _note(found, context))
        return Answer(f"No anomalies{said(scope)}", parts, Tone.GOOD, news=bool(found.newcomers), data=data)
    count = f"{len(found.events)} anomal{'y' if len(found.events) == 1 else 'ies'}{said(scope)}"
    title = f"{count}: {net} more than expected" if net else f"{count}: less than expected"
    lines = [_line(number, event, context, found) for number, event in enumerate(shown, 1)]
    return Answer(
        title,
        (
            Text("\n".join(lines)),
            Chart(picture(found.seen(shown[0]), shown[0], context.report.locale)),
            Buttons(tuple(Button(f"{number}. Show", f"anomalies {one.id}") for number, one in enumerate(shown, 1))),
            *_more(found),
            *_newcomer_lines(found),
            *_quiet_lines(found),
            _note(found, context),
        ),
        Tone.WARN,
        data=data,
    )


def _line(number: int, event: Event, context: Context, found: Anomalies) -> str:
    cause = cause_of(context.costs, event, context.report.currency)
    who = f" · {plain(cause.team)}" if cause.team else ""
    what = f" · {plain(cause.resource)} ({cause.kind})" if cause.resource else ""
    looked = found.investigated.get(event.id)
    looking = f" · {plain(looked)} looks into it" if looked else ""
    impact, _, rest = said_event(event).partition(" ")
    return f"{number}. **{impact}** {plain(rest)}{what}{who}{looking}"


def _more(found: Anomalies) -> tuple[Part, ...]:
    left = len(found.events) - MOST_SHOWN
    return (Text(f"… and {left} smaller ones: raise min= or name a scope to see them."),) if left > 0 else ()


def _newcomer_lines(found: Anomalies) -> tuple[Part, ...]:
    lines = [
        f"**New {one.kind}:** {plain(one.name)}, {one.cost} since {one.since:%d %b}"
        for one in found.newcomers[:MOST_SHOWN]
    ]
    return (Text("\n".join(lines)),) if lines else ()


def _quiet_lines(found: Anomalies) -> tuple[Part, ...]:
    if not found.quiet:
        return ()
    lines = [f"Kept quiet: {said_event(event)} ({why})" for event, why in found.quiet[:MOST_SHOWN]]
    return (Text(plain("\n".join(lines))),)


def _note(found: Anomalies, context: Context) -> Note:
    whose = "The sample company's figures. " if context.report.sample else ""
    return Note(
        f"{whose}EffectiveCost of usage and purchases in {context.report.currency}, by account, service and region, "
        f"{found.period}; each day against its own past. {found.freshness.said()}."
    )
