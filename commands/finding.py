"""``/finops finding``: one finding, whole."""

from __future__ import annotations

from commands.core.answer import Answer
from commands.core.cards import finding_card
from commands.core.context import Context
from commands.core.registry import Group, command


@command("finding", group=Group.WASTE, examples=("finding 3f9a1c2e",))
def finding(context: Context, finding: str) -> Answer:
    """Show one finding: price, evidence, the command to act and the command to undo."""
    return finding_card(context.findings.get(finding))
