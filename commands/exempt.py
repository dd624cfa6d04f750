"""``/finops exempt``, and the Not waste form: a check is not to say that of a resource, or a tag, until a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from analysis.errors import BadAsk
from analysis.exemptions import LONGEST_DAYS, Exemption, tag_of
from commands.core.answer import Answer, Text, plain
from commands.core.caller import Permission
from commands.core.cards import finding_card
from commands.core.context import Context
from commands.core.registry import Group, command, quoted

RESOURCE = "resource"
LONGEST_REASON = 300


@command(
    "exempt",
    needs=Permission.ACT,
    group=Group.WASTE,
    examples=(
        'exempt 3f9a1c2e why="kept for the audit" until=2027-03-01',
        'exempt 3f9a1c2e by=env=dr why="standby site" until=2027-06-30',
    ),
)
def exempt(
    context: Context, finding: str, *reason: str, why: str = "", by: str = RESOURCE, until: date | None = None
) -> Answer:
    """Say that a finding is no waste: its check leaves this resource, or a tag (by=env=dr), alone until a day.

    Every exception has a reason and an end, a year from now at most; exceptions lists them, and ends them sooner.
    """
    said = " ".join((*reason, why)).strip()
    latest = context.now.date() + timedelta(days=LONGEST_DAYS)
    if not said:
        raise BadAsk(f'say why it is no waste: exempt {finding} why="kept for the audit" until={latest}')
    if len(said) > LONGEST_REASON:
        raise BadAsk(f"the reason has {len(said)} characters; {LONGEST_REASON} are enough")
    if until is None:
        raise BadAsk(f"no exception is for ever: until={latest} is the latest")
    if not context.now.date() < until <= latest:
        raise BadAsk(f"until={until}: an exception ends on a day after today, {latest} at the latest")
    found = context.findings.get(finding)
    if by.lower() == RESOURCE:
        made = Exemption(found.check, said, until, resource_id=found.resource_id.lower())
    else:
        made = Exemption(found.check, said, until, tag=tag_of(found, by))
    asked = quoted(("exempt", found.short, f"by={by}", f"until={until}"))
    moved, count = context.exemptions.enter(found.id, made, context.caller, asked, context.now)
    card = finding_card(moved, context, replaces=True)
    if count > 1:
        words = (
            f"{count} findings of {made.check} with the tag {plain(made.tag)} are left alone until {until:%d %b %Y}."
        )
        return replace(card, parts=(Text(words), *card.parts))
    return card
