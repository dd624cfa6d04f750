"""``/finops claim``, and the Claim button: an engineer takes findings on."""

from __future__ import annotations

from analysis import findings
from commands.core.answer import Answer, Text, Tone
from commands.core.caller import Permission
from commands.core.cards import finding_card
from commands.core.context import Context
from commands.core.owners import is_for
from commands.core.registry import Group, command
from commands.core.several import MOST, moved_card, names_of

MINE = "mine"


@command(
    "claim",
    needs=Permission.ACT,
    group=Group.WASTE,
    examples=("claim 3f9a1c2e", "claim 3f9a1c2e 77d0b4aa", "claim mine"),
)
def claim(context: Context, finding: str, *others: str) -> Answer:
    """Take findings on: from now on they are yours, and everybody sees it.

    claim mine takes on everything that is open and yours by tag or rule, fifty at most.
    """
    who = context.caller
    move = findings.claim(who.id, who.name)
    asked = " ".join(("claim", finding, *others))
    if finding.lower() == MINE:
        mine = [one for one in context.findings.standing(*findings.WAITING) if one.claims and is_for(one, context)]
        if not mine:
            words = "Nothing that is open is yours by tag or rule. `mine` shows what you have; `waste` what is open."
            return Answer("Nothing to claim", (Text(words),), Tone.GOOD, private=True, data={"moved": []})
        return moved_card(
            context.findings.move_all([one.id for one in mine[:MOST]], move, who, asked, context.now), "claimed"
        )
    if not others:
        return finding_card(context.findings.move(finding, move, who, asked, context.now), context, replaces=True)
    names = names_of(finding, others)
    return moved_card(context.findings.move_all(names, move, who, asked, context.now), "claimed")
