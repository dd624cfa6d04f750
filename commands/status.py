"""``/finops status``: how fresh the figures are, and how the crew itself is doing."""

from __future__ import annotations

from collections import Counter

from analysis.errors import NoData
from analysis.findings import State
from commands.core.answer import Answer, Facts, Note, Text, Tone
from commands.core.context import Context
from commands.core.registry import Group, command


@command("status", group=Group.CREW, examples=("status",))
def status(context: Context) -> Answer:
    """Say how fresh the billed rows are, where the findings stand, and what the clock does next."""
    counted = Counter(finding.state for finding in context.findings.standing())
    standing = ", ".join(f"{counted[state]} {state}" for state in State if counted[state]) or "none yet"
    bill: tuple[tuple[str, str], ...] = (("Billed rows", "none yet"),)
    try:
        fresh = context.costs.freshness(context.now)
        bill = (("Complete up to", f"{fresh.last_day:%d %b %Y}"), ("History", f"{fresh.history.days} days"))
        note = fresh.said()
    except NoData as nothing:
        note = str(nothing)
    machinery = tuple(context.machinery())
    return Answer(
        "How the crew is doing",
        (
            Facts((*bill, ("Findings", standing), *machinery)),
            *(
                [Text("**These are the sample company's figures.** No cloud account is connected.")]
                if context.report.sample
                else []
            ),
            Note(f"{note}."),
        ),
        Tone.CALM,
        data={
            "findings": {str(state): counted[state] for state in State},
            "sample": context.report.sample,
            "machinery": dict(machinery),
        },
    )
