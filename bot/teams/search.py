"""What the message extension finds: findings by name, commands by word, and the finding behind a pasted link."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from analysis.errors import FinOpsError
from analysis.findings import Finding
from bot.ports import Ask
from bot.teams import render
from bot.teams.text import shortened
from commands.core.answer import Answer, Button, Buttons, Code, Text
from commands.core.caller import Permission
from commands.core.cards import finding_card, standing, worth
from commands.core.context import Context
from commands.core.moments import spoken
from commands.core.registry import Command, discover

MOST = 15
SHORTEST = 6  # characters of a resource's name that a link may be known by
CARD = "application/vnd.microsoft.card.adaptive"
PREVIEW = "application/vnd.microsoft.card.thumbnail"
WORD = re.compile(r"[\w.:/@+=-]+")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Search:
    """Looks for what a person types beside their message, within what they may see."""

    contexts: Callable[[Ask], Context]

    async def found(self, ask: Ask) -> Json:
        """The answer to a query: findings first, then commands."""
        return await asyncio.to_thread(self._found, ask)

    async def unfurled(self, ask: Ask) -> Json:
        """The answer to a pasted link: the finding on the resource that it leads to, if there is one."""
        return await asyncio.to_thread(self._unfurled, ask)

    def _found(self, ask: Ask) -> Json:
        context = self.contexts(replace(ask, readers=(ask.place,)))  # what is found may be posted there
        if not context.caller.may(Permission.READ):
            return result(())
        words = ask.text.lower().split()
        findings = [one for one in context.findings.standing() if _fits(words, _said_of(one))]
        commands = [one for name, one in _commands() if _fits(words, f"{name} {one.summary}".lower())]
        hits = [*(_finding(one, context) for one in findings[:MOST]), *map(_command, commands)]
        return result(hits[:MOST])

    def _unfurled(self, ask: Ask) -> Json:
        context = self.contexts(replace(ask, readers=(ask.place,)))  # what is found may be posted there
        if not context.caller.may(Permission.READ):
            return result(())
        try:
            return result([_finding(behind(ask.text, context.findings.standing()), context)])
        except (FinOpsError, LookupError):
            return result(())


def behind(link: str, findings: Sequence[Finding]) -> Finding:
    """The finding whose resource a console's address names, the most expensive first.

    Raises:
        LookupError: it names none.
    """
    address = urlsplit(link)
    words = set(WORD.findall(unquote(f"{address.path} {address.query} {address.fragment}").lower()))
    words |= {piece for word in words for piece in re.split(r"[/:=]", word)}
    text = unquote(link).lower()
    for one in findings:
        name = one.resource_id.lower()
        last = re.split(r"[/:]", name)[-1]
        if (len(name) >= SHORTEST and name in text) or (len(last) >= SHORTEST and last in words):
            return one
    raise LookupError(link)


def result(hits: Sequence[Json]) -> Json:
    """A list of hits as Teams wants it; an empty one shows that nothing was found."""
    return {"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": list(hits)}}


def _fits(words: Sequence[str], text: str) -> bool:
    return all(word in text for word in words)


def _said_of(finding: Finding) -> str:
    tags = " ".join(f"{key}={value}" for key, value in finding.tags.items())
    parts = (
        finding.id,
        finding.title,
        finding.resource_id,
        finding.resource_name,
        finding.account,
        finding.check,
        tags,
    )
    return " ".join((*parts, str(finding.state), finding.owner_name)).lower()


def _commands() -> Iterator[tuple[str, Command]]:
    found = discover()
    return ((name, found[name]) for name in found)


def _finding(finding: Finding, context: Context) -> Json:
    return _hit(finding_card(finding, context), f"{worth(finding)} a month", spoken(standing(finding)))


def _command(command: Command) -> Json:
    asks = [Button(f"Ask {example}", example) for example in command.examples]
    usage = Code("Type", f"/finops {command.usage}")
    said = Answer(command.name, (Text(command.summary), usage, Buttons(tuple(asks))))
    return _hit(said, command.summary)


def _hit(said: Answer, *lines: str) -> Json:
    preview = {"title": shortened(said.title, 100), "text": shortened(" · ".join(lines), 200)}
    card = render.filled(render.card(replace(said, shows=())), {})
    return {"contentType": CARD, "content": card, "preview": {"contentType": PREVIEW, "content": preview}}
