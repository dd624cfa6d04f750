"""``/finops release``, and the Release button: a finding goes back to everybody."""

from __future__ import annotations

from analysis import findings
from commands.core.answer import Answer
from commands.core.caller import Permission
from commands.core.cards import finding_card
from commands.core.context import Context
from commands.core.registry import Group, command


@command("release", needs=Permission.ACT, group=Group.WASTE, examples=("release 3f9a1c2e",))
def release(context: Context, finding: str) -> Answer:
    """Give back what you claimed, accepted, snoozed or called done: it is open again."""
    asked = f"release {finding}"
    moved = context.findings.move(finding, findings.release(), context.caller, asked, context.now)
    return finding_card(moved, context, replaces=True)
