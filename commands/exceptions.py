"""``/finops exceptions``: what is called no waste, why, by whom, until when; and its earlier end."""

from __future__ import annotations

from analysis.counting import so_many
from analysis.errors import NotAllowed
from analysis.exemptions import Exemption
from commands.core.answer import Answer, Button, Buttons, Note, Table, Text, Tone
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.registry import Group, command

MOST_BUTTONS = 5
PAGE = 20


@command("exceptions", group=Group.WASTE, examples=("exceptions", "exceptions end=3"))
def exceptions(context: Context, *, end: int = 0, page: int = 1) -> Answer:
    """List every exception with its reason and its last day; end=3 ends the third now."""
    if end:
        if not context.caller.may(Permission.ACT):
            raise NotAllowed("ending an exception needs the act permission here; ask whoever runs Pitcrew for it")
        ended, woken = context.exemptions.end(end, context.caller, context.now)
        back = f"{woken} finding{' is' if woken == 1 else 's are'} open again" if woken else "nothing had waited for it"
        return Answer(f"Exception {end} is over", (Text(f"{_what(ended)}: {back}."), _again()), Tone.GOOD)
    held = list(context.exemptions.standing(context.now))
    if not held:
        words = "Nothing is exempt: every check looks at everything. A finding's Not waste button makes an exception."
        return Answer("No exceptions", (Text(words),), Tone.GOOD, data={"exceptions": []})
    shown = held[PAGE * (page - 1) : PAGE * page]
    rows = tuple((str(one.number), _what(one), f"{one.until:%d %b %Y}", f"{one.by_name}: {one.why}") for one in shown)
    buttons = tuple(Button(f"End {one.number}", f"exceptions end={one.number}") for one in shown[:MOST_BUTTONS])
    left = len(held) - PAGE * page
    more = (Button(f"Show {left} more", f"exceptions page={page + 1}"),) if left > 0 else ()
    days = (held[0].until - context.now.date()).days
    return Answer(
        f"{so_many(len(held), 'exception')}, the next ends in {so_many(days, 'day')}",
        (
            Table(("No.", "What is left alone", "Until", "Why"), rows, numbers=(0,)),
            Buttons((*buttons, *more)),
            Note("On the last day of an exception its findings come back by themselves."),
        ),
        data={
            "exceptions": [
                {
                    "number": one.number,
                    "check": one.check,
                    "resource_id": one.resource_id,
                    "tag": one.tag,
                    "until": one.until,
                    "why": one.why,
                    "by": one.by_name,
                }
                for one in held
            ]
        },
    )


def _what(one: Exemption) -> str:
    return f"{one.check} on {one.resource_id.rsplit('/', 1)[-1] or 'all that is tagged ' + one.tag}"


def _again() -> Buttons:
    return Buttons((Button("Exceptions", "exceptions"),))
