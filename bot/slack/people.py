"""People as Slack knows them: found by their e-mail address, told with their time zone; remembered for an hour."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import Place, Profile
from bot.slack.errors import code
from bot.words import clean

log = structlog.get_logger(__name__)

T = TypeVar("T")
REMEMBERED_SECONDS = 3600.0
TITLE_SECONDS = 600.0
PATIENCE_SECONDS = 5.0
NOBODY = frozenset({"users_not_found", "user_not_found", "user_not_visible"})


@dataclass(slots=True)
class SlackPeople:
    """Asks ``users.lookupByEmail`` and ``users.info``, and keeps what it was told."""

    client: AsyncWebClient
    _users: dict[str, tuple[float, str | None]] = field(default_factory=dict)
    _profiles: dict[str, tuple[float, Profile]] = field(default_factory=dict)
    _titles: dict[str, tuple[float, str]] = field(default_factory=dict)

    async def by_email(self, email: str) -> str | None:
        """The user whose address that is; ``None`` where nobody's, or where Slack does not tell now."""
        same = email.strip().lower()
        if (known := _fresh(self._users, same)) is not None:
            return known[0]
        told, found = await self._asked("users.lookupByEmail", email=same)
        if told:
            self._users[same] = (_now(), str(found["id"]) if found else None)
        return str(found["id"]) if found else None

    async def profile(self, user: str) -> Profile:
        """What Slack knows of a user; a profile of the mere id where it does not tell now."""
        if (known := _fresh(self._profiles, user)) is not None:
            return known[0]
        _, found = await self._asked("users.info", user=user)
        if not found:
            return Profile(user)
        profile = found.get("profile", {})
        name = clean(profile.get("display_name") or "") or clean(profile.get("real_name") or "")
        made = Profile(
            name=name or found.get("name", user),
            email=(profile.get("email") or "").lower(),
            timezone=found.get("tz") or "",
            locale=found.get("locale") or "",
            outsider=outsider(found),
        )
        self._profiles[user] = (_now(), made)
        return made

    async def title(self, place: Place) -> str:
        """What a channel is called (``#finops``), as of the last ten minutes; empty where Slack does not tell now."""
        kept = self._titles.get(place.conversation)
        if kept and _now() - kept[0] < TITLE_SECONDS:
            return kept[1]
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                said = await self.client.conversations_info(channel=place.conversation)
        except (SlackApiError, SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("slack does not tell a channel's name", error=type(error).__name__)
            return ""
        found = f"#{said['channel'].get('name', '')}"
        self._titles[place.conversation] = (_now(), found)
        return found

    async def _asked(self, method: str, **given: str) -> tuple[bool, Mapping[str, Any]]:
        """Whether Slack told, and the user that it told of (an empty one for nobody)."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                if method == "users.info":
                    said = await self.client.users_info(include_locale=True, **given)
                else:
                    said = await self.client.users_lookupByEmail(**given)
        except SlackApiError as error:
            if code(error) in NOBODY:
                return True, {}
            log.warning("slack does not tell who that is", method=method, error=code(error))
            return False, {}
        except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("slack does not tell who that is", method=method, error=type(error).__name__)
            return False, {}
        found: Mapping[str, Any] = said["user"]
        return True, found


OUTSIDERS = {
    "deleted": "an account that is closed",
    "is_stranger": "somebody of another company",
    "is_ultra_restricted": "a guest",
    "is_restricted": "a guest",
    "is_bot": "a bot",
}


def outsider(user: Mapping[str, Any]) -> str:
    """Why a user of Slack's is to see no cost; nothing for a full member."""
    return next((why for key, why in OUTSIDERS.items() if user.get(key)), "")


def _fresh(kept: Mapping[str, tuple[float, T]], key: str) -> tuple[T] | None:
    found = kept.get(key)
    return (found[1],) if found and _now() - found[0] < REMEMBERED_SECONDS else None


def _now() -> float:
    return asyncio.get_running_loop().time()
