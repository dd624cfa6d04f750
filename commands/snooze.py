"""``/finops snooze``, and its form: not now, but not never."""

from __future__ import annotations

from datetime import date, timedelta

from analysis import findings
from analysis.errors import BadAsk
from commands.core.answer import Answer
from commands.core.caller import Permission
from commands.core.cards import finding_card
from commands.core.context import Context
from commands.core.registry import Group, command
from commands.core.several import moved_card, names_of

LONGEST = 90


@command(
    "snooze",
    needs=Permission.ACT,
    group=Group.WASTE,
    examples=("snooze 3f9a1c2e days=7", "snooze 3f9a1c2e 77d0b4aa days=7", "snooze 3f9a1c2e until=2026-12-24"),
)
def snooze(context: Context, finding: str, *others: str, days: int = 30, until: date | None = None) -> Answer:
    """Hide findings for some days (90 at most), or until a date; then they come back by themselves."""
    today = context.now.date()
    latest = today + timedelta(days=LONGEST)
    if until is None and not 1 <= days <= LONGEST:
        raise BadAsk(f"days={days}: a finding can be snoozed for 1 to {LONGEST} days")
    end = until or today + timedelta(days=days)
    if not today < end <= latest:
        raise BadAsk(f"until={end}: a finding can be snoozed until a day after today, {latest} at the latest")
    who = context.caller
    move = findings.snooze(who.id, who.name, end)
    asked = " ".join(("snooze", finding, *others, f"until={end}"))
    if not others:
        return finding_card(context.findings.move(finding, move, who, asked, context.now), context, replaces=True)
    moved = context.findings.move_all(names_of(finding, others), move, who, asked, context.now)
    return moved_card(moved, f"snoozed until {end:%d %b}")
