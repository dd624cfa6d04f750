"""``/finops done``, and the Done button: it is fixed; the bill will tell."""

from __future__ import annotations

from analysis import findings
from commands.core.answer import Answer
from commands.core.caller import Permission
from commands.core.cards import finding_card
from commands.core.context import Context
from commands.core.registry import Group, command


@command("done", needs=Permission.ACT, group=Group.WASTE, examples=("done 3f9a1c2e",))
def done(context: Context, finding: str) -> Answer:
    """Say that a finding is fixed. After seven billed days the bill confirms the saving, or opens it again."""
    who = context.caller
    move = findings.done(who.id, who.name)
    moved = context.findings.move(finding, move, who, f"done {finding}", context.now)
    return finding_card(moved, context, replaces=True)
