"""Entra's groups as roles: whether somebody is in a group, through others too, as Microsoft Graph tells it now.

Graph is asked when somebody asks, at most once in five minutes for each person, for all groups that roles and private
scopes name. The app needs the application permissions ``GroupMember.Read.All`` and ``User.Read.All``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import requests
import structlog

from bot.teams.cloud import Cloud, Tokens
from bot.teams.wire import App

log = structlog.get_logger(__name__)

FRESH_SECONDS = 300.0
BELIEVED_SECONDS = 900.0  # while Graph does not tell; after that somebody is in no group
AGAIN_SECONDS = 30.0  # a Graph that does not answer is not asked for everybody's every ask
HTTP_SECONDS = (2.0, 4.0)  # to be reached, and to answer
MOST_AT_ONCE = 20  # groups a question, says Graph
OBJECT_ID = re.compile(r"[\w-]{1,64}")
NOBODY = 404


@dataclass(slots=True)
class EntraGroups:
    """Who is in ``groups`` (object ids). Where Graph does not tell, soon nobody is. Blocks: not for the event loop."""

    url: str
    tokens: Tokens
    groups: Sequence[str]
    now: Callable[[], float] = monotonic
    session: requests.Session = field(default_factory=requests.Session)
    _heard: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)
    _silent: float = float("-inf")

    def has(self, group: str, user: str) -> bool:
        """Whether a user (an object id) is in a group, as far as it is known."""
        if group not in self.groups or not OBJECT_ID.fullmatch(user):
            return False
        return group.lower() in self._of(user)

    def close(self) -> None:
        """Hang up."""
        self.session.close()

    def _of(self, user: str) -> frozenset[str]:
        heard, known = self._heard.get(user, (float("-inf"), frozenset()))
        now = self.now()
        if now - heard >= FRESH_SECONDS and now - self._silent >= AGAIN_SECONDS:
            try:
                heard, known = now, frozenset(self._asked(user))
                self._heard[user] = (heard, known)
            except (requests.RequestException, PermissionError, ValueError, LookupError, TypeError) as error:
                self._silent = now
                log.warning("graph does not tell who is in a group", error=type(error).__name__)
        return known if now - heard < BELIEVED_SECONDS else frozenset()

    def _asked(self, user: str) -> Iterator[str]:
        """Those of our groups that a user is in, in small letters.

        Raises:
            RequestException: Graph cannot be reached, or refuses.
            PermissionError: Entra gives us no token.
            ValueError, LookupError, TypeError: the answer is none of Graph's.
        """
        for first in range(0, len(self.groups), MOST_AT_ONCE):
            said = self.session.post(
                f"{self.url}/v1.0/users/{user}/checkMemberGroups",
                json={"groupIds": list(self.groups[first : first + MOST_AT_ONCE])},
                headers={"Authorization": f"Bearer {self.tokens()}"},
                timeout=HTTP_SECONDS,
                allow_redirects=False,
            )
            if said.status_code == NOBODY:
                return
            if said.status_code != requests.codes.ok:
                raise requests.HTTPError(f"Graph answered {said.status_code}")
            found: Any = said.json()
            yield from (str(one).lower() for one in found["value"])


def graph_tokens(cloud: Cloud, app: App) -> Tokens:
    """What gives tokens for Graph: as the app by its secret, or as the managed identity of this machine."""
    if app.tokens:
        return app.tokens
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import ClientSecretCredential, ManagedIdentityCredential

    credential: Any
    if app.password:
        credential = ClientSecretCredential(app.tenant, app.app_id, app.password, authority=cloud.authority)
    else:
        credential = ManagedIdentityCredential(client_id=app.app_id)

    def token() -> str:
        try:
            return str(credential.get_token(f"{cloud.graph}/.default").token)
        except ClientAuthenticationError as error:
            raise PermissionError(str(error).split("\n", 1)[0]) from error

    return token
