"""``/finops card``: one finding as it stands in a channel, short and with its buttons."""

from __future__ import annotations

from commands.core.answer import Answer
from commands.core.cards import finding_card
from commands.core.context import Context
from commands.core.registry import Group, command


@command("card", group=Group.WASTE, examples=("card 3f9a1c2e",))
def card(context: Context, finding: str) -> Answer:
    """Show one finding in short, with its buttons; finding shows everything, fix the commands."""
    return finding_card(context.findings.get(finding), context)
