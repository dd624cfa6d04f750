"""Slack's side of the door: what is typed, mentioned or clicked becomes an ask, is saved, and only then acknowledged.

Nothing is worked on here. Bolt's ``process_before_response`` keeps it so: it acknowledges events by itself, and only
with that setting after the listener has come back.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from analysis.errors import BadConfig, NotSaved
from bot.clock import Clock
from bot.ports import HOME, OUTSIDER, Ask, Place
from bot.slack import modal
from bot.slack.errors import code
from bot.slack.http import STRANGER
from bot.slack.links import Charts
from bot.slack.post import SlackPlatform
from commands.core.answer import Field, Form
from commands.core.registry import TYPED, quoted

log = structlog.get_logger(__name__)

Body: TypeAlias = Mapping[str, Any]
Intake: TypeAlias = Callable[[Ask], Awaitable[bool]]

COMMAND = "/finops"
NOT_SAVED = "That was not saved, so nothing has happened. Please try again."
BROKEN = "Something broke on our side, and nothing has happened. Please try again, or tell whoever runs Pitcrew."
OUT_OF_DATE = f"That button is out of date. Type {COMMAND} help to see what can be asked."
UNKNOWN = f"Pitcrew listens to {COMMAND}. Type {COMMAND} help to see what can be asked."
LAST_RETRY = "3"  # Slack hands an event over four times: at once, again, after one and after five minutes

EXPLAIN, ASK = "explain", "ask"  # the shortcuts of the manifest
LONGEST_QUOTED = 1_200  # letters of a message that is asked about
QUESTION = Form(
    "Ask", "Explain a cost", EXPLAIN, (Field("text", "What is it about? Name services, accounts, teams.", "paragraph"),)
)

ANYTHING = re.compile("")
OUR_BUTTON = re.compile(r"^ask:\d+$")
OUR_WINDOW = re.compile(rf"^{modal.WINDOW}:\d+$")
OUR_FORM = re.compile(rf"^{modal.FORM}:\d+$")
LINK = re.compile(r"<(?:(?:https?|mailto|tel):[^|>]*\|([^>]+)|((?:https?|mailto|tel):[^>]+)|#\w+\|([^>]+))>")


class MalformedError(Exception):
    """Signed by Slack, and yet not what Slack's documentation promises."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the token is at home, as ``auth.test`` tells it."""

    team: str
    name: str
    bot_user: str
    bot: str


async def recognise(client: AsyncWebClient) -> Workspace:
    """Ask Slack once whose token this is.

    Raises:
        BadConfig: nobody's, or not a bot's.
    """
    try:
        said = await client.auth_test()
    except SlackApiError as error:
        raise BadConfig(
            f"Slack refuses SLACK_BOT_TOKEN ({code(error)}): install the app and copy its bot token"
        ) from error
    if not said.get("bot_id"):
        raise BadConfig("SLACK_BOT_TOKEN is a person's token: copy the bot token (xoxb-…) instead")
    return Workspace(str(said["team_id"]), str(said["team"]), str(said["user_id"]), str(said["bot_id"]))


def build(  # noqa: PLR0913 (what listening stands on)
    workspace: Workspace,
    platform: SlackPlatform,
    intake: Intake,
    clock: Clock,
    *,
    app_id: str = "",
    charts: Charts | None = None,
    home: str = "",
) -> AsyncApp:
    """The Bolt app with all its listeners, for HTTP (``bot.slack.http``) and Socket Mode (``bot.slack.socket``) alike.

    Requests are verified before they come here. ``app_id``, if given, is the only app they may be for; ``charts``
    shows the charts that people link to. Of several
    workspaces ``home`` is the one whose people are known by their ids alone.
    """
    client = platform.client
    listeners = Listeners(workspace, platform, intake, clock, app_id, charts, home)
    app = AsyncApp(
        name="pitcrew",
        logger=_bolts_log(),
        before_authorize=listeners.guard,
        # without its token: Bolt is told whose it is below, and need not ask Slack again
        client=AsyncWebClient(base_url=client.base_url, timeout=client.timeout, session=client.session),
        authorize=_authority(workspace, client.token or ""),
        process_before_response=True,
        request_verification_enabled=False,
    )
    listeners.attach(app)
    return app


def _bolts_log() -> logging.Logger:
    """Bolt's errors are ours to see; its warnings are about how an app is written, and this one is meant so."""
    logger = logging.getLogger("bot.slack.bolt")
    logger.setLevel(logging.ERROR)
    return logger


def _authority(workspace: Workspace, token: str) -> Callable[..., Awaitable[AuthorizeResult]]:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=workspace.team,
            bot_id=workspace.bot,
            bot_user_id=workspace.bot_user,
            bot_token=token,
        )

    return authorize


@dataclass(frozen=True, slots=True)
class Listeners:
    """What Pitcrew does with each kind of request."""

    workspace: Workspace
    platform: SlackPlatform
    intake: Intake
    clock: Clock
    app_id: str
    charts: Charts | None = None
    home: str = ""

    def attach(self, app: AsyncApp) -> None:
        """Register everything; what nobody wants is answered too, since Slack shows people an error otherwise."""
        app.command(COMMAND)(self.typed)
        app.command(ANYTHING)(self.unknown_command)
        app.event("app_mention")(self.mentioned)
        app.event("message")(self.written)
        app.event("app_home_opened")(self.came_home)
        app.event("link_shared")(self.linked)
        app.event(ANYTHING)(self.ignored)
        app.action(OUR_BUTTON)(self.clicked)
        app.action(OUR_FORM)(self.opened)
        app.action(OUR_WINDOW)(self.looked_into)
        app.view(modal.VIEW)(self.filled_in)
        app.message_shortcut(EXPLAIN)(self.pointed_at)
        app.global_shortcut(ASK)(self.reached_for)
        app.shortcut(ANYTHING)(self.unknown_shortcut)
        app.action(ANYTHING)(self.unknown_button)
        app.error(self.broke)

    async def guard(self, body: Body, next: Callable[[], Awaitable[None]]) -> BoltResponse | None:  # noqa: A002
        """Let in only what is for this app, from this workspace, by one of its members."""
        event, user = _part(body, "event"), body.get("user")
        ours = self.workspace.team
        teams = {
            body.get("team_id", ours) if "team" not in body else _word(body, "team", "id"),
            event.get("user_team", ours),
            user.get("team_id", ours) if isinstance(user, Mapping) else ours,
        }
        at_home = teams == {ours} and self.app_id in {"", body.get("api_app_id")}
        if at_home or body.get("type") == "url_verification":
            await next()
            return None
        log.warning("slack stranger refused", teams=sorted(map(str, teams)), app=body.get("api_app_id"))
        return BoltResponse(status=200, body=STRANGER if "command" in body else "")

    async def typed(self, ack: AsyncAck, body: Body) -> None:
        """A slash command: answered for its asker alone."""
        place = self._place(
            conversation=_word(body, "channel_id"), url=body.get("response_url", ""), user=_word(body, "user_id")
        )
        key = f"slack:cmd:{self.workspace.team}:{_word(body, 'trigger_id')}"
        try:
            await self.intake(await self._ask(key, place, body.get("user_name", ""), body.get("text", "")))
        except NotSaved:
            await ack(NOT_SAVED)
        else:
            await ack()

    async def mentioned(self, body: Body, event: Body, request: AsyncBoltRequest) -> BoltResponse | None:
        """``@Pitcrew …`` in a channel: answered for all, in a thread."""
        if _by_machine(event):
            return None
        thread = event.get("thread_ts") or _word(event, "ts")
        return await self._heard(body, event, request, thread)

    async def written(self, body: Body, event: Body, request: AsyncBoltRequest) -> BoltResponse | None:
        """A direct message; other conversations are none of our business."""
        if event.get("channel_type") != "im" or _by_machine(event):
            return None
        return await self._heard(body, event, request, event.get("thread_ts", ""))

    async def came_home(self, body: Body, event: Body) -> BoltResponse | None:
        """Somebody looks at their Home: it is drawn for them."""
        if event.get("tab") != HOME:
            return None
        user = _word(event, "user")
        place = self._place(user=user, view=HOME)
        key = f"slack:event:{_word(body, 'api_app_id')}:{_word(body, 'event_id')}"
        try:
            await self.intake(await self._ask(key, place, "", HOME, clicked=True))
        except NotSaved:
            return BoltResponse(status=503)  # Slack hands it over again
        return None

    async def _heard(self, body: Body, event: Body, request: AsyncBoltRequest, thread: str) -> BoltResponse | None:
        user = _word(event, "user")
        place = self._place(conversation=_word(event, "channel"), thread=thread, user=user)
        key = f"slack:event:{_word(body, 'api_app_id')}:{_word(body, 'event_id')}"
        words = _word(event, "text").replace(f"<@{self.workspace.bot_user}>", " ")
        try:
            await self.intake(await self._ask(key, place, "", words, loud=True))
        except NotSaved:
            if request.headers.get("x-slack-retry-num") == [LAST_RETRY]:
                await self.platform.whisper(place, NOT_SAVED)
            return BoltResponse(status=503)  # Slack hands it over again
        return None

    async def clicked(self, ack: AsyncAck, body: Body, action: Body) -> None:
        """One of our buttons, or an option of a drop-down: the ask it carries, as if it had been typed."""
        place = self._clicked_place(body)
        user = _part(body, "user")
        name = user.get("name") or user.get("username", "")
        seen = place.view or _word(body, "container", "message_ts")
        name_of_click = (seen, _word(action, "action_id"), place.user, _word(action, "action_ts"))
        key = ":".join(("slack:act", self.workspace.team, place.conversation, *name_of_click))
        try:
            await self.intake(await self._ask(key, place, name, _carried(action), clicked=True))
        except NotSaved:
            await self.platform.whisper(place, NOT_SAVED)
        await ack()

    async def opened(self, ack: AsyncAck, body: Body, action: Body) -> None:
        """A form's button: shows the form, and asks nothing yet."""
        label = _word(action, "text", "text")
        await self.platform.open(
            _word(body, "trigger_id"), modal.view(_word(action, "value"), label, self._clicked_place(body))
        )
        await ack()

    async def looked_into(self, ack: AsyncAck, body: Body, action: Body) -> None:
        """A button whose answer comes in a window: it opens at once, and is filled when the answer is there."""
        place, label = self._clicked_place(body), _word(action, "text", "text")
        view = await self.platform.open(_word(body, "trigger_id"), modal.waiting(label, place))
        place = replace(place, view=view, message="", url="") if view else place
        user = _part(body, "user")
        key = f"slack:window:{self.workspace.team}:{view or _word(body, 'trigger_id')}"
        name = user.get("name") or user.get("username", "")
        try:
            await self.intake(await self._ask(key, place, name, _word(action, "value"), clicked=True))
        except NotSaved:
            await self.platform.whisper(place, NOT_SAVED)
        await ack()

    async def filled_in(self, ack: AsyncAck, body: Body, view: Body) -> None:
        """A form that was sent: the ask that it completes."""
        ask, opened_at = modal.submitted(view)
        user = _part(body, "user")
        place = replace(opened_at, tenant=self.workspace.team, user=_word(user, "id"))
        key = f"slack:view:{self.workspace.team}:{_word(view, 'id')}:{_word(view, 'hash')}"
        name = user.get("name") or user.get("username", "")
        try:
            await self.intake(await self._ask(key, place, name, ask, clicked=True))
        except NotSaved:
            first = next(iter(view["state"]["values"]), "")
            await ack(response_action="errors", errors={first: NOT_SAVED})
        else:
            await ack()

    async def pointed_at(self, ack: AsyncAck, body: Body) -> None:
        """Somebody wants a message explained: what it says is asked about, for their eyes only."""
        message = _part(body, "message")
        place = self._place(
            conversation=_word(body, "channel", "id"), url=body.get("response_url", ""), user=_word(body, "user", "id")
        )
        key = f"slack:shortcut:{self.workspace.team}:{_word(body, 'trigger_id')}"
        said = as_typed(_said(message)).translate(TYPED)[:LONGEST_QUOTED]
        try:
            await self.intake(
                await self._ask(key, place, body["user"].get("name", ""), quoted((EXPLAIN, said)), clicked=True)
            )
        except NotSaved:
            await self.platform.whisper(place, NOT_SAVED)
        await ack()

    async def reached_for(self, ack: AsyncAck, body: Body) -> None:
        """The shortcut that is always there: a form for a question, answered in direct messages."""
        place = self._place(user=_word(body, "user", "id"))
        await self.platform.open(_word(body, "trigger_id"), modal.view(modal.packed(QUESTION), "Ask", place))
        await ack()

    async def unknown_shortcut(self, ack: AsyncAck) -> None:
        """A shortcut that the manifest does not have, or no longer has."""
        await ack()

    async def linked(self, body: Body, event: Body) -> None:
        """Links to our charts in somebody's message: each is shown under it."""
        if self.charts is None or event.get("source") == "composer":
            return
        place = self._place(conversation=_word(event, "channel"), message=_word(event, "message_ts"))
        urls = dict.fromkeys(str(link.get("url", "")) for link in event.get("links", ()) if isinstance(link, Mapping))
        await self.charts.show(place, [as_typed(url) for url in urls], _word(body, "event_id"))

    async def unknown_command(self, ack: AsyncAck) -> None:
        """A command that the manifest does not have."""
        await ack(UNKNOWN)

    async def unknown_button(self, ack: AsyncAck, body: Body) -> None:
        """A button that no version of ours made, or no longer makes."""
        log.warning("slack button unknown")
        await self.platform.whisper(self._clicked_place(body), OUT_OF_DATE)
        await ack()

    async def ignored(self) -> None:
        """An event that nobody asked for."""

    async def broke(self, error: Exception, body: Body, request: AsyncBoltRequest) -> BoltResponse:
        """Nothing was saved: say so where Slack lets us, and have Slack hand over events again."""
        if isinstance(error, MalformedError):
            log.warning("slack request malformed", error=str(error), mode=request.mode)
            return BoltResponse(status=400)
        log.error("slack listener broke", exc_info=error)
        if "command" in body:
            return BoltResponse(status=200, body=BROKEN)
        if "actions" in body:
            await self.platform.whisper(self._clicked_place(body), BROKEN)
            return BoltResponse(status=200)
        return BoltResponse(status=503)

    def _place(self, **where: str) -> Place:
        return Place("slack", self.workspace.team, **where)

    def _clicked_place(self, body: Body) -> Place:
        """Where a click happened. Slack can edit a message by its ``ts``, but an ephemeral one only by its address."""
        seen = _part(body, "container")
        if seen.get("type") == "view":
            return self._viewed_place(body)
        return self._place(
            conversation=_word(body, "channel", "id"),
            thread=seen.get("thread_ts", ""),
            message="" if seen.get("is_ephemeral") else _word(seen, "message_ts"),
            url=body.get("response_url", ""),
            user=_word(body, "user", "id"),
        )

    def _viewed_place(self, body: Body) -> Place:
        """The page on which a click happened: Home, or a window that knows where it was opened."""
        view, user = _part(body, "view"), _word(body, "user", "id")
        if view.get("type") == HOME:
            return self._place(user=user, view=HOME)
        return replace(modal.opened_at(view), tenant=self.workspace.team, user=user, view=_word(view, "id"))

    async def _ask(
        self, key: str, place: Place, name: str, text: str, *, clicked: bool = False, loud: bool = False
    ) -> Ask:
        person = await self.platform.person(place.user)
        abroad = self.home not in {"", self.workspace.team}
        place = replace(place, person=f"slack:{self.workspace.team}:{place.user}" if abroad else "")
        alone = bool(place.view) or place.conversation.startswith("D") or not (loud or place.message)
        return Ask(
            key=key,
            place=place,
            user=f"{OUTSIDER if person.outsider else ''}{place.caller}",
            user_name=name or person.name,
            text=text if clicked else as_typed(text),
            received_at=self.clock(),
            clicked=clicked,
            loud=loud,
            locale=person.locale.replace("-", "_") if alone else "",
            timezone=person.timezone,
        )


def as_typed(text: str) -> str:
    """Undo what Slack does to people's words: links around addresses and channels, and three escapes."""
    text = LINK.sub(_label, text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _label(link: re.Match[str]) -> str:
    label, address, channel = link.groups()
    return label or (f"#{channel}" if channel else address)


def _carried(action: Body) -> str:
    """The ask of a button, or of the option that was chosen."""
    return _word(action, "selected_option", "value") if "selected_option" in action else _word(action, "value")


def _said(message: Body) -> str:
    """What a message says: its own text, and that of what is attached to it."""
    attached = [one for one in message.get("attachments", ()) if isinstance(one, Mapping)]
    texts = [message.get("text", ""), *(one.get("text") or one.get("fallback") or "" for one in attached)]
    return " ".join(str(text) for text in texts if text)


def _by_machine(event: Body) -> bool:
    """Whether nobody typed this just now: a bot's message, an edit, a notice that somebody joined."""
    return bool(event.get("bot_id") or event.get("subtype") or event.get("edited") or not event.get("user"))


def _part(body: Body, name: str) -> Body:
    """The object of that name in a payload; an empty one if there is none.

    Raises:
        MalformedError: it is something else.
    """
    found = body.get(name, {})
    if not isinstance(found, Mapping):
        raise MalformedError(f"{name} is not an object")
    return found


def _word(body: Body, *path: str) -> str:
    """The string at a path of a payload.

    Raises:
        MalformedError: there is none.
    """
    found: Any = body
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, str):
        raise MalformedError(f"{'.'.join(path)} is missing")
    return found
