"""``/finops acknowledge``, and its form: the cost is meant, and here is why."""

from __future__ import annotations

from analysis import findings
from analysis.errors import BadAsk
from commands.core.answer import Answer
from commands.core.caller import Permission
from commands.core.cards import finding_card
from commands.core.context import Context
from commands.core.registry import Group, command

LONGEST_REASON = 300


@command(
    "acknowledge",
    needs=Permission.ACT,
    group=Group.WASTE,
    examples=("acknowledge 3f9a1c2e standby for the yearly audit",),
)
def acknowledge(context: Context, finding: str, *reason: str, because: str = "") -> Answer:
    """Accept a finding as it is; the reason is kept with it, and it is not shown as waste any more."""
    why = " ".join((*reason, because)).strip()
    if not why:
        raise BadAsk(
            f"a reason is needed, so that nobody has to ask again: acknowledge {finding} standby for the audit"
        )
    if len(why) > LONGEST_REASON:
        raise BadAsk(f"the reason has {len(why)} characters; {LONGEST_REASON} are enough")
    who = context.caller
    move = findings.acknowledge(who.id, who.name, why)
    moved = context.findings.move(finding, move, who, f"acknowledge {finding}", context.now)
    return finding_card(moved, context, replaces=True)
