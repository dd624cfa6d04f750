"""``/finops send``, and its buttons: a finding or an anomaly goes on to wherever else work is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.anomalies import Event
from analysis.errors import BadAsk, NotFound, UnknownName
from analysis.findings import Finding
from commands.anomalies import looked_up, said_event
from commands.core.answer import Answer, Button, Buttons, Text, Tone, plain
from commands.core.caller import Permission
from commands.core.cards import finding_card, standing, whose, worth
from commands.core.context import Context
from commands.core.moments import spoken
from commands.core.registry import Group, command


@command(
    "send",
    needs=Permission.ACT,
    group=Group.WASTE,
    examples=("send 3f9a1c2e to=jira", "send 3f9a1c2e77d0 to=pagerduty"),
)
def send(context: Context, what: str, *, to: str = "") -> Answer:
    """Send a finding or an anomaly on, to one of the [[webhooks]] of the deployment file: Jira, Linear, PagerDuty.

    Once to each target. What the other side calls it comes back into the message, with its link; Pitcrew asks nobody
    there how it goes on: look behind the link.
    """
    target = _target(context, to)
    asked = f"send {what} to={target}"
    try:
        found = context.findings.get(what)
    except NotFound:
        _, event = looked_up(context, what)
        context.onward.send(target, event_of(event), context.caller, asked, context.now)
        words = f"{plain(said_event(event))}\nIt is on its way to {target}; its link will stand with the anomaly."
        again = Buttons((Button("Show", f"anomalies {event.id}"),))
        return Answer(f"On its way to {target}", (Text(words), again), Tone.GOOD, private=True)
    context.onward.send(target, finding_event(found), context.caller, asked, context.now)
    return finding_card(context.findings.get(found.id), context, replaces=True)


def _target(context: Context, to: str) -> str:
    known = list(context.report.webhooks)
    if not known:
        raise BadAsk("nothing can be sent on from here; name a target under [[webhooks]] in the deployment file")
    if not to and len(known) == 1:
        return known[0]
    if not to:
        raise BadAsk(f"say where to: to={known[0]}; there are {', '.join(known)}")
    if to not in known:
        raise UnknownName("webhook", to, known=known)
    return to


def finding_event(found: Finding) -> Mapping[str, Any]:
    """A finding as plain JSON, with a text that needs no question asked back."""
    fix = found.fix
    lines = [
        f"Wasted a month: {worth(found)}",
        f"Resource: {found.resource_id}",
        f"Account: {found.account}, {found.region}",
        f"Owner: {whose(found)}",
        f"Stands: {spoken(standing(found))}",
        *(f"{name}: {value}" for name, value in found.evidence),
        *((f"To act: {fix.act}", f"To undo: {fix.undo}") if fix and fix.act else ()),
        *((f"First: {fix.safety}",) if fix else ()),
        f"In the chat: /finops finding {found.short}",
    ]
    return {
        "kind": "finding",
        "id": found.id,
        "title": f"{found.title}: {worth(found)} a month",
        "text": "\n".join(lines),
        "check": found.check,
        "monthly": format(found.monthly_waste.amount, "f"),
        "currency": found.monthly_waste.currency,
        "account": found.account,
        "region": found.region,
        "resource_id": found.resource_id,
        "team": found.team,
        "owner": found.whose or found.owner_name,
        "state": str(found.state),
        "act": fix.act if fix else "",
        "undo": fix.undo if fix else "",
        "safety": fix.safety if fix else "",
    }


def event_of(event: Event) -> Mapping[str, Any]:
    """An anomaly as plain JSON."""
    return {
        "kind": "anomaly",
        "id": event.id,
        "title": said_event(event),
        "text": "\n".join((said_event(event), f"In the chat: /finops anomalies {event.id}")),
        "account": event.name[0] if event.name else "",
        "impact": format(event.impact.amount, "f"),
        "currency": event.impact.currency,
    }
