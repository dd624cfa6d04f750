"""Teams' side of the running bot: one tenant, or the playground."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from analysis.errors import BadConfig
from bot.door import Door
from bot.environment import secret
from bot.identity import ENTRA, groups_of
from bot.ports import People
from bot.side import Given, Has, Links, Mount
from bot.teams.adapter import Adapter, Gate, Keys
from bot.teams.app import Listeners
from bot.teams.groups import EntraGroups, graph_tokens
from bot.teams.http import LOOPBACK, Entrance
from bot.teams.line import Line, line_of
from bot.teams.people import TeamsPeople
from bot.teams.post import LANE_SECONDS, TeamsPlatform
from bot.teams.search import Search
from bot.teams.wire import Wire, connected
from bot.wiring import Crew


async def teams_side(
    stack: AsyncExitStack, crew: Crew, environ: Mapping[str, str], links: Links, given: Line | None = None
) -> TeamsSide:
    """Connect to Teams; ``given`` is how it is reached where that is not what the deployment file says.

    Raises:
        BadConfig: a secret is missing, or the playground would let in more than this machine.
    """
    line = given or line_of(crew.config.teams, secret("TEAMS_APP_PASSWORD", environ))
    if line.anonymous and crew.config.server.host not in LOOPBACK:
        raise BadConfig('the playground lets anybody in, so [server] host must be "127.0.0.1"')
    session = await stack.enter_async_context(connected())
    state, clock = crew.state, crew.clock
    wire = Wire(line.cloud, line.app)
    stack.callback(wire.close)
    here = f"http://{crew.config.server.host}:{crew.config.server.port}" if line.anonymous else ""
    pictures, documents = links.pictures, links.documents(here)
    platform = TeamsPlatform(
        wire,
        state.conversations,
        state.outbox,
        line.app.tenant,
        line.app.app_id,
        lambda digest: pictures.link(digest, clock()),
        lambda digest: documents.link(digest, clock()),
        unfold=line.anonymous,
    )
    keys = None if line.anonymous else Keys(session, line.cloud.openid_url, clock)
    tenants = frozenset() if line.anonymous else frozenset({line.app.tenant})
    adapter = Adapter(wire.clients, Gate(line.app.app_id, line.cloud, clock, tenants, keys))
    return TeamsSide(crew, line, platform, adapter, documents)


@dataclass
class TeamsSide:
    """One tenant."""

    crew: Crew
    line: Line
    platform: TeamsPlatform
    adapter: Adapter
    documents: Given
    lane_seconds: float = LANE_SECONDS
    singly: bool = True

    @property
    def tenant(self) -> str:
        """Its id."""
        return self.platform.tenant

    @property
    def people(self) -> People:
        """Its people."""
        return TeamsPeople(self.crew.state.conversations, self.tenant)

    @property
    def welcome(self) -> Callable[[], Awaitable[object]] | None:
        """Entra, about our secret; nobody in the playground."""
        return self.platform.wire.welcome if self.platform.app_id else None

    async def groups(self, stack: AsyncExitStack) -> Has | None:
        """Entra's groups."""
        named = sorted(groups_of(self.crew.named(), ENTRA))
        if not named or not self.line.cloud.graph:
            return None
        entra = EntraGroups(self.line.cloud.graph, graph_tokens(self.line.cloud, self.line.app), named)
        stack.callback(entra.close)
        return entra.has

    def hear(self, door: Door) -> None:
        """Nothing is to be known before it opens."""

    async def open(self, stack: AsyncExitStack, door: Door) -> Sequence[Mount]:
        """What is to be mounted for its requests, and the documents that its messages link to."""
        crew, drawn_by = self.crew, self.crew.state.outbox.drawn_by
        listeners = Listeners(
            self.platform,
            door,
            crew.state.conversations,
            lambda tenant, names, message: drawn_by("teams", tenant, names, message),
            Search(crew.context),
            crew.clock,
        )
        stack.push_async_callback(listeners.close)
        return [Entrance(self.adapter, listeners).mount, self.documents.mount]
