"""``/finops mine``: what you have taken on, and what is yours by tag or rule and still waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from analysis.counting import so_many
from analysis.findings import FIXED, WAITING, Finding, State
from commands.core.answer import Answer, Button, Buttons, Part, Table, Text, Tone
from commands.core.cards import figures, snooze_form, worth
from commands.core.context import Context
from commands.core.owners import is_for
from commands.core.registry import Group, command
from commands.core.several import total_of

PAGE = 5
LATELY = timedelta(days=30)


@command("mine", group=Group.WASTE, examples=("mine", "mine page=2"))
def mine(context: Context, *, page: int = 1) -> Answer:
    """List what you have claimed, what waits for you by tag or rule, and what you have fixed, worth first."""
    found = context.findings.standing()
    have = [one for one in found if one.state is State.CLAIMED and one.owner == context.caller.id]
    waits = [one for one in found if one.state in WAITING and one.claims and is_for(one, context)]
    fixed = [
        one for one in found if one.state in FIXED and one.owner == context.caller.id and _lately(one, context.now)
    ]
    listed = [*have, *waits]
    shown = listed[PAGE * (page - 1) : PAGE * page]
    if not listed:
        done = f" You fixed {len(fixed)} in the last 30 days." if fixed else ""
        return Answer(
            "Nothing of yours is waiting",
            (Text(f"No finding is claimed by you, and none that is open is yours by tag or rule.{done}"), _waste()),
            Tone.GOOD,
            private=True,
            data={"claimed": [], "waiting": [], "fixed": [figures(one) for one in fixed]},
        )
    rows = tuple(
        (f"{number}. {one.title}", worth(one), _stands(one, context.now))
        for number, one in enumerate(shown, PAGE * (page - 1) + 1)
    )
    return Answer(
        f"Yours: {total_of(listed)} a month in {so_many(len(listed), 'finding')}",
        (
            Table(("What", "A month", "Since"), rows, numbers=(1,)),
            *_actions(shown, waits, len(listed) - PAGE * page, page),
            *((Text(f"You fixed {len(fixed)} in the last 30 days, {total_of(fixed)} a month."),) if fixed else ()),
        ),
        Tone.WARN if waits else Tone.CALM,
        private=True,
        shows=tuple(one.id for one in shown),
        data={
            "claimed": [figures(one) for one in have],
            "waiting": [figures(one) for one in waits],
            "fixed": [figures(one) for one in fixed],
        },
    )


def _actions(shown: Sequence[Finding], waits: Sequence[Finding], left: int, page: int) -> tuple[Part, ...]:
    show = [Button(f"{number}. Show", f"card {one.short}") for number, one in enumerate(shown, PAGE * (page - 1) + 1)]
    claim = [Button(f"Claim all {len(waits)}", "claim mine", Tone.GOOD)] if len(waits) > 1 else []
    more = [Button(f"Show {min(left, PAGE)} of {left} more", f"mine page={page + 1}")] if left > 0 else []
    names = [one.short for one in shown]
    label = f"Snooze these {len(names)}" if len(names) > 1 else "Snooze it"
    return (Buttons((*claim, *show, *more)), snooze_form(label, names))


def _stands(one: Finding, now: datetime) -> str:
    since = one.changed_at or one.first_seen or now
    days = (now - since).days
    word = "claimed" if one.state is State.CLAIMED else "waits"
    return f"{word} {so_many(days, 'day')}" if days else f"{word} since today"


def _lately(one: Finding, now: datetime) -> bool:
    return one.fixed_at is not None and now - one.fixed_at <= LATELY


def _waste() -> Buttons:
    return Buttons((Button("Waste", "waste"),))
