"""``/finops help``: what may be asked, in groups, with examples."""

from __future__ import annotations

import inspect

from commands.core.answer import Answer, Button, Buttons, Facts, Note, Part, Text
from commands.core.context import Context
from commands.core.registry import COMMANDS, Command, Group, command
from commands.core.when import PERIODS

FIRST_STEPS = ("summary", "forecast", "anomalies", "waste", "review", "status")


@command("help", group=Group.CREW, examples=("help", "help forecast"))
def help_(context: Context, name: str = "") -> Answer:  # noqa: ARG001 (needs nothing of the world)
    """Say what can be asked, or all about one command; periods tells how days, months and quarters are written."""
    if name.lower() in {"periods", "when"}:
        return _periods()
    return _one(COMMANDS[name.lower()]) if name else _all()


def _all() -> Answer:
    parts: list[Part] = []
    for group in Group:
        members = [COMMANDS[name] for name in COMMANDS if COMMANDS[name].group is group]
        lines = [f"`{member.name}` {member.summary}" for member in members]
        parts.append(Text("\n".join((f"**{group}**", *lines))))
    parts.append(Buttons(tuple(Button(name, name) for name in FIRST_STEPS if name in COMMANDS)))
    parts.append(
        Note(
            "Type help and a command for its options. Scopes work everywhere: provider=AWS team=search;"
            " help periods tells how months and quarters are written."
        )
    )
    commands = {name: {"usage": COMMANDS[name].usage, "summary": COMMANDS[name].summary} for name in COMMANDS}
    return Answer("What Pitcrew can do for you", tuple(parts), data={"commands": commands})


def _periods() -> Answer:
    lines = [f"`{words}`: {meaning}" for words, meaning in PERIODS]
    whole = "Whole, complete days are looked at; the fiscal year begins as the deployment file says."
    return Answer("How periods are written", (Text("\n".join(lines)), Note(whole)), data={"periods": dict(PERIODS)})


def _one(found: Command) -> Answer:
    words = inspect.getdoc(found.run) or ""
    parts: tuple[Part, ...] = (
        Text(words),
        Facts((("Write", found.usage), ("Needs", f"the {found.needs} permission"))),
        *([Text("\n".join(("**For example**", *(f"`{one}`" for one in found.examples))))] if found.examples else ()),
    )
    return Answer(found.name, parts, data={"name": found.name, "usage": found.usage, "examples": list(found.examples)})
