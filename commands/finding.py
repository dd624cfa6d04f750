"""``/finops finding``: one finding, whole."""

from __future__ import annotations

from dataclasses import replace

from analysis.errors import NoData
from analysis.findings import Finding
from commands.core.answer import Answer
from commands.core.cards import whole_card
from commands.core.context import Context
from commands.core.owners import owners_of
from commands.core.registry import Group, command


@command("finding", group=Group.WASTE, examples=("finding 3f9a1c2e",))
def finding(context: Context, finding: str) -> Answer:
    """Show one finding: price, evidence, whose it is and why, the command to act and the command to undo."""
    found = context.findings.get(finding)
    whose = _whose(context, found)
    card = whole_card(found, context, more=(("Whose it is", whose),) if whose else ())
    return replace(card, data={**card.data, "whose": whose}) if whose else card


def _whose(context: Context, found: Finding) -> str:
    """The owner, and the rule that says so; empty where the bill knows nothing of it."""
    if found.why_whose:
        return f"{found.whose or found.team or 'nobody'}: {found.why_whose}"
    try:
        owners = owners_of(context.costs, context.report, context.now, [found.resource_id])
    except NoData:
        return ""
    ownership = owners.get(found.resource_id.lower())
    if ownership is None:
        return ""
    return f"{ownership.owner}: {ownership.why}" if ownership.owner else f"nobody: {ownership.why}"
