"""Answers on their way into Slack: posted, shown to one person, edited in place, and looked for when in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.ports import HOME, DeliveryError, Kind, Later, Parcel, Place, Profile, Unclear, Undeliverable
from bot.slack import modal, render
from bot.slack.channels import Channels
from bot.slack.errors import (
    CLOSED,
    CONTENT,
    GONE,
    NOT_FOR_EYES,
    OK,
    SERVER_ERROR,
    TOO_MANY,
    code,
    retry_after,
    translated,
)
from bot.slack.people import SlackPeople
from bot.slack.text import escaped
from bot.slack.uploads import Pause, Pictures, Uploads
from charts.picture import Picture
from commands.core.answer import Answer

log = structlog.get_logger(__name__)

WHO_SECONDS = 0.5  # for a name, of the three that Slack waits
OPEN_SECONDS = 2.0  # a trigger is good for three
HTTP_SECONDS = 10  # a sixth of the outbox's lease, so that a request is over before its lease is
EVENT_TYPE = "pitcrew_delivery"
BEFORE_FIRST_TRY = timedelta(seconds=60)  # Slack's clock and ours differ
PAGE = 100
AGAIN_SECONDS = (0.5, 1.0, 2.0)
WINDOW_TITLE = "Pitcrew"
SLACK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
QUIET: Mapping[str, Any] = {"unfurl_links": False, "unfurl_media": False, "link_names": False, "parse": "none"}


def trusted(url: str, api_url: str) -> bool:
    """Whether a reply address is Slack's own, or lies on the host that we talk to anyway."""
    try:
        there, api = urlsplit(url), urlsplit(api_url)
        ports = there.port, api.port
    except ValueError:
        return False
    if there.username is not None or there.password is not None:
        return False
    if (there.scheme, there.hostname) == (api.scheme, api.hostname) and ports[0] == ports[1]:
        return True
    return there.scheme == "https" and there.hostname in SLACK_HOSTS and there.port is None


@asynccontextmanager
async def connected(token: str, api_url: str, *, seconds: float = HTTP_SECONDS) -> AsyncIterator[AsyncWebClient]:
    """A client of Slack's Web API at ``api_url``, on one pool of connections.

    It never retries: the outbox does, and knows what may have arrived.
    """
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds)) as session:
        yield AsyncWebClient(token, base_url=api_url, timeout=int(seconds), session=session, retry_handlers=[])


@dataclass(slots=True)
class SlackPlatform:
    """Slack, as delivery sees it; it remembers the ids of channels."""

    client: AsyncWebClient
    uploads: Uploads
    pause: Pause = asyncio.sleep
    name: str = "slack"
    newer_blocks: bool = False  # until Slack has refused them once
    channels: Channels = field(init=False)
    pictures: Pictures = field(init=False)
    people: SlackPeople = field(init=False)
    _asked: dict[str, asyncio.Task[Profile]] = field(default_factory=dict)  # many asks of one person ask once

    def __post_init__(self) -> None:
        self.channels = Channels(self.client)
        self.pictures = Pictures(self.client, self.uploads, self.pause)
        self.people = SlackPeople(self.client)

    def render(self, answer: Answer, ask: str) -> tuple[Mapping[str, Any], Sequence[Picture]]:  # noqa: ARG002
        """The blocks of one message and its pictures. Slack needs the ask for nothing: buttons carry their own."""
        return render.render(answer, newer=self.newer_blocks), answer.pictures

    async def send(self, parcel: Parcel) -> str:
        """Deliver, and give back the message's ``ts`` ("" for what only one person sees).

        Raises:
            DeliveryError: one of its five kinds.
        """
        with translated(parcel.attempt):
            if parcel.kind is Kind.FILE:
                return await self._deliver(parcel, parcel.payload)
            files = await self.pictures.files(parcel)
            forms = list(_forms(parcel.payload, files))
            for payload, seconds in forms[:-1]:
                try:
                    return await self._deliver(parcel, payload)
                except SlackApiError as error:
                    if code(error) not in CONTENT:
                        raise
                    log.warning("slack refused content", parcel=parcel.id, error=code(error))
                    self.newer_blocks = self.newer_blocks and "older" not in parcel.payload
                await self.pause(seconds)
            return await self._deliver(parcel, forms[-1][0])

    async def find(self, parcel: Parcel) -> str | None:
        """The newest message that carries the parcel's id, or its document's name, if its channel has one.

        Only posts and documents leave such a trace. Where Slack does not let us look, there is nothing to be found.

        Raises:
            DeliveryError: it cannot be told now.
        """
        if not parcel.kind.may_repeat:
            return None
        first_try = parcel.first_try or datetime.fromtimestamp(0, UTC)
        try:
            with translated(attempt=0):
                async for message in self._history(parcel.place, first_try - BEFORE_FIRST_TRY):
                    if _delivery(message) == parcel.id or _holds(message, parcel):
                        return str(message["ts"])
        except Undeliverable as error:
            log.warning("slack history closed", parcel=parcel.id, error=str(error))
        return None

    async def withdraw(self, place: Place, message: str) -> None:
        """Take back one of our own messages; that it is gone already is as good.

        Raises:
            DeliveryError: one of its five kinds.
        """
        with translated(attempt=0):
            try:
                await self.client.chat_delete(channel=await self.channels.of(place), ts=message)
            except SlackApiError as error:
                if code(error) not in GONE:
                    raise

    async def whisper(self, place: Place, text: str) -> None:
        """Tell one person one line, now or never: for what goes wrong before there is anything to deliver."""
        try:
            async with asyncio.timeout(2):
                with translated(attempt=0):
                    await self._show(place, {"text": escaped(text)})
        except (DeliveryError, TimeoutError) as error:
            log.warning("slack whisper lost", error=str(error) or type(error).__name__)

    async def open(self, trigger: str, view: Mapping[str, Any]) -> str:
        """Show a modal to whoever has just clicked, and give back its id; "" where Slack did not open it in time."""
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                said = await self.client.views_open(trigger_id=trigger, view=dict(view))
            return str(said["view"]["id"])
        except SlackApiError as error:
            log.warning("slack modal not opened", error=code(error))
        except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("slack modal not opened", error=type(error).__name__)
        return ""

    async def person(self, user: str) -> Profile:
        """Who ``user`` is; nothing but the id where Slack does not tell in time, which leaves it for the next ask."""
        asked = self._asked.get(user)
        if asked is None or asked.done():
            asked = self._asked[user] = asyncio.create_task(self.people.profile(user))
        done, _ = await asyncio.wait({asked}, timeout=WHO_SECONDS)
        return asked.result() if done else Profile(user)

    async def _deliver(self, parcel: Parcel, payload: Mapping[str, Any]) -> str:
        match parcel.kind:
            case Kind.POST:
                return await self._post(parcel.place, payload, parcel.id)
            case Kind.EDIT:
                return await self._edit(parcel.place, payload)
            case Kind.PRIVATE:
                return await self._show(parcel.place, payload, delivery=parcel.id)
            case Kind.SWAP:
                return await self._show(parcel.place, payload, delivery=parcel.id, swap=True)
            case Kind.VIEW:
                return await self._fill(parcel.place, payload)
            case Kind.UNFURL:
                return await self._unfurl(parcel.place, payload)
            case Kind.FILE:
                return await self._hand_over(parcel.place, payload)

    async def _post(self, place: Place, payload: Mapping[str, Any], delivery: str) -> str:
        said = await self.client.chat_postMessage(
            channel=await self.channels.ours(place),
            thread_ts=place.thread or None,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"delivery_id": delivery}},
            mrkdwn=False,
            **QUIET,
            **payload,
        )
        return str(said["ts"])

    async def _hand_over(self, place: Place, payload: Mapping[str, Any]) -> str:
        """A document into a conversation or thread; there is no ``ts`` yet, since Slack shares it a little later."""
        document = await asyncio.to_thread(self.uploads.document, payload["document"])
        await self.client.files_upload_v2(
            filename=document.name,
            title=document.name,
            content=document.content,
            channel=await self.channels.ours(place),
            thread_ts=place.thread or None,
        )
        return ""

    async def _edit(self, place: Place, payload: Mapping[str, Any]) -> str:
        said = await self.client.chat_update(
            channel=await self.channels.ours(place),
            ts=place.message,
            link_names=False,
            parse="none",
            **{"blocks": [], **payload},
        )
        return str(said["ts"])

    async def _fill(self, place: Place, payload: Mapping[str, Any]) -> str:
        """Somebody's own page: Home, or a modal that may have been closed meanwhile, which nobody minds."""
        if place.view == HOME:
            blocks = render.page(payload, forms=True)
            await self.client.views_publish(user_id=place.user, view={"type": "home", "blocks": blocks})
            return HOME
        view = modal.window({"blocks": render.page(payload, forms=False)}, WINDOW_TITLE, place)
        try:
            await self.client.views_update(view_id=place.view, view=dict(view))
        except SlackApiError as error:
            if code(error) not in CLOSED:
                raise
        return ""

    async def _unfurl(self, place: Place, payload: Mapping[str, Any]) -> str:
        """What a link leads to, under the message that has it; its title is the picture's alternative text already."""
        blocks = payload.get("blocks", [])[1:] or render.page({"text": payload["text"]}, forms=False)
        await self.client.chat_unfurl(
            channel=await self.channels.of(place), ts=place.message, unfurls={place.url: {"blocks": blocks}}
        )
        return ""

    async def _show(self, place: Place, payload: Mapping[str, Any], *, delivery: str = "", swap: bool = False) -> str:
        """For one pair of eyes: where they asked if Slack still allows it, else in the channel, else in their DMs."""
        if trusted(place.url, self.client.base_url) and await self._reply(place.url, payload, swap=swap):
            return ""
        if place.conversation and not place.conversation.startswith("D"):
            try:
                await self.client.chat_postEphemeral(
                    channel=await self.channels.of(place),
                    user=place.user,
                    thread_ts=place.thread or None,
                    link_names=False,
                    parse="none",
                    **payload,
                )
            except SlackApiError as error:
                if code(error) not in NOT_FOR_EYES:
                    raise
            else:
                return ""
        alone = replace(place, thread="") if place.conversation.startswith("D") else _alone(place)
        return await self._post(alone, payload, delivery)

    async def _reply(self, url: str, payload: Mapping[str, Any], *, swap: bool) -> bool:
        """Answer through a response_url; ``False`` when it is used up (five times) or too old (half an hour).

        Raises:
            Later: Slack asks us to slow down.
            Unclear: Slack is unwell.
        """
        hook = AsyncWebhookClient(
            url, timeout=HTTP_SECONDS, session=self.client.session, proxy=self.client.proxy, retry_handlers=[]
        )
        said = await hook.send_dict({**payload, "response_type": "ephemeral", "replace_original": swap})
        if said.status_code == TOO_MANY:
            raise Later(retry_after(said.headers), "Slack asks us to slow down")
        if said.status_code >= SERVER_ERROR:
            raise Unclear(f"Slack's response_url answered {said.status_code}")
        if any(word in said.body for word in CONTENT):
            refusal = _Refusal(said.status_code, {"error": next(word for word in CONTENT if word in said.body)})
            raise SlackApiError(said.body, refusal)  # type: ignore[no-untyped-call]
        return said.status_code == OK

    async def _history(self, place: Place, since: datetime) -> AsyncIterator[Mapping[str, Any]]:
        """Messages of a conversation or thread since then, in Slack's order of each page, newest last page first."""
        channel, oldest = await self.channels.of(place), f"{max(0.0, since.timestamp()):.6f}"
        if place.thread:
            pages = await self.client.conversations_replies(
                channel=channel, ts=place.thread, oldest=oldest, include_all_metadata=True, limit=PAGE
            )
        else:
            pages = await self.client.conversations_history(
                channel=channel, oldest=oldest, include_all_metadata=True, limit=PAGE
            )
        found = [message async for page in pages for message in page["messages"]]
        for message in sorted(found, key=lambda one: str(one["ts"]), reverse=True):
            yield message


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A response_url's refusal, in the shape of the Web API's."""

    status_code: int
    data: dict[str, str]


def _alone(place: Place) -> Place:
    return Place(place.platform, place.tenant, user=place.user)


def _forms(payload: Mapping[str, Any], files: Mapping[str, str]) -> Iterator[tuple[Mapping[str, Any], float]]:
    """What is tried in turn when Slack refuses the content, and how long to wait before the next.

    With Slack's newer blocks, if there are any; with pictures and again (a file may need a moment until it can be
    shown); without pictures; as plain text.
    """
    newest = {name: value for name, value in payload.items() if name != "older"}
    if "older" in payload:
        yield render.with_files(newest, files), 0.0
    payload = {**newest, "blocks": payload.get("older", payload.get("blocks", []))}
    whole = render.with_files(payload, files)
    if files:
        yield from ((whole, seconds) for seconds in AGAIN_SECONDS)
    if payload.get("blocks"):
        yield render.with_files(payload, {}), 0.0
    yield {"text": payload["text"]}, 0.0


def _holds(message: Mapping[str, Any], parcel: Parcel) -> bool:
    """Whether a message brought a parcel's document."""
    if parcel.kind is not Kind.FILE:
        return False
    return any(file.get("name") == parcel.payload["name"] for file in message.get("files", ()))


def _delivery(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    found = metadata.get("event_payload", {}).get("delivery_id")
    return str(found) if found is not None else None
