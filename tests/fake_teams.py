"""A strict Teams on loopback: the Bot Connector's REST interface, its OpenID keys, its signed activities.

It refuses what Teams refuses (a token that is not ours, cards with what Adaptive Cards 1.5 has not, messages beyond
100 KB, conversations that the bot is not in), keeps what was posted, and fails on demand::

    async with FakeTeams.running() as teams:
        ...  # give teams.line to the app
        teams.entrance = "http://127.0.0.1:8080/api/messages"
        await teams.say("forecast", user="U1")
        await teams.click(teams.messages(CHANNEL)[-1], "Claim", user="U2")
        teams.fail("send", 429, retry_after="2")
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bot.clock import wall
from bot.teams.cloud import Cloud
from bot.teams.line import Line
from bot.teams.wire import App
from tests.fake_teams_cards import problems

APP = "11111111-2222-3333-4444-555555555555"
TENANT = "99999999-8888-7777-6666-555555555555"
ISSUER = "https://api.botframework.com"
BOT = f"28:{APP}"
TEAM = "19:cloud-general@thread.tacv2"
CHANNEL = "19:finops@thread.tacv2"
PLATFORM = "19:platform@thread.tacv2"
TOKEN = "the token that Entra gave us"
MOST = 100 * 1024
MOST_GROUPS = 20  # a question to Graph


class Fault(Enum):
    """What may go wrong on the way, each once."""

    HANG = auto()  # takes nothing, answers nothing
    CUT = auto()  # takes nothing, closes the connection
    TAKEN_THEN_CUT = auto()
    TAKEN_THEN_504 = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP status, and what Teams says with it."""

    status: int
    code: str = "Error"
    message: str = ""
    retry_after: str = ""
    html: bool = False  # a page, from something in between


@dataclass(frozen=True, slots=True)
class Answered:
    """How the bot answered what Teams sent it."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        return self.status == 200


@dataclass(slots=True)
class Talk:
    """A conversation that the bot may be in: a personal chat, a channel, a group."""

    id: str
    kind: str
    name: str = ""
    team: str = ""
    team_name: str = ""
    type: str = "standard"
    blocked: bool = False
    messages: list[dict[str, Any]] = field(default_factory=list)


@cache
def signing_key(name: str) -> rsa.RSAPrivateKey:
    """A key that a test signs with; made once, since making one takes a while."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class FakeTeams:
    """Everything that Teams is, as a bot sees it."""

    url: str = ""
    entrance: str = ""
    shifted: timedelta = timedelta()
    signed: bool = True  # whether activities carry a token
    offline_keys: bool = False
    talks: dict[str, Talk] = field(default_factory=dict)
    people: dict[str, dict[str, str]] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)  # Entra's, with everybody who is in them by any way
    calls: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    fetched_keys: int = 0
    wrong: list[str] = field(default_factory=list)  # cards that Teams would refuse
    faults: dict[str, deque[Fault | Refusal]] = field(default_factory=lambda: defaultdict(deque))
    pages: int = 2  # members a page
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1_700_000_000_001))
    _session: aiohttp.ClientSession | None = None

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[FakeTeams]:
        """A Teams with a team of three channels and three people, two of them in a personal chat with the bot."""
        teams = cls()
        for channel, name in ((TEAM, "General"), (CHANNEL, "FinOps"), (PLATFORM, "Platform")):
            teams.talks[channel] = Talk(channel, "channel", name, TEAM, "Cloud")
        for user in ("U1", "U2", "U3"):
            teams.joined(user)
        site = web.Application(client_max_size=4 * 1024 * 1024)
        site.router.add_get("/keys/openid", teams._openid)
        site.router.add_get("/keys/jwks", teams._jwks)
        site.router.add_route("*", "/connector/v3/{path:.*}", teams._connector)
        site.router.add_post("/graph/v1.0/users/{user}/checkMemberGroups", teams._graph)
        runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        teams.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as session:
            teams._session = session
            try:
                yield teams
            finally:
                await runner.cleanup()

    # what a test needs of it

    @property
    def line(self) -> Line:
        """How the bot reaches this Teams, and knows it."""
        cloud = Cloud(
            f"{self.url}/keys/openid", ISSUER, "scope", "", frozenset(), loopback=True, graph=f"{self.url}/graph"
        )
        return Line(cloud, App(APP, TENANT, tokens=lambda: TOKEN))

    @property
    def service_url(self) -> str:
        return f"{self.url}/connector/"

    def clock(self) -> datetime:
        return wall() + self.shifted

    def advance(self, seconds: float) -> None:
        self.shifted += timedelta(seconds=seconds)

    def joined(self, user: str, **more: str) -> None:
        """Somebody of the organization, with a personal chat."""
        self.people[user] = {
            "id": f"29:{user}",
            "aadObjectId": user,
            "objectId": user,
            "name": f"Person {user}",
            "email": f"{user.lower()}@example.com",
            "userPrincipalName": f"{user.lower()}@example.com",
            "userRole": "user",
            "tenantId": TENANT,
            **more,
        }
        self.talks[f"a:{user}"] = Talk(f"a:{user}", "personal")

    def messages(self, talk: str) -> list[dict[str, Any]]:
        """What the bot said in a conversation, as it stands now; no typing."""
        return [one for one in self.talks[talk].messages if one["type"] == "message"] if talk in self.talks else []

    def private(self, user: str) -> list[dict[str, Any]]:
        """What the bot said to one person."""
        return self.messages(f"a:{user}")

    def fail(self, call: str, *faults: Fault | Refusal) -> None:
        """Let the next calls (``send``, ``update``, ``begin``, ``members``…) go wrong, one after the other."""
        self.faults[call].extend(faults)

    # what people do

    async def say(self, text: str, user: str = "U1", **more: Any) -> Answered:
        """Somebody writes to the bot in their personal chat."""
        return await self.send(self.activity("message", f"a:{user}", user, text=text, **more))

    async def mention(self, text: str, user: str = "U1", channel: str = CHANNEL, thread: str = "") -> Answered:
        """Somebody mentions the bot in a channel; without a thread they begin one."""
        name = str(next(self._numbers))
        conversation = f"{channel};messageid={thread or name}"
        entity = {"type": "mention", "text": "<at>Pitcrew</at>", "mentioned": {"id": BOT, "name": "Pitcrew"}}
        said = f"<at>Pitcrew</at>&nbsp;{text}"
        return await self.send(
            self.activity("message", conversation, user, text=said, entities=[entity], **{"id": name})
        )

    async def click(self, message: Mapping[str, Any], title: str, user: str = "U1", **inputs: str) -> Answered:
        """Somebody presses a button of a card; what comes back replaces the card that they see."""
        return await self.send(self.pressed(message, title, user, **inputs))

    def pressed(self, message: Mapping[str, Any], title: str, user: str = "U1", **inputs: str) -> dict[str, Any]:
        """The activity of a click."""
        action = next(one for one in actions(message) if one["title"] == title)
        assert action["type"] == "Action.Execute", action
        data = {**_inputs(message), **action.get("data", {}), **inputs}
        value = {"action": {"type": "Action.Execute", "verb": action["verb"], "data": data}, "trigger": "manual"}
        return self.invoked("adaptiveCard/action", value, message, user)

    async def click_in_an_old_client(self, message: Mapping[str, Any], title: str, user: str = "U1") -> Answered:
        """The same in a client that knows no Action.Execute: a message with the card's data in it."""
        action = next(one for one in actions(message) if one["title"] == title)["fallback"]
        return await self.send(
            self.activity("message", message["_where"], user, value=action["data"], replyToId=message["id"], text="")
        )

    async def open_dialog(self, message: Mapping[str, Any], title: str, user: str = "U1") -> Answered:
        """Somebody presses a button that opens a dialog."""
        action = next(one for one in actions(message) if one["title"] == title)
        assert action["data"]["msteams"]["type"] == "task/fetch", action
        value = {"data": {**action["data"], "type": "task/fetch"}, "context": {"theme": "default"}}
        return await self.send(self.invoked("task/fetch", value, message, user))

    async def fill_in(
        self, message: Mapping[str, Any], dialog: Answered, filled: Mapping[str, str], user: str = "U1"
    ) -> Answered:
        """Somebody sends a dialog that was opened on a message."""
        card = dialog.body["task"]["value"]["card"]["content"]
        self.wrong += problems(card)
        [action] = card["actions"]
        value = {"data": {**_defaults(card), **action["data"], **filled}, "context": {"theme": "default"}}
        return await self.send(self.invoked("task/submit", value, message, user))

    def invoked(self, name: str, value: Any, message: Mapping[str, Any] | None, user: str) -> dict[str, Any]:
        """An invoke on a message, or beside one."""
        where = message["_where"] if message else f"a:{user}"
        reply = {"replyToId": message["id"]} if message else {}
        return self.activity("invoke", where, user, name=name, value=value, **reply)

    async def search(self, words: str, user: str = "U1") -> Answered:
        """Somebody types into the message extension."""
        value = {"commandId": "search", "parameters": [{"name": "words", "value": words}]}
        return await self.send(self.invoked("composeExtension/query", value, None, user))

    async def paste(self, link: str, user: str = "U1") -> Answered:
        """Somebody pastes a link into a message."""
        return await self.send(self.invoked("composeExtension/queryLink", {"url": link}, None, user))

    async def install(self, talk: str, user: str = "U1") -> Answered:
        """Somebody adds the app."""
        return await self.send(self.activity("installationUpdate", talk, user, action="add"))

    async def uninstall(self, talk: str, user: str = "U1") -> Answered:
        """Somebody takes it out."""
        self.talks[talk].blocked = True
        return await self.send(self.activity("installationUpdate", talk, user, action="remove"))

    def activity(self, kind: str, conversation: str, user: str, **more: Any) -> dict[str, Any]:
        """What Teams sends to the bot."""
        talk = self.talks[conversation.partition(";")[0]]
        data: dict[str, Any] = {"tenant": {"id": TENANT}}
        if talk.kind == "channel":
            data |= {"team": {"id": TEAM, "name": "Cloud"}, "channel": {"id": talk.id}}
        return {
            "type": kind,
            "id": str(next(self._numbers)),
            "timestamp": self.clock().isoformat(),
            "channelId": "msteams",
            "serviceUrl": self.service_url,
            "from": {name: self.people[user][name] for name in ("id", "name", "aadObjectId")},
            "recipient": {"id": BOT, "name": "Pitcrew"},
            "conversation": {
                "id": conversation,
                "tenantId": TENANT,
                "conversationType": {"group": "groupChat"}.get(talk.kind, talk.kind),
            },
            "channelData": data,
            "locale": "en-GB",
            "entities": [{"type": "clientInfo", "timezone": "Europe/London", "locale": "en-GB"}],
            **more,
        }

    async def send(self, activity: Mapping[str, Any], **token: Any) -> Answered:
        """Hand an activity to the bot, signed as Teams signs."""
        headers = {"Authorization": f"Bearer {self.token(**token)}"} if self.signed else {}
        return await self.post(json.dumps(activity).encode(), headers)

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answered:
        """Post anything to the bot."""
        assert self._session
        everything = {"Content-Type": "application/json", **headers}
        async with self._session.post(self.entrance, data=BytesIO(body), headers=everything) as said:
            text = await said.text()
            try:
                return Answered(said.status, json.loads(text) if text else None)
            except ValueError:
                return Answered(said.status, text)

    def token(
        self, key: str = "ours", kid: str = "ours", algorithm: str = "RS256", lasts: float = 3600, **claims: Any
    ) -> str:
        """A token of the Bot Connector; with another key, name or claims it is none."""
        now = wall().timestamp()  # as the SDK's own clock has it
        said = {
            "iss": ISSUER,
            "aud": APP,
            "serviceurl": self.service_url,
            "nbf": now - 10,
            "exp": now + lasts,
            **claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        secret: Any = signing_key(key) if algorithm.startswith("RS") else "x" * 64
        return jwt.encode(said, "" if algorithm == "none" else secret, algorithm=algorithm, headers={"kid": kid})

    # the keys

    async def _openid(self, _request: web.Request) -> web.Response:
        self.fetched_keys += 1
        if self.offline_keys:
            raise web.HTTPBadGateway
        return web.json_response({"issuer": ISSUER, "jwks_uri": f"{self.url}/keys/jwks"})

    async def _jwks(self, _request: web.Request) -> web.Response:
        keys = []
        for name, endorsements in (("ours", ["msteams"]), ("web chat's", ["webchat"])):
            made = RSAAlgorithm.to_jwk(signing_key(name).public_key(), as_dict=True)
            keys.append({**made, "kid": name, "use": "sig", "endorsements": endorsements})
        return web.json_response({"keys": keys})

    # the connector

    async def _graph(self, request: web.Request) -> web.Response:
        """Microsoft Graph, as far as it is asked who is in a group."""
        self.calls.append(("graph", request.match_info["user"]))
        wanted = (await request.json())["groupIds"]
        fault = self.faults["graph"].popleft() if self.faults["graph"] else None
        if isinstance(fault, Refusal):
            return _refused(fault)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _refused(Refusal(401, "InvalidAuthenticationToken"))
        if request.match_info["user"] not in self.people:
            return _refused(Refusal(404, "Request_ResourceNotFound"))
        if len(wanted) > MOST_GROUPS:
            return _refused(Refusal(400, "Request_BadRequest", "at most 20 groups"))
        mine = [one for one in wanted if request.match_info["user"] in self.groups.get(one, ())]
        return web.json_response({"value": mine})

    async def _connector(self, request: web.Request) -> web.Response:
        path = [unquote(part) for part in request.raw_path.partition("/v3/")[2].partition("?")[0].split("/")]
        body = json.loads(await request.text() or "null")
        call = _named(request.method, path)
        self.calls.append((call, "/".join(path)))
        self.bodies.append(body)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}" and self.signed:
            return _refused(Refusal(401, "Unauthorized"))
        fault = self.faults[call].popleft() if self.faults[call] else None
        if isinstance(fault, Refusal):
            return _refused(fault)
        if fault in (Fault.HANG, Fault.CUT):
            return await _lost(request, fault)
        try:
            said = self._done(call, path, body, request)
        except _No as no:
            return _refused(no.refusal)
        if fault is Fault.TAKEN_THEN_CUT:
            return await _lost(request, Fault.CUT)
        if fault is Fault.TAKEN_THEN_504:
            return _refused(Refusal(504, "GatewayTimeout"))
        return web.json_response(said, status=201 if request.method == "POST" else 200)

    def _done(self, call: str, path: list[str], body: Any, request: web.Request) -> Any:
        match call:
            case "send":
                return {"id": self._kept(path[1], body)}
            case "update":
                self._changed(path[1], path[3], body)
                return {"id": path[3]}
            case "delete":
                found = self._found(path[1], path[3])
                self.talks[path[1].partition(";")[0]].messages.remove(found)
                return {}
            case "begin":
                return self._begun(body)
            case "member":
                return self._member(path[3])
            case "members":
                first = int(request.query.get("continuationToken") or 0)
                page = list(self.people.values())[first : first + self.pages]
                more = first + self.pages
                return {"members": page, **({"continuationToken": str(more)} if more < len(self.people) else {})}
            case "channels":
                mine = [one for one in self.talks.values() if one.team == path[1]]
                return {
                    "conversations": [
                        {"id": one.id, "name": one.name if one.id != TEAM else "", "type": one.type} for one in mine
                    ]
                }
            case _:
                raise _No(Refusal(404, "ServiceError", f"no such call: {'/'.join(path)}"))

    def _member(self, name: str) -> dict[str, str]:
        for one in self.people.values():
            if one["id"] == name:
                return one
        raise _No(Refusal(404, "MemberNotFound"))

    def _talk(self, conversation: str) -> Talk:
        talk = self.talks.get(conversation.partition(";")[0])
        if talk is None:
            raise _No(Refusal(404, "ConversationNotFound", "Conversation not found."))
        if talk.blocked:
            raise _No(Refusal(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster."))
        return talk

    def _kept(self, conversation: str, activity: dict[str, Any]) -> str:
        talk = self._talk(conversation)
        self._looked_at(activity)
        name = str(next(self._numbers))
        thread = conversation.partition(";messageid=")[2]
        where = conversation if thread or talk.kind != "channel" else f"{conversation};messageid={name}"
        talk.messages.append({**deepcopy(activity), "id": name, "_where": where, "_thread": thread or name})
        return name

    def _changed(self, conversation: str, name: str, activity: dict[str, Any]) -> None:
        self._talk(conversation)
        self._looked_at(activity)
        found = self._found(conversation, name)
        kept = {key: value for key, value in found.items() if key.startswith("_")}
        found.clear()
        found.update({**deepcopy(activity), "id": name, **kept, "_edits": kept.get("_edits", 0) + 1})

    def _found(self, conversation: str, name: str) -> dict[str, Any]:
        talk = self._talk(conversation)
        found = [one for one in talk.messages if one["id"] == name]
        if not found or (talk.kind == "channel" and found[0]["_where"] != conversation):
            raise _No(Refusal(404, "ActivityNotFoundInConversation", "Activity not found in the conversation."))
        return found[0]

    def _begun(self, parameters: dict[str, Any]) -> dict[str, str]:
        if parameters.get("tenantID") != TENANT or parameters.get("bot", {}).get("id") != BOT:
            raise _No(Refusal(400, "BadArgument", "no tenant, or no bot"))
        if members := parameters.get("members"):
            user = members[0]["id"].removeprefix("29:")
            if user not in self.people:
                raise _No(Refusal(403, "ConversationCreationForbidden"))
            return {"id": f"a:{user}"}
        channel = parameters["channelData"]["channel"]["id"]
        name = self._kept(channel, parameters["activity"])
        return {"id": f"{channel};messageid={name}", "activityId": name}

    def _looked_at(self, activity: Mapping[str, Any]) -> None:
        if len(json.dumps(without_pictures(activity), ensure_ascii=False).encode("utf-16-le")) > MOST:
            raise _No(Refusal(413, "MessageSizeTooBig", "Message size too large."))
        found = [problem for card in cards(activity) for problem in problems(card)]
        self.wrong += found
        if found:
            raise _No(Refusal(400, "BadSyntax", "; ".join(found)))


class _No(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def cards(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The cards of a message."""
    return [one["content"] for one in message.get("attachments", ()) if "adaptive" in one.get("contentType", "")]


def actions(thing: Any) -> list[dict[str, Any]]:
    """Every action of a message, a card, or a part of one."""
    if isinstance(thing, list):
        return [found for one in thing for found in actions(one)]
    if not isinstance(thing, Mapping):
        return []
    own = [dict(thing)] if str(thing.get("type", "")).startswith("Action.") else []
    inner = [value for name, value in thing.items() if name not in {"fallback", "data", "refresh"}]
    return own + [found for value in inner for found in actions(value)]


def words(thing: Any) -> str:
    """All that a message says."""

    def texts(part: Any) -> list[str]:
        if isinstance(part, Mapping):
            own = [str(part[name]) for name in ("text", "title", "value") if isinstance(part.get(name), str)]
            inner = [value for name, value in part.items() if name not in {"data", "fallbackText", "refresh"}]
            return own + [text for value in inner for text in texts(value)]
        return [text for value in part for text in texts(value)] if isinstance(part, list) else []

    found = texts(cards(thing) if isinstance(thing, Mapping) and "attachments" in thing else thing)
    return "\n".join(found).replace("\\", "").replace("\u200b", "").replace("\u200a", "")


def without_pictures(thing: Any) -> Any:
    """JSON without what Teams does not count: base64 pictures."""
    if isinstance(thing, list):
        return [without_pictures(one) for one in thing]
    if isinstance(thing, Mapping):
        return {name: without_pictures(value) for name, value in thing.items()}
    return "data:" if isinstance(thing, str) and thing.startswith("data:image") else thing


def _inputs(message: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for card in cards(message) for name, value in _defaults(card).items()}


def _defaults(thing: Any) -> dict[str, str]:
    if isinstance(thing, list):
        return {name: value for one in thing for name, value in _defaults(one).items()}
    if not isinstance(thing, Mapping):
        return {}
    own = {thing["id"]: thing.get("value", "")} if str(thing.get("type", "")).startswith("Input.") else {}
    return own | {name: value for inner in thing.values() for name, value in _defaults(inner).items()}


def _named(method: str, path: list[str]) -> str:
    match method, path:
        case "POST", ["conversations", _, "activities"]:
            return "send"
        case "PUT", ["conversations", _, "activities", _]:
            return "update"
        case "DELETE", ["conversations", _, "activities", _]:
            return "delete"
        case "POST", ["conversations"]:
            return "begin"
        case "GET", ["conversations", _, "pagedmembers"]:
            return "members"
        case "GET", ["conversations", _, "members", _]:
            return "member"
        case "GET", ["teams", _, "conversations"]:
            return "channels"
        case _:
            return "unknown"


def _refused(refusal: Refusal) -> web.Response:
    if refusal.html:
        return web.Response(status=refusal.status, text="<h1>Bad Gateway</h1>", content_type="text/html")
    headers = {"Retry-After": refusal.retry_after} if refusal.retry_after else {}
    said = {"error": {"code": refusal.code, "message": refusal.message}}
    return web.json_response(said, status=refusal.status, headers=headers)


async def _lost(request: web.Request, fault: Fault) -> web.Response:
    if fault is Fault.HANG:
        await asyncio.sleep(3600)
    if request.transport:
        request.transport.close()
    return web.Response()
