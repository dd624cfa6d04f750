"""``/finops anomalies``: what cost more, or less, than anybody expected; since when, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from analysis.anomalies import Event, Shape, Watched
from analysis.counting import so_many
from analysis.errors import NotFound
from analysis.money import Money
from analysis.periods import Period
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Note, Part, Table, Text, Tone, plain
from commands.core.cards import send_buttons, sent_on
from commands.core.causes import Cause, cause_of, spans, sums_inside
from commands.core.context import Context
from commands.core.ports import Costs, Said
from commands.core.registry import Group, command
from commands.core.scope import resolve, said
from commands.core.unusual import LEAST, REMEMBERED, WINDOW, Anomalies, anomalies_of
from commands.core.when import period_of

MOST_SHOWN = 5
KINDS = {
    "new": "is new",
    "grown": "has grown",
    "re-priced": "has a new price",
    "shrunk": "has shrunk",
    "gone": "is gone",
}


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
    days = so_many(event.days, "day")
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
    daily = [
        {key[0]: Money(amount / period.days, currency) for key, amount in billed.items()}
        for period in spans(event)
        for billed in [sums_inside(costs, event, period, currency, ("ResourceName",))]
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
