"""Answers that several commands share: one finding as a message, whole or short, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from analysis.findings import Finding, Link, State
from analysis.spelling import tagged
from commands.core.answer import Answer, Button, Buttons, Code, Facts, Field, Form, Note, Part, Text, Tone, plain
from commands.core.context import Context
from commands.core.links import Linked
from commands.core.moments import moment

TONES = {
    State.RESOLVED: Tone.GOOD,
    State.DONE: Tone.CALM,
    State.CLAIMED: Tone.CALM,
    State.ACKNOWLEDGED: Tone.CALM,
    State.SNOOZED: Tone.CALM,
    State.EXEMPT: Tone.CALM,
}
SNOOZES = ("1", "7", "30")  # days
MOST_TAGS = 6
LONGEST_TAG = 60
WORDY_EVIDENCE = 3  # lines of it in a short card


def standing(finding: Finding) -> str:  # noqa: C901 (one word for each state)
    """Where a finding stands, in words."""
    when = f" on {moment(finding.changed_at)}" if finding.changed_at else ""
    match finding.state:
        case State.OPEN:
            return "open, nobody has it yet"
        case State.REOPENED:
            return f"open again: {finding.reason or 'it was resolved, and came back'}"
        case State.CLAIMED:
            return f"claimed by {finding.owner_name}{when}"
        case State.ACKNOWLEDGED:
            return f"accepted by {finding.owner_name}{when}: {finding.reason}"
        case State.SNOOZED:
            return f"snoozed by {finding.owner_name} until {finding.until:%d %b %Y}"
        case State.EXEMPT:
            return f"no waste until {finding.until:%d %b %Y}, says {finding.owner_name}: {finding.reason}"
        case State.DONE:
            return f"done, says {finding.owner_name}{when}; the bill will tell after seven days"
        case State.RESOLVED:
            return f"resolved{when}"


def worth(finding: Finding) -> str:
    """What ending it is worth a month; usage that a commitment covers frees the commitment and saves no cash."""
    if finding.frees_commitment.amount > 0:
        freed = f"frees {finding.frees_commitment} of commitment"
        return f"{finding.monthly_waste} and {freed}" if finding.monthly_waste.amount > 0 else freed
    return str(finding.monthly_waste)


def whose(finding: Finding) -> str:
    """Whose it is, as far as tags and rules tell: a person, a team, or that nobody is named."""
    if finding.whose and finding.team:
        return f"{finding.whose} ({finding.team})"
    return (
        finding.whose or finding.team or tagged(finding.tags, "team") or tagged(finding.tags, "owner") or "no team tag"
    )


def finding_card(finding: Finding, context: Context, *, replaces: bool = False) -> Answer:
    """One finding as a message for everybody: what it costs, where it stands, whose it is, what may be done.

    It is drawn anew by ``card``; the commands that fix it are one click away, for whoever clicks.
    """
    facts = Facts((*_facts(finding), *finding.evidence[:WORDY_EVIDENCE]))
    return Answer(
        finding.title,
        (Text(f"`{plain(finding.resource_id)}`"), facts, *actions(finding, context, show=True)),
        TONES.get(finding.state, Tone.WARN),
        replaces=replaces,
        shows=(finding.id,),
        data={"finding": figures(finding)},
        redraw=f"card {finding.id}",
    )


def whole_card(finding: Finding, context: Context, *, more: Sequence[tuple[str, str]] = ()) -> Answer:
    """One finding with everything that is known of it, and its commands."""
    facts = Facts((*_facts(finding), *finding.evidence, *more))
    parts: list[Part] = [Text(f"`{plain(finding.resource_id)}`"), facts, *commands_of(finding)]
    return Answer(
        finding.title,
        (*parts, *actions(finding, context, show=False)),
        TONES.get(finding.state, Tone.WARN),
        shows=(finding.id,),
        data={"finding": figures(finding)},
    )


def commands_of(finding: Finding) -> tuple[Part, ...]:
    """The command to act, the command to undo, and what to check first."""
    if not finding.fix:
        return ()
    act = (Code("To act", finding.fix.act),) if finding.fix.act else ()
    undo = (Code("To undo", finding.fix.undo),) if finding.fix.act and finding.fix.undo else ()
    return (*act, *undo, Note(finding.fix.safety))


def _facts(finding: Finding) -> tuple[tuple[str, str], ...]:
    return (
        ("Wasted a month", worth(finding)),
        ("Stands", standing(finding)),
        ("Account", f"{finding.account} · {finding.region}"),
        ("Team", whose(finding)),
        *sent_on(finding.links),
    )


def sent_on(links: Sequence[Link]) -> tuple[tuple[str, str], ...]:
    """Where something was sent on to, what it is called there, and where it is."""
    return tuple((f"Sent to {one.target}", _sent(one)) for one in links)


def _sent(link: Link) -> str:
    if link.failed:
        return f"not delivered: {link.failed}"
    return Linked(link.key, link.url) or "on its way"


def actions(finding: Finding, context: Context, *, show: bool) -> tuple[Part, ...]:
    """The buttons that still mean something, and no other."""
    short, state = finding.short, finding.state
    see = (Button("Show command", f"fix {short}"),) if show and finding.fix else ()
    back = _undo(finding, context.now, context.report.undo)
    send = send_buttons(short, finding.links, context.report.webhooks)
    match state:
        case State.OPEN | State.REOPENED:
            first = (Button("Claim", f"claim {short}", Tone.GOOD), Button("Done", f"done {short}"))
            return (Buttons(first), *put_off(finding), *_buttons(*see, *back), *send)
        case State.CLAIMED:
            held = (Button("Done", f"done {short}", Tone.GOOD), Button("Release", f"release {short}"), *back)
            return (Buttons(held), *put_off(finding), *_buttons(*see), *send)
        case State.ACKNOWLEDGED | State.SNOOZED | State.DONE:
            return _buttons(Button("Release", f"release {short}"), *back, *see)
        case State.EXEMPT:
            return _buttons(*back, Button("Exceptions", "exceptions"))
        case State.RESOLVED:
            return ()


def _buttons(*buttons: Button) -> tuple[Part, ...]:
    return (Buttons(buttons),) if buttons else ()


def put_off(finding: Finding) -> tuple[Form, ...]:
    """The forms that ask something first: not now, accepted, no waste."""
    return (
        snooze_form("Snooze", (finding.short,)),
        Form(
            "Accept",
            "Accept the cost",
            f"acknowledge {finding.short}",
            (Field("because", "Why is it meant? It is kept with the finding", "paragraph"),),
        ),
        Form(
            "Not waste",
            "Not waste",
            f"exempt {finding.short}",
            (
                Field("why", "Why is it no waste?", "paragraph"),
                Field("by", "What is exempt", options=("resource", *_tags(finding)), value="resource"),
                Field("until", "Until when? A year at most", "date"),
            ),
        ),
    )


def snooze_form(label: str, names: Sequence[str]) -> Form:
    """How long several findings, or one, are not to be seen."""
    return Form(
        label,
        "Not now",
        " ".join(("snooze", *names)),
        (
            Field("days", "For how many days", options=SNOOZES, value="7"),
            Field("until", "Or until a day", "date", optional=True),
        ),
    )


def _tags(finding: Finding) -> list[str]:
    said = (f"{key}={value}" for key, value in finding.tags.items())
    return [one for one in said if len(one) <= LONGEST_TAG][:MOST_TAGS]


def _undo(finding: Finding, now: datetime, within: timedelta) -> tuple[Button, ...]:
    """Undo, while whoever moved it last may still take that back."""
    fresh = finding.changed_at is not None and now - finding.changed_at <= within
    return (Button("Undo", f"undo {finding.short}"),) if finding.mover and fresh and finding.version > 1 else ()


def send_buttons(name: str, links: Sequence[Link], targets: Sequence[str]) -> tuple[Part, ...]:
    """A way on to wherever else work is kept, where it is not there yet."""
    there = {one.target for one in links if not one.failed}
    left = [target for target in targets if target not in there]
    return _buttons(*(Button(f"Send to {target}", f"send {name} to={target}") for target in left))


def figures(finding: Finding) -> Mapping[str, Any]:
    """A finding as data."""
    return {
        "id": finding.id,
        "check": finding.check,
        "title": finding.title,
        "provider": finding.provider,
        "cloud": finding.cloud,
        "account": finding.account,
        "region": finding.region,
        "resource_id": finding.resource_id,
        "resource_name": finding.resource_name,
        "tags": dict(finding.tags),
        "monthly_waste": finding.monthly_waste.amount,
        "frees_commitment": finding.frees_commitment.amount,
        "currency": finding.monthly_waste.currency,
        "evidence": dict(finding.evidence),
        "action": str(finding.remedy.action),
        "act": finding.fix.act if finding.fix else "",
        "undo": finding.fix.undo if finding.fix else "",
        "safety": finding.fix.safety if finding.fix else "",
        "state": str(finding.state),
        "owner": finding.owner_name,
        "team": finding.team,
        "whose": finding.whose,
        "reason": finding.reason,
        "until": finding.until,
        "first_seen": finding.first_seen,
        "links": [{"target": one.target, "key": one.key, "url": one.url} for one in finding.links],
    }
