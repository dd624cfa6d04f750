"""Who reads what stands in a place, and what is private to others there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.clock import Clock
from bot.directory import Directory
from bot.identity import CLOCK, REDRAW, TERMINAL, caller_of
from bot.ports import DIRECT, HOME, Ask, Conversations, Place
from bot.scopes import Scope, is_alone
from commands.core.caller import Caller, Here, Permission


@dataclass(frozen=True, slots=True)
class Readers:
    """The readers of every place that a deployment speaks in."""

    scopes: Sequence[Scope]  # what is private to few
    roles: Mapping[str, Sequence[Permission]]
    conversations: Conversations
    directory: Directory
    in_group: Callable[[str, str], bool]
    home: Callable[[str], str]  # a platform's own tenant
    clock: Clock

    def hidden_from(self, caller: Caller, ask: Ask) -> frozenset[str]:
        """The private scopes that an ask is not to tell of: all that its asker, or one of its readers, may not see.

        The clock, and whatever draws a message anew, see what all readers see, and without readers nothing private.
        """
        if not self.scopes or caller.id.startswith(TERMINAL):
            return frozenset()
        is_person = not caller.id.startswith((CLOCK, REDRAW))
        kept = {one.name for one in self.scopes if is_person and not one.is_seen_by(caller, self.in_group)}
        if not is_person and not ask.readers:
            return frozenset(one.name for one in self.scopes)
        return frozenset(kept).union(*(self.hidden_in(place) for place in ask.readers))

    def hidden_in(self, place: Place) -> frozenset[str]:
        """The private scopes that a place is not to hold: a channel's by its routes, a person's own by who they are."""
        if not self.scopes:
            return frozenset()
        home = self.home(place.platform)
        if reader := self._alone(place, home):
            caller = caller_of(Ask("", place, reader, reader, "", self.clock()), self.roles, self.in_group)
            return frozenset(one.name for one in self.scopes if not one.is_seen_by(caller, self.in_group))
        titles = self._titles(place)
        return frozenset(one.name for one in self.scopes if not one.is_seen_in(place, titles, home))

    def _alone(self, place: Place, home: str) -> str:
        """Who alone reads what stands in a place; empty for a channel, and where nobody knows."""
        user = place.user
        if place.platform == "teams" and place.conversation and place.view != HOME:
            known = self.conversations.find("teams", place.tenant, place.conversation)
            if known is None or known.kind != "personal":
                return ""
            user = user or known.user
        elif not is_alone(place):
            return ""
        if not user:
            return ""
        abroad = place.platform == "slack" and home not in {"", place.tenant}
        return f"slack:{place.tenant}:{user}" if abroad and not place.person else replace(place, user=user).caller

    def _titles(self, place: Place) -> Sequence[str]:
        """What people call a channel."""
        if place.platform == "teams":
            known = self.conversations.find("teams", place.tenant, place.conversation)
            return [known.title] if known else []
        if place.conversation.startswith("#"):
            return []
        found = self.directory.title(place)
        return [found] if found else []

    def here(self, place: Place) -> Here:
        """Where an ask was made, and whether others read there."""
        alone = place.view == HOME or self._is_own(place)
        return Here(place.platform, place.tenant, place.conversation, place.user, alone)

    def is_channel(self, place: Place) -> bool:
        """Whether what stands in a place is read by several people."""
        if place.platform == "teams":
            known = self.conversations.find(place.platform, place.tenant, place.conversation)
            return known is not None and known.kind == "channel"
        return bool(place.conversation) and not self._is_own(place)

    def _is_own(self, place: Place) -> bool:
        """Whether a conversation is one person's: Slack's are known by their first letter, Teams' were told once."""
        match place.platform:
            case "slack":
                return place.conversation.startswith("D")
            case "teams":
                own = self.conversations.personal(place.platform, place.tenant, place.user)
                return own is not None and own.id == place.conversation
            case _:
                return place.conversation == DIRECT
