"""The FinOps practitioner, the race engineer: how complete the picture is, and where the money is."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from analysis.assessment import Assessment
from analysis.counting import so_many
from analysis.findings import WAITING
from analysis.overdue import overdue
from commands.anomalies import said_event
from commands.core.answer import Answer, Button, Buttons, Facts, Part, Table, Text, Tone, plain
from commands.core.report import Report
from commands.personas import persona

MOST_SHOWN = 6
MOST_EVENTS = 3
MOST_TEAMS = 3


@persona("practitioner")
def practitioner(found: Assessment, report: Report) -> Answer:
    """Coverage, the largest services, and how the crew handles its findings."""
    states = Counter(one.state for one in found.alive)
    services = found.services
    rows = tuple(
        (name or "–", str(cost), f"{cost.share_of(services.total):.1%}") for name, cost in services.rows[:MOST_SHOWN]
    )
    providers = ", ".join(f"{name or 'unnamed'} {cost}" for name, cost in found.providers.rows)
    parts: list[Part] = [
        *_events(found),
        Facts(
            (
                ("Complete up to", f"{found.freshness.last_day:%d %b %Y}"),
                ("By provider, last month", providers),
                ("Findings", ", ".join(f"{count} {state}" for state, count in states.items()) or "none"),
                ("Has an owner", f"{_owned(found):.1%}"),
                *_crew(found, report),
            )
        ),
        Table((f"Service, {services.period}", "Cost", "Share"), rows, numbers=(1, 2)),
        Buttons(
            (
                Button("Anomalies", "anomalies"),
                Button("Trends", "trends"),
                Button("Tags", "tags"),
                Button("Review", "review"),
            )
        ),
    ]
    if found.unread:
        parts.append(Text("**Not read:** " + "; ".join(found.unread)))
    if found.told:
        parts.append(Text("**Stands on:** " + "; ".join(found.told)))
    return Answer(
        _title(found),
        tuple(parts),
        Tone.WARN if found.unread or found.events else Tone.CALM,
        data={
            "currency": services.total.currency,
            "services": [{"service": name, "cost": cost.amount} for name, cost in services.rows],
            "findings": {str(state): count for state, count in states.items()},
            "events": [event.id for event in found.events],
            "allocated": _owned(found),
            "unread": list(found.unread),
        },
    )


def _title(found: Assessment) -> str:
    count = len(found.events)
    anomalies = f"{count} anomal{'y' if count == 1 else 'ies'}" if count else "no anomalies"
    return f"Practitioner: {anomalies}, {len(found.to_do)} findings to do, {_owned(found):.0%} of cost has an owner"


def _owned(found: Assessment) -> Decimal:
    return found.allocation.coverage if found.allocation else 1 - found.teams.share(None)


def _events(found: Assessment) -> tuple[Part, ...]:
    if not found.events:
        return ()
    lines = [plain(said_event(event)) for event in found.events[:MOST_EVENTS]]
    return (Text("\n".join(lines)),)


def _crew(found: Assessment, report: Report) -> tuple[tuple[str, str], ...]:
    """How the crew keeps its cadence: what waits longest, and how long a fix takes."""
    people = (
        f"{found.people} {'person' if found.people == 1 else 'people'}, {found.asks} asks" if found.people else "nobody"
    )
    looked = ("Looked in the last 7 days", people)
    waiting = [one for one in found.to_do if one.state in WAITING and one.first_seen]
    if not waiting:
        return (looked, ("Waiting for somebody", "nothing"))
    days = max((found.made_at - one.first_seen).days for one in waiting if one.first_seen)
    since = f"the longest for {so_many(days, 'day')}" if days else "all new"
    return (looked, ("Waiting for somebody", f"{len(waiting)} findings, {since}"), *_escalated(found, report))


def _escalated(found: Assessment, report: Report) -> tuple[tuple[str, str], ...]:
    """What nobody has moved in spite of all reminders, by team."""
    days = report.patience.practitioner
    late = [one for one in found.to_do if overdue(one, found.made_at, days)]
    if not late:
        return ()
    teams = Counter(one.team or "no team" for one in late).most_common(MOST_TEAMS)
    named = ", ".join(f"{name} {count}" for name, count in teams)
    return ((f"Not moved for {days} days", f"{len(late)} findings, {found.waste(late)} a month: {named}"),)
