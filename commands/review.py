"""``/finops review``: the monthly review, an agenda made from the month's facts, as a document for the whole crew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from analysis.errors import BadAsk, FinOpsError
from analysis.periods import Period, month_of
from commands.core.answer import Answer, Button, Buttons, Choices, File, Form, Note, Part, Table, Text, Tone, plain
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.decisions import Decision, decisions
from commands.core.page import page
from commands.core.registry import Group, command, quoted, run_ask
from commands.core.when import before, period_of

log = structlog.get_logger(__name__)
MOST_DECISIONS = 5


@command("review", group=Group.CREW, examples=("review", "review 2026-09"))
def review(context: Context, *when: str) -> Answer:
    """Make the monthly review: what happened, what it means for each persona, and the decisions to take.

    Without a month, the last whole one. The document is one HTML page with the same charts, to read, print and keep.
    """
    month = period_of(when, context)
    if month != month_of(month.start):
        raise BadAsk(f"a review is of one calendar month, and {month} is none; write review, or review 2026-09")
    items, missing = _items(context, month)
    wanted = decisions(context.assessments.latest(context.now))
    document = page(
        f"FinOps review of {month}",
        (_opening(items, wanted), *items),
        lead=f"{context.costs.freshness(context.now).said()}. Made {context.now:%d %b %Y}.",
    )
    file = File(
        f"finops-review-{month.start:%Y-%m}.html",
        "text/html",
        document,
        f"The review of {month}: {len(items)} items with their charts, and {len(wanted)} decisions.",
    )
    return Answer(
        f"Review of {month}: {len(wanted)} decisions wanted",
        (
            Text("**What happened**\n" + "\n".join(f"{n}. {plain(one.title)}" for n, one in enumerate(items, 1))),
            *_wanted(wanted),
            file,
            *_buttons(wanted),
            *((Note("Not on the agenda: " + "; ".join(missing)),) if missing else ()),
        ),
        Tone.CALM,
        data={
            "month": month.start,
            "agenda": [one.title for one in items],
            "missing": missing,
            "decisions": [one.data() for one in wanted],
        },
    )


def agenda(month: Period) -> Sequence[tuple[str, ...]]:
    """The asks that make a month's review, in the order of the meeting."""
    name, earlier = f"{month.start:%Y-%m}", f"{before(month).start:%Y-%m}"
    return (
        ("summary", "leadership"),
        ("why", name, "vs", earlier),
        ("forecast",),
        ("budget",),
        ("anomalies", name),
        ("trends",),
        ("units",),
        ("allocation", name),
        ("commitments", name),
        ("waste", "by=team"),
        ("savings",),
        ("tags", name),
        ("score",),
    )


def _items(context: Context, month: Period) -> tuple[list[Answer], list[str]]:
    """Each item as it would be answered, without its buttons; and those that cannot be told, with the reason."""
    items, missing = [], []
    for words in agenda(month):
        try:
            said = run_ask(quoted(words), context, at_most=Permission.READ)
        except FinOpsError as error:
            missing.append(f"{words[0]} ({error})")
        else:
            items.append(replace(said, parts=tuple(part for part in said.parts if not isinstance(part, LIVE))))
    return items, missing


LIVE = (Buttons, Choices, Form, File)


def _opening(items: Sequence[Answer], wanted: Sequence[Decision]) -> Answer:
    """The first section: the decisions, since the meeting is for them."""
    rows = tuple((one.what, one.who, str(one.yearly) if one.yearly else "–") for one in wanted)
    parts: tuple[Part, ...] = (Table(("Decision", "Who", "A year"), rows, numbers=(2,)),) if rows else ()
    return Answer("Decisions to take", parts or (Text(f"None of the {len(items)} items asks for one."),))


def _wanted(wanted: Sequence[Decision]) -> tuple[Part, ...]:
    if not wanted:
        return ()
    lines = [
        f"{number}. {plain(one.what)}{f', {one.yearly} a year' if one.yearly else ''} · {one.who}"
        for number, one in enumerate(wanted[:MOST_DECISIONS], 1)
    ]
    return (Text("**Decisions to take**\n" + "\n".join(lines)),)


def _buttons(wanted: Sequence[Decision]) -> tuple[Part, ...]:
    shown = wanted[:MOST_DECISIONS]
    return (Buttons(tuple(Button(f"{number}. Look", one.ask) for number, one in enumerate(shown, 1))),) if shown else ()
