"""Whether Teams will take what we say: the token, the keys, the address, and each place that a route names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bot.doctor import Level, Patient, Seen, probe
from bot.environment import secret

if TYPE_CHECKING:
    from bot.ports import Conversation
    from bot.teams.line import Line

DOCS = "docs/teams.md leads from nothing to the first answer"


@probe("teams")
def teams(patient: Patient) -> Iterator[Seen]:
    """The app of the deployment file, as Microsoft sees it, and where it may speak."""
    from bot.teams.line import line_of

    config = patient.config
    routes = [route for said in config.personas.values() for route in said if route.startswith("teams:")]
    if not config.teams.app_id:
        if routes:
            yield Seen(Level.FAIL, f"{routes[0]} is a route, and [teams] names no app_id", DOCS)
        return
    line = line_of(config.teams, secret("TEAMS_APP_PASSWORD", patient.environ))
    yield asyncio.run(_token(line))
    yield asyncio.run(_keys(line, patient))
    yield _address(patient)
    known = _known(patient)
    yield _where(known)
    yield from (_lost(one) for one in known if not one.active)
    yield from (_route(route, known) for route in dict.fromkeys(routes))


async def _token(line: Line) -> Seen:
    from bot.teams.wire import NotBegunError, NoTokenError, Wire

    wire = Wire(line.cloud, line.app)
    try:
        await wire.welcome()
    except NoTokenError as error:
        return Seen(Level.FAIL, str(error), "make a new secret in Entra, and put it into TEAMS_APP_PASSWORD")
    except NotBegunError as error:
        return Seen(Level.FAIL, str(error), f"this machine must reach {line.cloud.authority or 'Entra'}")
    finally:
        wire.close()
    return Seen(Level.OK, f"Entra gives app {line.app.app_id} a token")


async def _keys(line: Line, patient: Patient) -> Seen:
    from bot.teams.adapter import Keys, RefusedError, UnreachableError
    from bot.teams.wire import connected

    async with connected() as session:
        try:
            await Keys(session, line.cloud.openid_url, patient.clock).get("")
        except RefusedError:
            return Seen(Level.OK, "the keys that Teams signs with are at hand")
        except UnreachableError as error:
            return Seen(Level.FAIL, str(error), f"this machine must reach {line.cloud.openid_url}")
    return Seen(Level.OK, "the keys that Teams signs with are at hand")


def _address(patient: Patient) -> Seen:
    url = patient.config.server.public_url
    if url.startswith("https://"):
        return Seen(Level.OK, f"Teams speaks to {url}/api/messages, and charts and documents are linked there")
    return Seen(
        Level.WARN,
        "[server] public_url is empty: charts are sent along, and documents cannot be opened",
        "name the address that the world reaches this machine at, like https://pitcrew.example.com",
    )


def _known(patient: Patient) -> Sequence[Conversation]:
    from analysis.errors import FinOpsError
    from bot.wiring import state_of

    folder = patient.config.data.folder
    if patient.config.state.url == "sqlite" and not (folder / "state.db").exists():
        return ()
    try:
        with state_of(patient.config, patient.clock, upgrade=False) as state:
            return state.conversations.known("teams")
    except FinOpsError:
        return ()  # the part `state` says why


def _where(known: Sequence[Conversation]) -> Seen:
    channels = [one for one in known if one.kind == "channel" and one.active]
    chats = [one for one in known if one.kind == "personal" and one.active]
    if not channels and not chats:
        return Seen(
            Level.WARN, "nobody has added the app yet", "`pitcrew teams package` makes it; upload it and add it"
        )
    return Seen(Level.OK, f"in {len(channels)} channels and {len(chats)} personal chats")


def _lost(one: Conversation) -> Seen:
    return Seen(
        Level.WARN,
        f"{one.title or 'a personal chat'}: {one.why}",
        "add the app there again, or take it out of [personas]",
    )


def _route(route: str, known: Sequence[Conversation]) -> Seen:
    name = route.partition(":")[2].strip()
    found = next((one for one in known if one.kind == "channel" and one.title.lower() == name.lower()), None)
    if found is None:
        return Seen(Level.FAIL, f"{route}: Pitcrew is in no channel of that name", "add the app to that team")
    if not found.active:
        return Seen(Level.FAIL, f"{route}: {found.why}", "add the app to that team again")
    return Seen(Level.OK, f"{route} is there")
