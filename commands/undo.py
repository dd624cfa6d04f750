"""``/finops undo``, and its button: what you have just done to a finding, taken back."""

from __future__ import annotations

from commands.core.answer import Answer
from commands.core.caller import Permission
from commands.core.cards import finding_card
from commands.core.context import Context
from commands.core.registry import Group, command


@command("undo", needs=Permission.ACT, group=Group.WASTE, examples=("undo 3f9a1c2e",))
def undo(context: Context, finding: str) -> Answer:
    """Take back your last change of a finding: it stands as it did before. For an hour, unless it has moved on."""
    moved = context.findings.undo(finding, context.caller, f"undo {finding}", context.now, context.report.undo)
    return finding_card(moved, context, replaces=True)
