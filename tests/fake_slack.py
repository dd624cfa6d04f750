"""A strict Slack on loopback: its Web API, its response URLs, its files, its signed requests and its sockets.

It refuses what Slack refuses (unknown arguments, wrong blocks, scopes that ``manifest.yml`` does not ask for, posting
where the bot is not), keeps what was posted, and fails on demand::

    async with FakeSlack.running() as slack:
        ...  # give slack.url, slack.token and slack.app_token to the app
        slack.entrance = "http://127.0.0.1:8080/slack/events"  # or let the app connect by socket
        await slack.type("/finops forecast", user="U1", channel="C1")
        await slack.click(slack.messages("C1")[-1], "Claim", user="U2")
        slack.fail("chat.postMessage", Fault.TAKEN_THEN_CUT)
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import yaml  # type: ignore[import-untyped]
from aiohttp import web

from bot.clock import wall
from tests.fake_slack_blocks import MAX_LETTERS, letters, problems, view_problems

MANIFEST = Path(__file__).parents[1] / "manifest.yml"
PNG = b"\x89PNG\r\n\x1a\n"
RESPONSE_USES, RESPONSE_SECONDS = 5, 30 * 60
RETRY_AFTER_SECONDS = (0, 60, 300)  # when un-acknowledged events come again


class Fault(Enum):
    """What may go wrong on the way, each once."""

    HANG = auto()  # takes nothing, answers nothing
    CUT = auto()  # takes nothing, closes the connection
    TAKEN_THEN_CUT = auto()
    TAKEN_THEN_HANG = auto()
    TAKEN_THEN_500 = auto()


@dataclass(frozen=True, slots=True)
class Throttle:
    """429 with this Retry-After."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Status:
    """Nothing is taken; an HTTP status comes back, with a page of HTML."""

    status: int


Failure = Fault | Throttle | Status | str  # a string is one of Slack's error codes


class Refused(Exception):
    """Slack's ``{"ok": false, "error": …}``."""


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    members: set[str]
    private: bool = False
    archived: bool = False
    shared: bool = False  # with another company
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return "im" if self.id.startswith("D") else "groups" if self.private else "channels"


@dataclass(slots=True)
class File:
    id: str
    name: str
    length: int
    alt: str = ""
    content: bytes = b""
    completed: bool = False
    busy: int = 0  # how many looks it takes until Slack is done with it


@dataclass(slots=True)
class ReplyAddress:
    channel: str
    user: str
    message: str  # ts of the message it belongs to, if any
    until: float
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came in."""

    method: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """How the app answered what Slack sent it."""

    status: int  # HTTP status; in Socket Mode 200, or 0 when nothing came in three seconds
    text: str
    seconds: float

    @property
    def ok(self) -> bool:
        return self.status == 200


@dataclass(frozen=True, slots=True)
class Method:
    """What Slack knows of one of its methods."""

    allowed: str
    required: str = ""
    scopes: tuple[str, ...] = ()  # with {kind}: one for each kind of conversation
    per_minute: int = 0


MESSAGE = "channel text blocks attachments metadata thread_ts link_names parse"
HISTORY = "channel cursor inclusive include_all_metadata latest limit oldest"
METHODS: Mapping[str, Method] = {
    "apps.connections.open": Method("", "", ("connections:write",), 10),
    "auth.test": Method(""),
    "auth.revoke": Method(""),
    "oauth.v2.access": Method("code redirect_uri client_id client_secret", "code"),
    "chat.delete": Method("channel ts", "channel ts", ("chat:write",), 50),
    "chat.postEphemeral": Method(f"{MESSAGE} user", "channel user text", ("chat:write",), 100),
    "chat.postMessage": Method(
        f"{MESSAGE} mrkdwn reply_broadcast unfurl_links unfurl_media", "channel text", ("chat:write",)
    ),
    "chat.unfurl": Method("channel ts unfurls unfurl_id source", "channel ts unfurls", ("links:write",), 50),
    "chat.update": Method(f"{MESSAGE} ts", "channel ts text", ("chat:write",), 50),
    "conversations.history": Method(HISTORY, "channel", ("{kind}:history",), 50),
    "conversations.info": Method("channel", "channel", ("{kind}:read",), 50),
    "conversations.list": Method("types limit cursor exclude_archived", "", ("channels:read", "groups:read"), 20),
    "conversations.open": Method("users", "users", ("im:write",), 50),
    "conversations.replies": Method(f"{HISTORY} ts", "channel ts", ("{kind}:history",), 50),
    "files.completeUploadExternal": Method("files channel_id thread_ts", "files", ("files:write",), 100),
    "files.getUploadURLExternal": Method("filename length alt_txt", "filename length", ("files:write",), 100),
    "files.info": Method("file", "file", ("files:read",), 100),
    "users.conversations": Method("types limit cursor exclude_archived", "", ("channels:read", "groups:read"), 50),
    "usergroups.users.list": Method("usergroup include_disabled", "usergroup", ("usergroups:read",), 20),
    "views.open": Method("trigger_id view", "trigger_id view", (), 100),
    "views.publish": Method("user_id view hash", "user_id view", (), 100),
    "views.update": Method("view_id external_id view hash", "view", (), 100),
    "users.info": Method("user include_locale", "user", ("users:read",), 100),
    "users.lookupByEmail": Method("email", "email", ("users:read.email",), 50),
}


class FakeSlack:
    """One workspace, T1, with one app in it."""

    team, bot_user, bot, app_id = "T1", "UBOT", "BBOT", "A1"
    token, app_token, signing_secret = "xoxb-fake", "xapp-1-A1-fake", "8f742231b10e8888abcd99yyyzzz85a5"

    def __init__(self) -> None:
        self.url = ""  # of the Web API, with a slash at its end
        self.entrance = ""  # where the app takes requests; without one they go through a socket
        self.paced = False  # whether the rate limits hold
        self.patience = 3.0  # seconds until a request counts as not acknowledged
        self.busy_looks = 0  # how long the next uploads take, in looks
        self.scopes: set[str] = set(yaml.safe_load(MANIFEST.read_text())["oauth_config"]["scopes"]["bot"])
        self.calls: list[Call] = []
        self.ephemerals: list[dict[str, Any]] = []
        self.files: dict[str, File] = {}
        self.views: list[dict[str, Any]] = []  # modals, the newest last
        self.closed: set[str] = set()  # those that somebody has closed
        self.neighbours: list[FakeSlack] = []  # other workspaces, served at the same address
        self.codes: dict[str, FakeSlack] = {}  # what people come back with who installed the app
        self.revoked: set[str] = set()
        self.homes: dict[str, dict[str, Any]] = {}  # what each person's Home shows
        self.users: dict[str, dict[str, Any]] = {
            name: {"id": name, "name": name.lower(), "real_name": f"Person {name}"} for name in ("U1", "U2")
        }
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, set[str]] = {}
        self.channel("C1", "general")
        self._offset = 0.0
        self._ids = itertools.count(1)
        self._failures: dict[str, deque[Failure]] = defaultdict(deque)
        self._replies: dict[str, ReplyAddress] = {}
        self._posted: dict[str, float] = {}
        self._seen: dict[str, deque[float]] = defaultdict(deque)
        self._sockets: list[web.WebSocketResponse] = []
        self._connected = asyncio.Event()
        self._acks: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._over = asyncio.Event()
        self._http: aiohttp.ClientSession

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[FakeSlack]:
        """A Slack on a free port of 127.0.0.1."""
        slack = cls()
        site = web.Application(client_max_size=16 * 1024 * 1024)
        site.router.add_route("*", "/api/{method}", slack._api)
        site.router.add_post("/reply/{name}", slack._replied)
        site.router.add_post("/upload/{file}", slack._uploaded)
        site.router.add_get("/socket", slack._socket)
        runner = web.AppRunner(site, shutdown_timeout=0.1)
        await runner.setup()
        listener = web.TCPSite(runner, "127.0.0.1", 0)
        await listener.start()
        slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        try:
            async with aiohttp.ClientSession() as slack._http:
                yield slack
        finally:
            slack._over.set()
            for socket in slack._sockets:
                await socket.close()
            await runner.cleanup()

    def neighbour(self, team: str) -> FakeSlack:
        """Another workspace, T2, at the same address, with people of the same ids in it."""
        other = FakeSlack()
        other.team, other.token, other.url, other._http = team, f"xoxb-fake-{team}", self.url, self._http
        other._ids = itertools.count(5000 + 1000 * len(self.neighbours))
        self.neighbours.append(other)
        return other

    # --- the workspace, as a test sees it -------------------------------------------------------------------------

    def channel(self, name: str, title: str, *members: str, private: bool = False) -> Channel:
        """Make a channel with the bot in it, and U1 and U2 unless others are named."""
        found = Channel(name, title, {self.bot_user, *(members or ("U1", "U2"))}, private)
        self.channels[name] = found
        return found

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """What stands in a channel, oldest first, threads too."""
        return self.channels[channel].messages

    def ours(self, channel: str) -> list[dict[str, Any]]:
        """Those of them that the bot posted."""
        return [message for message in self.messages(channel) if message.get("bot_id") == self.bot]

    def private(self, user: str) -> list[dict[str, Any]]:
        """What only this person sees: ephemeral messages, then those of the bot in their direct messages."""
        alone = [message for message in self.ephemerals if message["user"] == user]
        dm = self.channels.get(f"D{user}")
        return alone + [message for message in (dm.messages if dm else []) if message.get("bot_id")]

    def fail(self, method: str, *failures: Failure) -> None:
        """Let the next calls of a method (or ``response_url``, ``upload``) fail, one after the other."""
        self._failures[method].extend(failures)

    def called(self, method: str) -> list[Mapping[str, Any]]:
        """The arguments of each call of a method."""
        return [call.args for call in self.calls if call.method == method]

    def clock(self) -> datetime:
        """Slack's time."""
        return datetime.fromtimestamp(self.now(), UTC)

    def now(self) -> float:
        return wall().timestamp() + self._offset

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._offset += seconds

    # --- what people do -------------------------------------------------------------------------------------------

    async def type(self, text: str, *, user: str = "U1", channel: str = "C1", **more: str) -> Acknowledged:
        """Type a slash command."""
        return await self.send(self.command(text, user=user, channel=channel, **more))

    def command(self, text: str, *, user: str = "U1", channel: str = "C1", **more: str) -> dict[str, Any]:
        """What Slack sends for a slash command."""
        command, _, words = text.partition(" ")
        return {
            "command": command,
            "text": words,
            "user_id": user,
            "user_name": self.users.get(user, {}).get("name", user),
            "channel_id": channel,
            "channel_name": "general",
            "team_id": self.team,
            "team_domain": "fake",
            "api_app_id": self.app_id,
            "trigger_id": f"{next(self._ids)}.1.abc",
            "response_url": self.reply_address(channel, user),
            "is_enterprise_install": "false",
            **more,
        }

    async def click(self, message: Mapping[str, Any], label: str, *, user: str = "U1") -> Acknowledged:
        """Press the button that says ``label``."""
        return await self.send(self.pressed(message, label, user=user))

    def pressed(self, message: Mapping[str, Any], label: str, *, user: str = "U1") -> dict[str, Any]:
        """What Slack sends for a click."""
        elements = [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]
        [button] = [one for one in elements if one["text"]["text"] == label]
        return self._acted(message, button, user)

    async def choose(self, message: Mapping[str, Any], menu: str, option: str, *, user: str = "U1") -> Acknowledged:
        """Choose ``option`` of the drop-down that is labelled ``menu``."""
        sections = [block for block in message["blocks"] if block["type"] == "section" and "accessory" in block]
        [select] = [one["accessory"] for one in sections if one["text"]["text"] == menu]
        [chosen] = [one for one in select["options"] if one["text"]["text"] == option]
        action = {"type": "static_select", "action_id": select["action_id"], "selected_option": chosen}
        return await self.send(self._acted(message, action, user))

    async def fill_in(self, values: Mapping[str, str], *, user: str = "U1") -> Acknowledged:
        """Send the modal that was opened last, with these values beside those it came with."""
        view = self.views[-1]
        inputs = {block["block_id"]: block["element"] for block in view["blocks"]}
        state = {name: {"value": _filled(element, values.get(name))} for name, element in inputs.items()}
        person = {"id": user, "username": user.lower(), "name": user.lower(), "team_id": self.team}
        payload = {
            "type": "view_submission",
            "api_app_id": self.app_id,
            "team": {"id": self.team, "domain": "fake"},
            "user": person,
            "trigger_id": f"{next(self._ids)}.3.abc",
            "view": {**view, "state": {"values": state}},
        }
        return await self.send(payload)

    async def come_home(self, *, user: str = "U1", tab: str = "home", copies: int = 1) -> Acknowledged:
        """Look at the bot's Home."""
        event = {"type": "app_home_opened", "user": user, "channel": self._dm(user).id, "tab": tab}
        return await self.deliver(self.event({**event, "event_ts": self._ts()}), copies=copies)

    async def click_in(self, view: Mapping[str, Any], label: str, *, user: str = "U1") -> Acknowledged:
        """Press the first button of Home or of a modal that says ``label``."""
        elements = [one for block in view["blocks"] if block["type"] == "actions" for one in block["elements"]]
        button = next(one for one in elements if one["text"]["text"] == label)
        return await self.send(self._acted_in(view, button, user))

    async def choose_in(self, view: Mapping[str, Any], menu: str, option: str, *, user: str = "U1") -> Acknowledged:
        """Choose ``option`` of a modal's drop-down that is labelled ``menu``."""
        sections = [block for block in view["blocks"] if block["type"] == "section" and "accessory" in block]
        [select] = [one["accessory"] for one in sections if one["text"]["text"] == menu]
        [chosen] = [one for one in select["options"] if one["text"]["text"] == option]
        action = {"type": "static_select", "action_id": select["action_id"], "selected_option": chosen}
        return await self.send(self._acted_in(view, action, user))

    async def shortcut(self, message: Mapping[str, Any], name: str = "explain", *, user: str = "U1") -> Acknowledged:
        """Use a shortcut on a message."""
        payload = self._reached(name, user) | {
            "type": "message_action",
            "channel": {"id": message["channel"], "name": "general"},
            "message": dict(message),
            "message_ts": message["ts"],
            "response_url": self.reply_address(message["channel"], user),
        }
        return await self.send(payload)

    async def reach_for(self, name: str, *, user: str = "U1") -> Acknowledged:
        """Use a shortcut that is always there."""
        return await self.send(self._reached(name, user) | {"type": "shortcut"})

    def _reached(self, name: str, user: str) -> dict[str, Any]:
        return {
            "callback_id": name,
            "api_app_id": self.app_id,
            "action_ts": self._ts(),
            "team": {"id": self.team, "domain": "fake"},
            "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": self.team},
            "trigger_id": f"{next(self._ids)}.4.abc",
        }

    async def link(self, *urls: str, user: str = "U1", channel: str = "C1") -> Acknowledged:
        """Write a message with links of the app's own domain."""
        said = self._say(channel, user, " ".join(f"<{url}>" for url in urls), "")
        links = [{"domain": "pitcrew.example", "url": url.replace("&", "&amp;")} for url in urls]
        event = {"type": "link_shared", "channel": channel, "user": user, "message_ts": said["ts"], "links": links}
        return await self.deliver(self.event({**event, "source": "conversations_history", "event_ts": said["ts"]}))

    def _acted_in(self, view: Mapping[str, Any], element: Mapping[str, Any], user: str) -> dict[str, Any]:
        """What Slack sends for a click on a page: there is no message, no channel and no response_url."""
        return {
            "type": "block_actions",
            "api_app_id": self.app_id,
            "team": {"id": self.team, "domain": "fake"},
            "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": self.team},
            "container": {"type": "view", "view_id": view["id"]},
            "view": dict(view),
            "trigger_id": f"{next(self._ids)}.2.abc",
            "actions": [{**element, "block_id": "b", "action_ts": self._ts()}],
        }

    def _acted(self, message: Mapping[str, Any], element: Mapping[str, Any], user: str) -> dict[str, Any]:
        container = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": message["channel"],
            "is_ephemeral": message.get("is_ephemeral", False),
        }
        if "thread_ts" in message:
            container["thread_ts"] = message["thread_ts"]
        return {
            "type": "block_actions",
            "api_app_id": self.app_id,
            "team": {"id": self.team, "domain": "fake"},
            "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": self.team},
            "channel": {"id": message["channel"], "name": "general"},
            "container": container,
            "message": dict(message),
            "trigger_id": f"{next(self._ids)}.2.abc",
            "response_url": self.reply_address(message["channel"], user, message["ts"]),
            "actions": [{**element, "block_id": "b", "action_ts": self._ts()}],
        }

    async def mention(
        self, text: str, *, user: str = "U1", channel: str = "C1", thread: str = "", copies: int = 1
    ) -> Acknowledged:
        """Write ``@Pitcrew …`` into a channel; a copy is a redelivery although it was acknowledged."""
        said = self._say(channel, user, f"<@{self.bot_user}> {text}", thread)
        return await self.deliver(self.event({**said, "type": "app_mention"}), copies=copies)

    async def dm(self, text: str, *, user: str = "U1", copies: int = 1, **more: Any) -> Acknowledged:
        """Write to the bot alone."""
        said = self._say(self._dm(user).id, user, text, "")
        return await self.deliver(self.event({**said, "channel_type": "im", **more}), copies=copies)

    def event(self, event: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """What Slack's Events API sends."""
        return {
            "type": "event_callback",
            "team_id": self.team,
            "api_app_id": self.app_id,
            "event_id": f"Ev{next(self._ids)}",
            "event_time": int(self.now()),
            "event": dict(event),
            "authorizations": [{"team_id": self.team, "user_id": self.bot_user, "is_bot": True}],
            **more,
        }

    async def deliver(self, event: Mapping[str, Any], *, copies: int = 1) -> Acknowledged:
        """Deliver an event, and again, three times more at most, until it is acknowledged; the last answer."""
        acknowledged = await self.send(event)
        for retry, seconds in enumerate(RETRY_AFTER_SECONDS, 1):
            if acknowledged.ok and copies <= retry:
                break
            self.advance(seconds)
            acknowledged = await self.send(event, retry=retry)
        return acknowledged

    async def send(self, payload: Mapping[str, Any], *, retry: int = 0) -> Acknowledged:
        """Hand anything to the app, as this workspace is set up: by socket, or signed, over HTTP."""
        if not self.entrance:
            return await self._through_socket(payload, retry)
        if payload.get("type") == "event_callback":
            return await self.post(json.dumps(payload), "application/json", retry=retry)
        form = payload if "command" in payload else {"payload": json.dumps(payload)}
        return await self.post(urlencode(form), retry=retry)

    async def post(
        self,
        body: str | bytes,
        content_type: str = "application/x-www-form-urlencoded",
        *,
        retry: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> Acknowledged:
        """Post a body to the app, signed unless ``headers`` say otherwise."""
        raw = body.encode() if isinstance(body, str) else body
        sent = {"Content-Type": content_type, **(self.signed(raw) if headers is None else headers)}
        if retry:
            sent |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        began = asyncio.get_running_loop().time()
        async with self._http.post(self.entrance, data=BytesIO(raw), headers=sent) as response:
            text = await response.text()
            return Acknowledged(response.status, text, asyncio.get_running_loop().time() - began)

    def signed(self, body: bytes, *, secret: str = "", shifted: float = 0) -> dict[str, str]:
        """The headers that prove a request to be Slack's."""
        stamp = str(int(self.now() + shifted))
        key = (secret or self.signing_secret).encode()
        digest = hmac.new(key, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    def reply_address(self, channel: str, user: str, message: str = "") -> str:
        """A new response_url."""
        name = f"r{next(self._ids)}"
        self._replies[name] = ReplyAddress(channel, user, message, self.now() + RESPONSE_SECONDS)
        return self.url.replace("/api/", f"/reply/{name}")

    # --- sockets --------------------------------------------------------------------------------------------------

    async def refresh_sockets(self) -> None:
        """Ask every connection to be made anew, as Slack does every few hours, and wait for the new one."""
        self._connected.clear()
        for socket in list(self._sockets):
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})
        await asyncio.wait_for(self._connected.wait(), 5)

    async def _through_socket(self, payload: Mapping[str, Any], retry: int) -> Acknowledged:
        await asyncio.wait_for(self._connected.wait(), 5)
        kind = "events_api" if "event" in payload else "slash_commands" if "command" in payload else "interactive"
        envelope = f"e{next(self._ids)}"
        waiting = self._acks[envelope] = asyncio.get_running_loop().create_future()
        message: dict[str, Any] = {"envelope_id": envelope, "type": kind, "payload": payload}
        message["accepts_response_payload"] = kind != "events_api"
        if retry:
            message |= {"retry_attempt": retry, "retry_reason": "timeout"}
        began = asyncio.get_running_loop().time()
        await self._sockets[-1].send_json(message)
        try:
            said = await asyncio.wait_for(waiting, self.patience)
        except TimeoutError:
            return Acknowledged(0, "", self.patience)
        return Acknowledged(200, said.get("payload", {}).get("text", ""), asyncio.get_running_loop().time() - began)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": self.app_id}})
        self._sockets.append(socket)
        self._connected.set()
        async for message in socket:
            said = json.loads(message.data)
            waiting = self._acks.get(said["envelope_id"])
            if waiting and not waiting.done():
                waiting.set_result(said)
        self._sockets.remove(socket)
        return socket

    # --- the Web API ----------------------------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        args = await _arguments(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or args.pop("token", "")
        args.pop("token", None)
        here = next((one for one in self.neighbours if one.token == token), self)
        return await here._called(name, args, token, request)

    async def _called(self, name: str, args: dict[str, Any], token: str, request: web.Request) -> web.StreamResponse:
        self.calls.append(Call(name, args))
        failure = self._failure(name)
        if early := await self._early(failure, request):
            return early
        try:
            if isinstance(failure, str):
                raise Refused(failure)
            self._permit(name, args, token)
            if wait := self._must_wait(name, args):
                return _throttled(wait)
            said = getattr(self, "_" + name.replace(".", "_"))(args)
        except Refused as refused:
            error, _, detail = str(refused).partition(": ")
            return web.json_response({"ok": False, "error": error, "response_metadata": {"messages": [detail]}})
        headers = {"x-oauth-scopes": ",".join(sorted(self.scopes))} if name == "auth.test" else {}
        return await self._late(failure, request) or web.json_response({"ok": True, **said}, headers=headers)

    def _failure(self, name: str) -> Failure | None:
        return self._failures[name].popleft() if self._failures[name] else None

    async def _early(self, failure: Failure | None, request: web.Request) -> web.StreamResponse | None:
        match failure:
            case Throttle(seconds):
                return _throttled(seconds)
            case Status(status):
                return web.Response(status=status, text="<html>oh no</html>", content_type="text/html")
            case Fault.HANG | Fault.CUT:
                return await self._break(request, hang=failure is Fault.HANG)
            case _:
                return None

    async def _late(self, failure: Failure | None, request: web.Request) -> web.StreamResponse | None:
        match failure:
            case Fault.TAKEN_THEN_500:
                return web.Response(status=500, text="<html>oh no</html>", content_type="text/html")
            case Fault.TAKEN_THEN_CUT | Fault.TAKEN_THEN_HANG:
                return await self._break(request, hang=failure is Fault.TAKEN_THEN_HANG)
            case _:
                return None

    async def _break(self, request: web.Request, *, hang: bool) -> web.Response:
        if hang:
            await self._over.wait()
        if request.transport:
            request.transport.abort()
        return web.Response()

    def _permit(self, name: str, args: Mapping[str, Any], token: str) -> None:
        if name not in METHODS:
            raise Refused("unknown_method")
        self._recognise(name, args, token)
        method = METHODS[name]
        if unknown := set(args) - {*method.allowed.split(), "team_id"}:
            raise Refused(f"invalid_arguments: {unknown}")
        if missing := [word for word in method.required.split() if args.get(word) in (None, "")]:
            raise Refused("no_text" if missing == ["text"] else f"invalid_arguments: {missing} missing")
        channel = self.channels.get(args.get("channel", ""))
        needed = {scope.format(kind=channel.kind if channel else "channels") for scope in method.scopes}
        if needed - {*self.scopes, "connections:write"}:
            raise Refused(f"missing_scope: {needed}")

    def _recognise(self, name: str, args: Mapping[str, Any], token: str) -> None:
        expected = self.app_token if name == "apps.connections.open" else self.token
        if token in self.revoked:
            raise Refused("token_revoked")
        if name == "oauth.v2.access" and args["code"] not in self.codes:
            raise Refused("invalid_code")
        if name != "oauth.v2.access" and token != expected:
            raise Refused("invalid_auth" if token else "not_authed")

    def _must_wait(self, name: str, args: Mapping[str, Any]) -> int:
        if not self.paced:
            return 0
        if name == "chat.postMessage":
            if self.now() - self._posted.get(args["channel"], 0) < 1:
                return 1
            self._posted[args["channel"]] = self.now()
            return 0
        seen, limit = self._seen[name], METHODS[name].per_minute
        while seen and seen[0] <= self.now() - 60:
            seen.popleft()
        if limit and len(seen) >= limit:
            return max(1, int(seen[0] + 60 - self.now()))
        seen.append(self.now())
        return 0

    def _oauth_v2_access(self, args: Mapping[str, Any]) -> dict[str, Any]:
        there = self.codes.pop(args["code"])
        return {
            "access_token": there.token,
            "token_type": "bot",
            "scope": ",".join(sorted(there.scopes)),
            "bot_user_id": there.bot_user,
            "app_id": there.app_id,
            "team": {"id": there.team, "name": f"Fake {there.team}"},
            "enterprise": None,
            "authed_user": {"id": "U1"},
        }

    def _auth_revoke(self, _args: Mapping[str, Any]) -> dict[str, Any]:
        self.revoked.add(self.token)
        return {"revoked": True}

    def _auth_test(self, _args: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "url": "http://fake/",
            "team": "Fake",
            "user": "pitcrew",
            "team_id": self.team,
            "user_id": self.bot_user,
            "bot_id": self.bot,
        }

    def _chat_postMessage(self, args: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        channel = self._open_channel(args["channel"])
        self._content(args)
        if "thread_ts" in args and not any(one["ts"] == args["thread_ts"] for one in channel.messages):
            raise Refused("thread_not_found")
        message = {"type": "message", "channel": channel.id, "ts": self._ts(), "user": self.bot_user}
        message |= {"bot_id": self.bot, **{key: args[key] for key in _KEPT if key in args}}
        channel.messages.append(message)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def _chat_postEphemeral(self, args: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        channel = self._open_channel(args["channel"])
        self._content(args)
        if args["user"] not in channel.members:
            raise Refused("user_not_in_channel")
        return {"message_ts": self._whisper(channel.id, args["user"], args)}

    def _chat_update(self, args: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._open_channel(args["channel"])
        self._content(args)
        message = self._message(channel, args["ts"])
        if message.get("bot_id") != self.bot:
            raise Refused("cant_update_message")
        message |= {key: args[key] for key in ("text", "blocks", "metadata") if key in args}
        message["edited"] = {"ts": self._ts()}
        return {"channel": channel.id, "ts": args["ts"], "text": args["text"]}

    def _chat_unfurl(self, args: Mapping[str, Any]) -> dict[str, Any]:
        message = self._message(self._known_channel(args["channel"]), args["ts"])
        unfurls = json.loads(args["unfurls"]) if isinstance(args["unfurls"], str) else args["unfurls"]
        for url, shown in unfurls.items():
            if url not in message["text"]:
                raise Refused("cannot_unfurl_url")
            if wrong := problems(shown["blocks"], self._usable):
                raise Refused(f"invalid_blocks: {wrong}")
            message.setdefault("attachments", []).append({"from_url": url, "blocks": shown["blocks"]})
        return {}

    def _chat_delete(self, args: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._open_channel(args["channel"])
        message = self._message(channel, args["ts"])
        if message.get("bot_id") != self.bot:
            raise Refused("cant_delete_message")
        channel.messages.remove(message)
        return {"channel": channel.id, "ts": args["ts"]}

    def _conversations_open(self, args: Mapping[str, Any]) -> dict[str, Any]:
        if args["users"] not in self.users:
            raise Refused("user_not_found")
        return {"channel": {"id": self._dm(args["users"]).id}}

    def _conversations_info(self, args: Mapping[str, Any]) -> dict[str, Any]:
        return {"channel": _told(self._known_channel(args["channel"]))}

    def _conversations_list(self, args: Mapping[str, Any]) -> dict[str, Any]:
        kinds = args.get("types", "public_channel")
        found = [
            _told(one)
            for one in self.channels.values()
            if one.kind != "im"
            and ("private_channel" if one.private else "public_channel") in kinds
            and (not one.private or self.bot_user in one.members)
            and not (one.archived and _true(args.get("exclude_archived")))
        ]
        return _page(found, args, "channels")

    def _users_conversations(self, args: Mapping[str, Any]) -> dict[str, Any]:
        mine = {one.id for one in self.channels.values() if self.bot_user in one.members}
        everything = self._conversations_list({**args, "limit": 1000, "cursor": ""})["channels"]
        return _page([one for one in everything if one["id"] in mine], args, "channels")

    def _conversations_history(self, args: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._known_channel(args["channel"])
        tops = [one for one in channel.messages if one.get("thread_ts", one["ts"]) == one["ts"]]
        return self._told(reversed(_between(tops, args)), args)

    def _conversations_replies(self, args: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._known_channel(args["channel"])
        self._message(channel, args["ts"])
        thread = [one for one in channel.messages if args["ts"] in {one["ts"], one.get("thread_ts")}]
        return self._told(iter(_between(thread, args)), args)

    def _usergroups_users_list(self, args: Mapping[str, Any]) -> dict[str, Any]:
        if args["usergroup"] not in self.groups:
            raise Refused("no_such_subteam")
        return {"users": sorted(self.groups[args["usergroup"]])}

    def _users_info(self, args: Mapping[str, Any]) -> dict[str, Any]:
        if args["user"] not in self.users:
            raise Refused("user_not_found")
        user = self.users[args["user"]]
        profile = {"display_name": "", "real_name": user["real_name"]}
        if "users:read.email" in self.scopes and "email" in user:
            profile["email"] = user["email"]
        hidden = {"email"} | (set() if _true(args.get("include_locale")) else {"locale"})
        return {"user": {**{key: said for key, said in user.items() if key not in hidden}, "profile": profile}}

    def _users_lookupByEmail(self, args: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        found = [user for user in self.users.values() if user.get("email") == args["email"]]
        if not found:
            raise Refused("users_not_found")
        return {"user": found[0]}

    def _apps_connections_open(self, _args: Mapping[str, Any]) -> dict[str, Any]:
        return {"url": self.url.replace("http://", "ws://").replace("/api/", "/socket")}

    # --- files ----------------------------------------------------------------------------------------------------

    def _files_getUploadURLExternal(self, args: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        file = File(f"F{next(self._ids):08d}", args["filename"], int(args["length"]), args.get("alt_txt", ""))
        self.files[file.id] = file
        return {"file_id": file.id, "upload_url": self.url.replace("/api/", f"/upload/{file.id}")}

    async def _uploaded(self, request: web.Request) -> web.StreamResponse:
        failure = self._failure("upload")
        if early := await self._early(failure, request):
            return early
        name = request.match_info["file"]
        file = next(one.files[name] for one in (self, *self.neighbours) if name in one.files)
        file.content = await request.read()
        if len(file.content) != file.length:
            return web.Response(status=400, text="length")
        return await self._late(failure, request) or web.Response(text=f"OK - {file.length}")

    def _files_completeUploadExternal(self, args: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        done = []
        for one in json.loads(args["files"]):
            file = self.files.get(one["id"])
            if not file or not file.content:
                raise Refused("file_not_found")
            file.completed, file.busy = True, self.busy_looks
            done.append({"id": file.id, "title": one.get("title")})
            if channel := args.get("channel_id"):
                self._handed_over(channel, file, args.get("thread_ts", ""))
        return {"files": done}

    def _handed_over(self, channel: str, file: File, thread: str) -> None:
        shared = {"files": [{"id": file.id, "name": file.name}], **({"thread_ts": thread} if thread else {})}
        found = self._open_channel(channel)
        found.messages.append(
            {"type": "message", "ts": self._ts(), "channel": found.id, "user": self.bot_user, "text": "", **shared}
        )

    def _views_open(self, args: Mapping[str, Any]) -> dict[str, Any]:
        view = json.loads(args["view"]) if isinstance(args["view"], str) else args["view"]
        if wrong := view_problems(view):
            raise Refused(f"invalid_arguments: {wrong}")
        self.views.append({**view, "id": f"V{next(self._ids)}", "hash": f"{next(self._ids)}.h"})
        return {"view": self.views[-1]}

    def _views_update(self, args: Mapping[str, Any]) -> dict[str, Any]:
        view = json.loads(args["view"]) if isinstance(args["view"], str) else args["view"]
        if wrong := view_problems(view, self._usable):
            raise Refused(f"invalid_arguments: {wrong}")
        found = [one for one in self.views if one["id"] == args["view_id"]]
        if not found or args["view_id"] in self.closed:
            raise Refused("not_found")
        found[0].update(view)
        found[0]["hash"] = f"{next(self._ids)}.h"
        return {"view": found[0]}

    def _views_publish(self, args: Mapping[str, Any]) -> dict[str, Any]:
        view = json.loads(args["view"]) if isinstance(args["view"], str) else args["view"]
        if wrong := view_problems(view, self._usable):
            raise Refused(f"invalid_arguments: {wrong}")
        if args["user_id"] not in self.users:
            raise Refused("user_not_found")
        self.homes[args["user_id"]] = {**view, "id": f"VHOME{args['user_id']}", "hash": f"{next(self._ids)}.h"}
        return {"view": self.homes[args["user_id"]]}

    def _files_info(self, args: Mapping[str, Any]) -> dict[str, Any]:
        file = self.files.get(args["file"])
        if not file or not file.completed:
            raise Refused("file_not_found")
        mimetype = "image/png" if file.content.startswith(PNG) else "application/octet-stream"
        return {"file": {"id": file.id, "mimetype": mimetype if self._usable(file.id) else ""}}

    def _usable(self, name: str) -> bool:
        file = self.files.get(name)
        if not file or not file.completed or not file.content.startswith(PNG):
            return False
        file.busy -= 1
        return file.busy < 0

    # --- response URLs --------------------------------------------------------------------------------------------

    async def _replied(self, request: web.Request) -> web.StreamResponse:
        args = await request.json()
        self.calls.append(Call("response_url", args))
        failure = self._failure("response_url")
        if early := await self._early(failure, request):
            return early
        name = request.match_info["name"]
        here = next((one for one in self.neighbours if name in one._replies), None)
        if here is not None:
            return await here._replied(request)
        address = self._replies.get(name)
        if not address or address.uses >= RESPONSE_USES or self.now() > address.until:
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        try:
            if isinstance(failure, str):
                raise Refused(failure)
            if unknown := set(args) - {"text", "blocks", "response_type", "replace_original", "delete_original"}:
                raise Refused(f"invalid_arguments: {unknown}")
            self._content(args)
        except Refused as refused:
            return web.json_response({"ok": False, "error": str(refused).partition(": ")[0]})
        address.uses += 1
        self._answer(address, args)
        return await self._late(failure, request) or web.Response(text="ok")

    def _answer(self, address: ReplyAddress, args: Mapping[str, Any]) -> None:
        shown = {key: args[key] for key in ("text", "blocks") if key in args}
        originals = [one for one in self.ephemerals if one["ts"] == address.message]
        originals += [one for one in self.channels[address.channel].messages if one["ts"] == address.message]
        if args.get("replace_original") and originals:
            originals[0].pop("blocks", None)
            originals[0].update(shown)
        elif args.get("response_type") == "in_channel":
            message = {"type": "message", "channel": address.channel, "ts": self._ts(), "bot_id": self.bot}
            self.channels[address.channel].messages.append({**message, **shown})
        else:
            self._whisper(address.channel, address.user, shown)

    # --- small things ---------------------------------------------------------------------------------------------

    def _content(self, args: Mapping[str, Any]) -> None:
        if not str(args.get("text", "")).strip():
            raise Refused("no_text")
        if len(args["text"]) > 4000:
            raise Refused("msg_too_long")
        if letters(args.get("blocks", [])) > MAX_LETTERS:
            raise Refused("msg_blocks_too_long")
        if found := problems(args.get("blocks", []), self._usable):
            raise Refused(f"invalid_blocks: {found}")
        metadata = args.get("metadata")
        if metadata is not None and set(metadata) != {"event_type", "event_payload"}:
            raise Refused("invalid_metadata_format")

    def _known_channel(self, name: str) -> Channel:
        channel = self.channels.get(name)
        if channel is None or (channel.kind != "channels" and self.bot_user not in channel.members):
            raise Refused("channel_not_found")
        if self.bot_user not in channel.members:
            raise Refused("not_in_channel")
        return channel

    def _open_channel(self, name: str) -> Channel:
        channel = self._known_channel(name)
        if channel.archived:
            raise Refused("is_archived")
        return channel

    def _message(self, channel: Channel, ts: str) -> dict[str, Any]:
        for message in channel.messages:
            if message["ts"] == ts:
                return message
        raise Refused("message_not_found")

    def _dm(self, user: str) -> Channel:
        name = f"D{user}"
        return self.channels.get(name) or self.channel(name, name, user, private=True)

    def _say(self, channel: str, user: str, text: str, thread: str) -> dict[str, Any]:
        said = {"type": "message", "channel": channel, "user": user, "text": text, "ts": self._ts()}
        said |= {"thread_ts": thread} if thread else {}
        self.channels[channel].messages.append(dict(said))
        return {**said, "team": self.team, "event_ts": said["ts"]}

    def _whisper(self, channel: str, user: str, shown: Mapping[str, Any]) -> str:
        message = {key: shown[key] for key in ("text", "blocks", "thread_ts") if key in shown}
        ts = self._ts()
        self.ephemerals.append({**message, "channel": channel, "user": user, "ts": ts, "is_ephemeral": True})
        return ts

    def _told(self, messages: Any, args: Mapping[str, Any]) -> dict[str, Any]:
        keep = _true(args.get("include_all_metadata"))
        found = [one if keep else {key: one[key] for key in one if key != "metadata"} for one in messages]
        return _page(found, args, "messages")

    def _ts(self) -> str:
        return f"{int(self.now())}.{next(self._ids):06d}"


_KEPT = ("text", "blocks", "metadata", "thread_ts", "mrkdwn", "unfurl_links", "unfurl_media", "link_names", "parse")


async def _arguments(request: web.Request) -> dict[str, Any]:
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        args |= json.loads(await request.text() or "{}")
    elif request.method == "POST":
        args |= {key: str(value) for key, value in (await request.post()).items()}
    return args


def _filled(element: Mapping[str, Any], value: str | None) -> dict[str, Any]:
    """The state of one input of a modal, as Slack tells it."""
    kind = element["type"]
    if kind == "static_select":
        options = [one for one in element["options"] if one["value"] == value]
        return {"type": kind, "selected_option": options[0] if options else element.get("initial_option")}
    if kind == "datepicker":
        return {"type": kind, "selected_date": value or element.get("initial_date")}
    return {"type": kind, "value": value if value is not None else element.get("initial_value")}


def _throttled(seconds: int) -> web.Response:
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(seconds)})


def _told(channel: Channel) -> dict[str, Any]:
    told = {"id": channel.id, "name": channel.name, "is_archived": channel.archived, "is_private": channel.private}
    return told | {"is_ext_shared": channel.shared}


def _true(value: object) -> bool:
    return value in {True, "1", "true", "True"}


def _between(messages: Sequence[dict[str, Any]], args: Mapping[str, Any]) -> list[dict[str, Any]]:
    oldest = float(args.get("oldest", 0))
    latest = float(args.get("latest", "inf"))
    return [one for one in messages if oldest < float(one["ts"]) < latest]


def _page(found: Sequence[Any], args: Mapping[str, Any], name: str) -> dict[str, Any]:
    start, limit = int(args.get("cursor") or 0), int(args.get("limit") or 100)
    following = str(start + limit) if start + limit < len(found) else ""
    return {
        name: list(found[start : start + limit]),
        "has_more": bool(following),
        "response_metadata": {"next_cursor": following},
    }
