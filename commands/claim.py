"""``/finops claim``, and the Claim button: an engineer takes a finding on."""

from __future__ import annotations

from analysis import findings
from commands.core.answer import Answer
from commands.core.cards import finding_card
from commands.core.context import Context, Permission
from commands.core.registry import Group, command


@command("claim", needs=Permission.ACT, group=Group.WASTE, examples=("claim 3f9a1c2e",))
def claim(context: Context, finding: str) -> Answer:
    """Take a finding on: from now on it is yours, and everybody sees it."""
    who = context.caller
    move = findings.claim(who.id, who.name)
    return finding_card(context.findings.move(finding, move, who, f"claim {finding}", context.now), replaces=True)
