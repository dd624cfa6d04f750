"""``/finops alert``: one alert as it stands now; every message of it is this answer, drawn anew."""

from __future__ import annotations

from dataclasses import replace

from analysis.alerts import Kept
from analysis.errors import NotFound
from commands.alarms import discover
from commands.core.answer import Answer, Button, Buttons, Text, Tone, plain
from commands.core.context import Context
from commands.core.registry import Group, command


@command("alert", group=Group.COST, examples=("alert 3f9a1c2e77",))
def alert(context: Context, name: str, *, line: int = 0) -> Answer:
    """Show one alert as it stands now: dollars, since when, why, whose, and what may be done.

    With `line=` it is only that line of its thread. `alerts` lists those that stand.
    """
    kept = context.alerts.get(name)
    return _line(kept, line) if line else drawn(context, kept)


def drawn(context: Context, kept: Kept) -> Answer:
    """The message of an alert, whatever its kind, with a way to stop it; whoever did so is named."""
    said = discover()[kept.alert.kind].draw(context, kept)
    if not kept.is_open:
        return said
    if kept.stopped:
        words = f"{kept.stopped} wants no more lines in the thread; the message is kept up to date."
        return replace(said, parts=(*said.parts[:-1], Text(plain(words)), *said.parts[-1:]))
    stop = Button("No more lines", f"hush {kept.alert.id}")
    parts = tuple(Buttons((*one.buttons, stop)) if isinstance(one, Buttons) else one for one in said.parts)
    return replace(said, parts=parts)


def _line(kept: Kept, number: int) -> Answer:
    """One line of an alert's thread, as it was said."""
    if not 0 < number <= len(kept.lines):
        raise NotFound(f"alert {kept.alert.id} has {len(kept.lines)} lines in its thread, and no line {number}")
    line = kept.lines[number - 1]
    is_last = number == len(kept.lines) and not kept.is_open
    return Answer(line.said, (), Tone.GOOD if is_last else Tone.WARN, data={"alert": kept.alert.id, "line": number})
