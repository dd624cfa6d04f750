"""Private scopes: parts of the company that few may see, and who those few are.

A scope is a wall, not a filter: whoever is not named in it gets the answers of a company that does not have that part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.identity import fits
from bot.ports import HOME, Place
from commands.core.caller import Caller

ROLE = "role:"
Clause = Mapping[str, tuple[str, ...]]  # what all hold: account, service, provider, region, a tag or an owner


@dataclass(frozen=True, slots=True)
class Scope:
    """A private part: what lies in it (any of its clauses), and who may see it, as people and as routes."""

    name: str
    of: tuple[Clause, ...]
    people: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()

    def is_seen_by(self, caller: Caller, in_group: Callable[[str, str], bool]) -> bool:
        """Whether a person is named: by id, by a group, or by a permission that they have (``role:admin``)."""
        return any(_is(one, caller, in_group) for one in self.people)

    def is_seen_in(self, place: Place, titles: Iterable[str], home: str) -> bool:
        """Whether a channel is named, by its id or by one of its ``titles``; ``home`` is the platform's workspace."""
        names = {one.casefold().removeprefix("#") for one in (place.conversation, *titles) if one}
        return any(_leads(route, place, names, home) for route in self.routes)


def clause_of(words: Sequence[str]) -> Clause:
    """``account=merlin* team=merlin`` as a clause; several values of one key are separated by commas.

    Raises:
        ValueError: a word is no ``key=value``.
    """
    found: dict[str, tuple[str, ...]] = {}
    for word in words:
        key, equals, values = word.partition("=")
        said = tuple(one.strip() for one in values.split(",") if one.strip())
        if not equals or not key.strip() or not said:
            raise ValueError(f"{word!r} is no key=value; write account=merlin-* or team=merlin")
        found[key.strip().lower()] = said
    if not found:
        raise ValueError("it names nothing; write account=merlin-* or team=merlin")
    return found


def is_alone(place: Place) -> bool:
    """Whether one person alone reads what stands in a place, as far as the place itself tells."""
    return not place.conversation or place.view == HOME or (place.platform == "slack" and place.conversation[:1] == "D")


def _is(one: str, caller: Caller, in_group: Callable[[str, str], bool]) -> bool:
    if one.startswith(ROLE):
        return one.removeprefix(ROLE) in {str(may) for may in caller.permissions}
    return fits(one, caller.id, in_group)


def _leads(route: str, place: Place, names: set[str], home: str) -> bool:
    platform, _, where = route.partition(":")
    tenant, slash, channel = where.strip().partition("/#")
    if platform == "slack" and slash:
        return (place.platform, place.tenant) == (platform, tenant) and channel.casefold() in names
    is_home = home in {"", place.tenant}
    return place.platform == platform and is_home and where.strip().casefold().removeprefix("#") in names
