"""Completion: what a half-typed ask may go on with; commands, their options, and the names that are on the bill."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from analysis.errors import FinOpsError
from analysis.findings import WAITING, State
from analysis.focus import TAG
from analysis.registry import Registry
from commands.core.context import Context
from commands.core.registry import Command, discover
from commands.core.scope import FIELDS
from commands.core.when import PERIODS
from commands.personas import discover as discover_personas

MOST = 8
STARTS = ("/finops", "@pitcrew")
FINDINGS = ("finding",)  # parameters that name one
SAID_OF = {
    "account": "one account or subscription",
    "service": "one service",
    "provider": "one cloud",
    "region": "one region",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The whole text that is typed if it is taken, what of it is shown, and a word about it."""

    text: str
    label: str
    hint: str


def suggestions(typed: str, context: Context) -> list[Suggestion]:
    """How ``typed`` may go on, the likeliest first; nothing where nothing is known."""
    start, rest = _started(typed)
    *before, last = rest.split(" ")
    words = [word for word in before if word]
    try:
        found = _commands(last) if not words else _of(discover(), words, last, context)
        kept = list(islice(found, MOST))
    except FinOpsError:
        return []
    head = " ".join((*([start] if start else []), *words))
    return [Suggestion(f"{head} {one.text}".lstrip(), one.label, one.hint) for one in kept]


def _started(typed: str) -> tuple[str, str]:
    """The word that an ask begins with in a channel, if it is there, and the rest."""
    text = typed.lstrip()
    for start in STARTS:
        if text.lower().startswith(start) and text[len(start) : len(start) + 1] in {"", " "}:
            return text[: len(start)], text[len(start) :].lstrip()
    return "", text


def _commands(last: str) -> Iterator[Suggestion]:
    known = discover()
    begun = [name for name in known if name.startswith(last.lower())]
    inside = [name for name in known if last.lower() in name and name not in begun]
    return (Suggestion(f"{name} ", name, known[name].summary) for name in (*begun, *inside))


def _of(known: Registry[Command], words: list[str], last: str, context: Context) -> Iterator[Suggestion]:
    """What a command may go on with: a value of the option that is begun, a word in its place, an option."""
    name, *given = words
    if name.lower() not in known:
        return
    parameters = list(inspect.signature(known[name.lower()].run).parameters.values())[1:]
    scoped = any(one.kind is one.VAR_KEYWORD for one in parameters)
    key, equals, value = last.partition("=")
    if equals:
        yield from _values(key, value, context) if scoped else ()
        return
    places = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    taken = len([word for word in given if "=" not in word])
    if taken < len(places):
        yield from _named(name.lower(), places[taken], last, context)
    if any(one.kind is one.VAR_POSITIONAL and one.name == "when" for one in parameters):
        yield from (
            Suggestion(f"{first} ", first, meaning)
            for said, meaning in PERIODS
            for first in [said.split(",")[0].strip()]
            if last and first.startswith(last.lower())
        )
    used = {word.partition("=")[0] for word in given}
    for option in (one.name for one in parameters if one.kind is one.KEYWORD_ONLY):
        if option.startswith(last.lower()) and option not in used:
            yield Suggestion(f"{option}=", f"{option}=", "an option")
    if scoped:
        yield from _scopes(last, used, context)


def _named(command: str, place: str, last: str, context: Context) -> Iterator[Suggestion]:
    """Words that a parameter may be: personas, commands, and findings that somebody could do something about."""
    if place == "persona":
        yield from (Suggestion(f"{one} ", one, "a view") for one in discover_personas() if one.startswith(last.lower()))
    elif command == "help":
        yield from _commands(last)
    elif place in FINDINGS:
        for one in context.findings.standing(*WAITING, State.CLAIMED):
            if one.short.startswith(last.lower()) or last.lower() in one.title.lower():
                yield Suggestion(f"{one.short} ", one.short, f"{one.monthly_waste} a month: {one.title}")


def _scopes(last: str, used: set[str], context: Context) -> Iterator[Suggestion]:
    tags = sorted({key.lower() for key in context.costs.names("Tags")})
    for key in (*FIELDS, *tags):
        if key.startswith(last.lower()) and key not in used:
            yield Suggestion(f"{key}=", f"{key}=", SAID_OF.get(key, "a tag"))


def _values(key: str, begun: str, context: Context) -> Iterator[Suggestion]:
    """The names on the bill that a scope may have."""
    wanted = begun.strip('"').lower()
    spelt = [name for name in context.costs.names("Tags") if name.lower() == key.lower()]
    dimensions = FIELDS.get(key.lower()) or tuple(TAG + name for name in spelt)
    names = {name.strip() for dimension in dimensions for name in context.costs.names(dimension)}
    known: dict[str, str] = {}
    for name in sorted(names, reverse=True):  # small letters win
        known.setdefault(name.lower(), name)
    for name in sorted(known.values(), key=lambda one: (not one.lower().startswith(wanted), one.lower())):
        if wanted in name.lower() and not name.startswith("/"):
            said = f'"{name}"' if " " in name else name
            yield Suggestion(f"{key}={said} ", name, SAID_OF.get(key.lower(), f"the tag {key}"))
