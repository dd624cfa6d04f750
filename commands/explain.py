"""``/finops explain``, and "Explain this cost" on any message: what it names is looked up and told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from analysis.anomalies import Event
from analysis.errors import FinOpsError, NotFound
from analysis.focus import TAG
from commands.core.answer import Answer, Note, Text, plain
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.registry import Group, command, quoted, run_ask
from commands.core.when import MONTHS

NAME = re.compile(r"(?<![\w-])[0-9a-f]{8,40}(?![\w-])")
SHORTEST = 3  # letters of a name that is looked for in prose
SHORT_NAMES = ("Amazon ", "AWS ", "Azure ", "Microsoft ")  # people write EC2 for Amazon EC2
MONTH = re.compile(rf"\b(?:in|of|for|since|last) ({'|'.join(MONTHS)})\b")


@dataclass(frozen=True, slots=True)
class Named:
    """What a message names: a finding or an event by its id, accounts, services, teams, a month."""

    ids: tuple[str, ...] = ()
    scope: Mapping[str, str] = field(default_factory=dict)
    month: str = ""

    def said(self) -> str:
        """In words."""
        words = [f"{key} {value}" for key, value in self.scope.items()]
        return ", ".join([*words, *([self.month.capitalize()] if self.month else [])])


@command("explain", group=Group.COST, examples=('explain "EC2 in prod doubled since Friday"', "explain 3f9a1c2e"))
def explain(context: Context, *words: str, text: str = "") -> Answer:
    """Explain the cost that a message is about: the finding, the anomaly, the account, service or team that it names.

    Where it names a service that is out of line, that anomaly is shown; else why its cost changed.
    """
    message = text or " ".join(words)
    named = named_in(message, context)
    for name in named.ids:
        for ask in (("finding", name), ("anomalies", name)):
            try:
                return _from(run_ask(quoted(ask), context, at_most=Permission.READ), f"it names {name}")
            except NotFound:
                continue
    event = _event(context, named)
    if event is not None:
        said = run_ask(quoted(("anomalies", event.id)), context, at_most=Permission.READ)
        return _from(said, f"it names {named.said()}, and this is out of line there")
    scope = [f"{key}={value}" for key, value in named.scope.items()]
    try:
        said = run_ask(quoted(("why", *([named.month] if named.month else []), *scope)), context)
    except FinOpsError as error:
        return Answer(
            "This cost cannot be explained",
            (Text(f"The message names {plain(named.said() or 'nothing that is billed')}: {plain(str(error))}"),),
            private=True,
            data={"error": type(error).__name__, "message": str(error)},
        )
    how = f"it names {named.said()}" if named.said() else "it names no account, service or team, so this is everything"
    return _from(said, how)


def named_in(message: str, context: Context) -> Named:
    """What a message names of what is billed; the longest name that fits counts."""
    low = message.lower()
    scope = {
        "account": _first(low, context.costs.names("SubAccountName")),
        "service": _first(low, context.costs.names("ServiceName")),
        "team": _first(low, _teams(context)),
    }
    month = MONTH.search(low)
    return Named(
        tuple(dict.fromkeys(NAME.findall(low))),
        {key: value for key, value in scope.items() if value},
        month[1] if month else "",
    )


def _teams(context: Context) -> Iterable[str]:
    keys = [key for key in context.costs.names("Tags") if key.lower() == "team"]
    return [name for key in keys for name in context.costs.names(TAG + key)]


def _first(low: str, names: Iterable[str]) -> str:
    """The longest of the names that stands in the message as a word of its own, by itself or without its maker."""
    for name in sorted(filter(None, names), key=len, reverse=True):
        if any(_stands(low, spelled) for spelled in _spellings(name)):
            return name
    return ""


def _spellings(name: str) -> set[str]:
    """A name as people write it: whole, without its maker, the word in brackets or capitals that it is known by."""
    bare = name
    for maker in SHORT_NAMES:
        bare = bare.removeprefix(maker)
    known_as = re.findall(r"\(([^)]+)\)|\b([A-Z][A-Z0-9]{1,4})\b", name)
    short = {one for pair in known_as for one in pair if one and one != "AWS"}
    return {one.lower() for one in (name, bare, *short) if len(one) >= SHORTEST}


def _stands(low: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", low) is not None


def _event(context: Context, named: Named) -> Event | None:
    """The largest event of the last 30 days in what is named: of its account and service both, if both are."""
    wanted = {named.scope[key] for key in ("account", "service") if key in named.scope}
    if not wanted or named.month or "team" in named.scope:
        return None
    events = context.assessments.latest(context.now).events
    return next((one for one in events if wanted <= set(one.name)), None)


def _from(said: Answer, how: str) -> Answer:
    return replace(said, parts=(*said.parts, Note(f"Asked of a message: {how}.")), replaces=False)
