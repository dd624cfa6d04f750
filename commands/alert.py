"""``/finops alert``: one alert as it stands now; every message of it is this answer, drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.alerts import Kept
from analysis.errors import NotFound
from commands.alarms import discover
from commands.core.answer import Answer, Button, Buttons, Note, Part, Text, Tone
from commands.core.context import Context
from commands.core.moments import moment
from commands.core.registry import Group, command


@command("alert", group=Group.COST, examples=("alert 3f9a1c2e77",))
def alert(context: Context, name: str, *, line: int = 0) -> Answer:
    """Show one alert as it stands now: dollars, since when, why, whose, and what may be done.

    With `line=` it is only that line of its thread. `alerts` lists those that stand.
    """
    kept = context.alerts.get(name)
    return _line(kept, line) if line else drawn(context, kept)


def drawn(context: Context, kept: Kept) -> Answer:
    """The message of an alert, whatever its kind, with what was said in its thread."""
    said = discover()[kept.alert.kind].draw(context, kept)
    parts: Sequence[Part] = said.parts
    note = parts[-1:] if parts and isinstance(parts[-1], Note) else ()
    before = parts[: len(parts) - len(note)]
    return replace(said, parts=(*before, *_thread(kept), *_hush(kept), *note))


def _thread(kept: Kept) -> tuple[Part, ...]:
    if not kept.lines:
        return ()
    return (Text("\n".join(f"{moment(line.at)}: {line.said}" for line in kept.lines[-3:])),)


def _hush(kept: Kept) -> tuple[Part, ...]:
    """A way to stop it; whoever did so is named."""
    if not kept.is_open:
        return ()
    if kept.stopped:
        return (Text(f"{kept.stopped} wants no more lines here; the message is kept up to date."),)
    return (Buttons((Button("No more lines", f"hush {kept.alert.id}"),)),)


def _line(kept: Kept, number: int) -> Answer:
    """One line of an alert's thread, as it was said."""
    if not 0 < number <= len(kept.lines):
        raise NotFound(f"alert {kept.alert.id} has {len(kept.lines)} lines in its thread, and no line {number}")
    line = kept.lines[number - 1]
    is_last = number == len(kept.lines) and not kept.is_open
    return Answer(line.said, (), Tone.GOOD if is_last else Tone.WARN, data={"alert": kept.alert.id, "line": number})
