"""``/finops alerts``: what stands out of line now, and what ended lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from analysis.alerts import Kept
from commands.core.answer import Answer, Button, Buttons, Note, Part, Table, Text, Tone, plain
from commands.core.context import Context
from commands.core.registry import Group, command

LATELY = timedelta(days=7)
MOST_SHOWN = 10
MOST_BUTTONS = 5
MANY = {"anomaly": "anomalies", "budget": "budgets", "commitment": "commitments", "silence": "silences"}


@command("alerts", group=Group.COST, examples=("alerts", "alerts kind=budget", "alerts team=search"))
def alerts(context: Context, *, kind: str = "", team: str = "", held: str = "") -> Answer:
    """List the alerts that stand, the largest first, with where each was told; and what ended in the last week.

    `kind` is anomaly, budget, commitment or silence.
    """
    every = context.alerts.held(held) if held else context.alerts.standing(context.now - LATELY)
    chosen = [one for one in every if _is_wanted(one, kind.lower(), team.lower())]
    standing = [one for one in chosen if one.is_open]
    over = [one for one in chosen if not one.is_open]
    return Answer(
        _title(standing, held),
        (*_standing(context, standing), *_over(over), *_buttons(standing), _note(context, held)),
        Tone.WARN if standing else Tone.GOOD,
        news=bool(standing),
        shows=tuple([held] if held else ()),
        data={"alerts": [figures(one) for one in chosen]},
    )


def figures(one: Kept) -> dict[str, object]:
    """An alert as data."""
    return {
        "id": one.alert.id,
        "kind": one.alert.kind,
        "said": one.alert.said,
        "amount": one.alert.amount.amount,
        "currency": one.alert.amount.currency,
        "team": one.alert.team,
        "open": one.is_open,
        "ended": one.ended,
        "since": one.opened,
    }


def _is_wanted(one: Kept, kind: str, team: str) -> bool:
    return (not kind or one.alert.kind == kind) and (not team or one.alert.team.lower() == team)


def _title(standing: Sequence[Kept], held: str) -> str:
    if held:
        return f"{len(standing)} more alerts today, beyond what one channel takes"
    if not standing:
        return "No alert stands"
    kinds = Counter(one.alert.kind for one in standing)
    said = ", ".join(f"{count} {kind if count == 1 else MANY[kind]}" for kind, count in kinds.most_common())
    return f"{len(standing)} alert{' stands' if len(standing) == 1 else 's stand'}: {said}"


def _standing(context: Context, standing: Sequence[Kept]) -> tuple[Part, ...]:
    if not standing:
        return ()
    rows = tuple(
        (
            f"{number}. {one.alert.said}",
            one.alert.team or "–",
            ", ".join(context.alerts.told(one.alert.id)) or "not told yet",
        )
        for number, one in enumerate(standing[:MOST_SHOWN], 1)
    )
    left = len(standing) - MOST_SHOWN
    more = (Text(f"… and {left} smaller ones: name a kind= or a team= to see them."),) if left > 0 else ()
    return (Table(("What", "Owner", "Told in"), rows), *more)


def _over(over: Sequence[Kept]) -> tuple[Part, ...]:
    if not over:
        return ()
    lines = [f"{plain(one.alert.said)}: {plain(one.ended)}" for one in over[:MOST_BUTTONS]]
    left = len(over) - MOST_BUTTONS
    lines += [f"… and {left} more"] if left > 0 else []
    return (Text("**Over**\n" + "\n".join(lines)),)


def _buttons(standing: Sequence[Kept]) -> tuple[Part, ...]:
    shown = standing[:MOST_BUTTONS]
    if not shown:
        return ()
    return (Buttons(tuple(Button(f"{n}. Show", f"alert {one.alert.id}") for n, one in enumerate(shown, 1))),)


def _note(context: Context, held: str) -> Note:
    why = "Beyond a number of messages a day a channel gets this one, kept up to date. " if held else ""
    return Note(f"{why}Watched after each load. {context.costs.freshness(context.now).said()}.")
