"""Answers that several commands share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.findings import WAITING, Finding, State
from analysis.spelling import tagged
from commands.core.answer import Answer, Button, Buttons, Code, Facts, Note, Part, Text, Tone, plain

TONES = {State.RESOLVED: Tone.GOOD, State.CLAIMED: Tone.CALM, State.ACKNOWLEDGED: Tone.CALM, State.SNOOZED: Tone.CALM}


def standing(finding: Finding) -> str:
    """Where a finding stands, in words."""
    when = f" on {finding.changed_at:%d %b at %H:%M} UTC" if finding.changed_at else ""
    match finding.state:
        case State.OPEN:
            return "open, nobody has it yet"
        case State.REOPENED:
            return "open again: it was resolved, and came back"
        case State.CLAIMED:
            return f"claimed by {finding.owner_name}{when}"
        case State.ACKNOWLEDGED:
            return f"accepted by {finding.owner_name}{when}: {finding.reason}"
        case State.SNOOZED:
            return f"snoozed by {finding.owner_name} until {finding.until:%d %b %Y}"
        case State.RESOLVED:
            return f"resolved{when}"


def worth(finding: Finding) -> str:
    """What ending it is worth a month; usage that a commitment covers frees the commitment and saves no cash."""
    if finding.frees_commitment.amount > 0:
        freed = f"frees {finding.frees_commitment} of commitment"
        return f"{finding.monthly_waste} and {freed}" if finding.monthly_waste.amount > 0 else freed
    return str(finding.monthly_waste)


def finding_card(finding: Finding, *, replaces: bool = False) -> Answer:
    """One finding with its price, its evidence, its commands, its owner, and what may be done about it."""
    owner = tagged(finding.tags, "team") or tagged(finding.tags, "owner") or "no team tag"
    facts = Facts(
        (
            ("Wasted a month", worth(finding)),
            ("Stands", standing(finding)),
            ("Account", f"{finding.account} · {finding.region}"),
            ("Team", owner),
            *finding.evidence,
        )
    )
    parts: list[Part] = [Text(f"`{plain(finding.resource_id)}`"), facts]
    if finding.fix and finding.fix.act:
        parts += [Code("To act", finding.fix.act)]
        parts += [Code("To undo", finding.fix.undo)] if finding.fix.undo else []
    if finding.fix:
        parts.append(Note(finding.fix.safety))
    if buttons := _buttons(finding):
        parts.append(Buttons(buttons))
    return Answer(
        finding.title,
        tuple(parts),
        TONES.get(finding.state, Tone.WARN),
        replaces=replaces,
        shows=(finding.id,),
        data={"finding": figures(finding)},
    )


def _buttons(finding: Finding) -> tuple[Button, ...]:
    if finding.state in WAITING:
        return (
            Button("Claim", f"claim {finding.short}", Tone.GOOD),
            Button("Snooze 30 days", f"snooze {finding.short} days=30"),
        )
    if finding.state is State.RESOLVED:
        return ()
    return (Button("Release", f"release {finding.short}"),)


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
        "reason": finding.reason,
        "until": finding.until,
        "first_seen": finding.first_seen,
    }
