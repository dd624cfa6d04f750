"""``/finops reminder``: what waits for a person or a team, as their weekly reminder says it."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.findings import Finding, State
from analysis.overdue import overdue, waits
from commands.core.answer import Answer, Button, Buttons, Note, Table, Text, Tone, Whom, plain
from commands.core.cards import figures, snooze_form, worth
from commands.core.context import Context
from commands.core.registry import Group, command
from commands.core.several import total_of

MOST = 5
TEAM = "team:"


@command("reminder", group=Group.WASTE, examples=("reminder team:search",))
def reminder(context: Context, whom: str = "", *findings: str, named: str = "") -> Answer:
    """Tell what has waited too long for somebody: a team (team:search), or you; all of it, or some findings.

    A person is reminded after 7 days, in the thread of a finding that has a message of its own, else in their direct
    messages; a team's channel after 14. Each once a week at most, in working hours; reminders off ends it.
    """
    name = whom or context.caller.id
    found = _of_team(name, context) if name.startswith(TEAM) else _of_person(name, context)
    wanted = [one for one in found if not findings or one.short in findings or one.id in findings]
    ranked = sorted(wanted, key=lambda one: -one.monthly_waste.amount)
    if named and len(ranked) == 1:
        return _in_thread(ranked[0], Whom(name, named), context)
    if not ranked:
        return Answer(
            "Nothing waits any more", (Text("All of it has been taken on, put off or fixed. Thank you."),), Tone.GOOD
        )
    shown, count = ranked[:MOST], len(ranked)
    rows = tuple((f"{n}. {one.title}", worth(one), _since(one, context)) for n, one in enumerate(shown, 1))
    left = f" The other {count - MOST} are worth {total_of(ranked[MOST:])}." if count > MOST else ""
    longest = max(waits(one, context.now) for one in ranked)
    names = [one.short for one in shown]
    return Answer(
        f"{total_of(ranked)} a month {'waits' if count == 1 else f'in {count} findings waits'} for {_said(name)}",
        (
            Text(f"The longest has waited for {longest} days. Fix it, put it off, or say why it stays.{left}"),
            Table(("What", "A month", "Waits"), rows, numbers=(1,)),
            Buttons(tuple(Button(f"{n}. Show", f"card {one.short}") for n, one in enumerate(shown, 1))),
            snooze_form("Snooze it" if len(names) == 1 else f"Snooze these {len(names)}", names),
            Buttons((Button("Stop reminding me" if not name.startswith(TEAM) else "Stop here", _stop(name)),)),
            Note("Once a week at most. You get it since tags, accounts or [owners] say whose these are."),
        ),
        Tone.WARN,
        shows=tuple(one.id for one in shown),
        data={"whom": name, "findings": [figures(one) for one in ranked]},
    )


def _in_thread(one: Finding, whom: Whom, context: Context) -> Answer:
    """One finding, said to somebody under its own message, which has all its buttons."""
    why = "Your claim says" if one.state is State.CLAIMED else "Tags, accounts or [owners] say"
    return Answer(
        f"Waits for {waits(one, context.now)} days: {worth(one)} a month",
        (
            Text(f"this is yours: {plain(one.title)}. Fix it, put it off, or say why it stays.", to=whom),
            snooze_form("Snooze it", (one.short,)),
            Buttons((Button("Stop reminding me", _stop(whom.user)),)),
            Note(f"Once a week at most. {why} whose it is."),
        ),
        Tone.WARN,
        shows=(one.id,),
        data={"whom": whom.user, "findings": [figures(one)]},
    )


def _of_person(user: str, context: Context) -> list[Finding]:
    email = context.people.email(user)
    return [
        one
        for one in context.findings.standing()
        if overdue(one, context.now, context.report.patience.owner)
        and (one.owner == user if one.state is State.CLAIMED else email and context.report.owners.first(one) == email)
    ]


def _of_team(name: str, context: Context) -> Sequence[Finding]:
    wanted = context.report.owners.team(name.removeprefix(TEAM))
    return [
        one
        for one in context.findings.standing()
        if overdue(one, context.now, context.report.patience.team)
        and wanted is not None
        and context.report.owners.team(one.team) == wanted
    ]


def _since(one: Finding, context: Context) -> str:
    days = waits(one, context.now)
    return f"{days} days, {one.owner_name} has it" if one.state is State.CLAIMED else f"{days} days, nobody has it"


def _said(name: str) -> str:
    return f"team {name.removeprefix(TEAM)}" if name.startswith(TEAM) else "you"


def _stop(name: str) -> str:
    return f"reminders off {name}" if name.startswith(TEAM) else "reminders off"
