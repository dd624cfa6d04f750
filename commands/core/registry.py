"""The one door: every ask, typed, clicked or scheduled, is authorised, run and audited here."""

from __future__ import annotations

import inspect
import re
import shlex
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

import structlog

import commands
from analysis.errors import BadAsk, Cancelled, FinOpsError, NotAllowed, NotFound, OutOfSight, UnknownName
from analysis.focus import OF_WHAT_YOU_SEE
from analysis.registry import Registry
from commands.core.answer import Answer, Button, Buttons, Note, Text, Tone, plain
from commands.core.caller import Permission
from commands.core.context import Context

log = structlog.get_logger(__name__)
REFUSED = "refused"  # the audit's word for what was not found because it is private
LONGEST_ASK = 2000  # a Slack button's value holds no more, and no person types it

TYPED = str.maketrans("“”„‘’\u00a0", '"""\'\' ')  # phones and rich-text boxes improve what people type

Run = Callable[..., Answer]


class Group(StrEnum):
    """How help arranges the commands."""

    COST = "What it costs"
    WASTE = "What to fix"
    CREW = "For the crew"


@dataclass(frozen=True, slots=True)
class Command:
    """Something people may ask: its name, its function, what it needs, and how it is said."""

    name: str
    run: Run
    needs: Permission
    group: Group
    examples: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return (inspect.getdoc(self.run) or "").split("\n", 1)[0]

    @property
    def usage(self) -> str:
        """How it is typed: ``snooze <finding> [days=30]``."""
        words = [self.name]
        for one in list(inspect.signature(self.run).parameters.values())[1:]:
            if one.kind is one.VAR_POSITIONAL:
                words.append(f"[{one.name} …]")
            elif one.kind is one.VAR_KEYWORD:
                words.append("[account=… service=… provider=… region=… <tag>=…]")
            elif one.kind is one.KEYWORD_ONLY:
                words.append(f"[{one.name}={one.default or '…'}]")
            else:
                words.append(f"<{one.name}>" if one.default is one.empty else f"[{one.name}]")
        return " ".join(words)


COMMANDS: Registry[Command] = Registry("command")


def command(
    name: str, *, needs: Permission = Permission.READ, group: Group, examples: Sequence[str] = ()
) -> Callable[[Run], Run]:
    """Register a function as the command ``name``.

    Its docstring is its help; parameters after the context are words in order, keyword-only ones are options
    (``days=30``), typed by their annotations.
    """

    def decorator(run: Run) -> Run:
        COMMANDS.add(name, Command(name, run, needs, group, tuple(examples)))
        return run

    return decorator


def discover() -> Registry[Command]:
    """Every command that is shipped."""
    COMMANDS.discover(commands)
    return COMMANDS


def answer(ask: str, context: Context) -> Answer:
    """Authorise, run and audit one ask, be it typed, clicked or scheduled."""
    outcome = "failed"  # what the audit will say if we have a bug
    try:
        said = run_ask(ask, context)
    except FinOpsError as error:
        outcome = f"{REFUSED if _is_kept_from(context, error) else type(error).__name__}: {error}"
        return sorry(error)
    except Exception:
        log.exception("ask failed", key=context.caller.key)
        return Answer(
            "Something broke on our side",
            (Text("It is in the log, with this ask. Please try again, or tell whoever runs Pitcrew."),),
            Tone.BAD,
            private=True,
            data={"error": "internal"},
        )
    else:
        outcome = "answered"
        return said
    finally:
        context.audit.record(context.caller, ask[:LONGEST_ASK], outcome, context.now)


def run_ask(ask: str, context: Context, *, at_most: Permission | None = None) -> Answer:
    """Authorise and run, without a line in the audit: for asks inside an ask.

    Raises:
        FinOpsError: whatever the asker should be told; ``NotAllowed`` if it needs more than ``at_most``.
    """
    name, *words = words_of(ask) or ["help"]
    found = discover()[name.lower()]
    if not context.caller.may(found.needs) or at_most not in (None, found.needs):
        raise NotAllowed(f"{found.name} needs the {found.needs} permission here; ask whoever runs Pitcrew for it")
    given, options = _arguments(found, words)
    return _marked(found.run(context, *given, **options), context)


def _marked(said: Answer, context: Context) -> Answer:
    """An answer that says so where it is cut from what its readers may see."""
    if not context.sight.partial:
        return said
    details = tuple(replace(one, answer=_marked(one.answer, context)) for one in said.details)
    if any(OF_WHAT_YOU_SEE in part.text for part in said.parts if isinstance(part, Text | Note)):
        return replace(said, details=details)
    note = Note(f"{OF_WHAT_YOU_SEE[0].upper()}{OF_WHAT_YOU_SEE[1:]}.")
    return replace(said, parts=(*said.parts, note), details=details)


def _is_kept_from(context: Context, error: FinOpsError) -> bool:
    """Whether what was not found is there, for others."""
    return isinstance(error, OutOfSight) or (isinstance(error, UnknownName) and context.sight.is_private(error.name))


def quoted(words: Sequence[str]) -> str:
    """Words as an ask that splits into them again."""
    return shlex.join(words)


def sorry(error: FinOpsError) -> Answer:
    """What an error says to the asker, with a button for what was probably meant."""
    close = error.close if isinstance(error, UnknownName) and error.noun == COMMANDS.noun else ()
    hints = (Buttons(tuple(Button(name, f"help {name}") for name in close)),) if close else ()
    return Answer(
        "Stopped" if isinstance(error, Cancelled) else "That did not work",
        (Text(plain(str(error))), *hints),
        Tone.WARN,
        private=not isinstance(error, Cancelled),
        data={"error": _kind(error), "message": str(error)},
    )


def _kind(error: FinOpsError) -> str:
    """What kind of error a person may read that it is."""
    return NotFound.__name__ if isinstance(error, OutOfSight) else type(error).__name__


def words_of(ask: str) -> list[str]:
    """Split an ask as people type it: ``/finops`` in front, smart quotes and odd spaces are all right.

    Raises:
        BadAsk: it is longer than any ask can be, or a quote is not closed.
    """
    if len(ask) > LONGEST_ASK:
        raise BadAsk(f"that ask has {len(ask):,} characters; the longest that can be understood has {LONGEST_ASK:,}")
    text = ask.translate(TYPED)
    text = re.sub(r"^\s*/?finops\b", "", text, flags=re.IGNORECASE).strip()
    try:
        return shlex.split(text)
    except ValueError:
        raise BadAsk('a quote in that ask is not closed; write team="search engine" with both') from None


def _arguments(found: Command, words: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
    """The words after the name as the function's parameters.

    Raises:
        BadAsk: a word too many or too few, an option the command has not got, a value of another kind.
    """
    parameters = list(inspect.signature(found.run, eval_str=True).parameters.values())[1:]
    options = {one.name: one for one in parameters if one.kind is one.KEYWORD_ONLY}
    places = [one for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    takes_rest = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    takes_scope = any(one.kind is one.VAR_KEYWORD for one in parameters)
    given: list[Any] = []
    named: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name.lower() in options:
            named[name.lower()] = convert(value, options[name.lower()].annotation, name.lower())
        elif equals and takes_scope:
            named[name.lower()] = value
        elif len(given) < len(places) and not (equals and name.isidentifier()):
            given.append(convert(word, places[len(given)].annotation, places[len(given)].name))
        elif takes_rest:
            given.append(word)
        elif equals and name.isidentifier():
            known = ", ".join(options) or "none"
            raise BadAsk(f"{found.name} has no option {name!r}; it has: {known}. Write: {found.usage}")
        else:
            raise BadAsk(f"{word!r} is one word too many. Write: {found.usage}")
    missing = [place.name for place in places[len(given) :] if place.default is place.empty]
    if missing:
        raise BadAsk(f"{found.name} needs {missing[0]}. Write: {found.usage}")
    return given, named


KINDS: dict[Any, tuple[Callable[[str], Any], str]] = {
    str: (str, "text"),
    int: (int, "a whole number"),
    float: (float, "a number"),
    Decimal: (Decimal, "a number"),
    date: (date.fromisoformat, "a date like 2026-11-30"),
}


def convert(text: str, kind: Any, name: str) -> Any:  # noqa: ANN401 (an annotation, and a value of it)
    """One word as the kind of value that a parameter is annotated with.

    Raises:
        BadAsk: it is no such value.
    """
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        kind = next(one for one in typing.get_args(kind) if one is not types.NoneType)
    maker, said = KINDS[kind]
    try:
        value = maker(text)
        if isinstance(value, float | Decimal) and value != value + 0:
            raise ValueError(text)
    except (ValueError, InvalidOperation):
        raise BadAsk(f"{name}={text!r} is not {said}") from None
    return value
