"""Pictures on their way into Slack: uploaded once, remembered, and shown when Slack is ready for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import DeliveryError, Later, Parcel, Paused, Unclear
from bot.slack import render
from bot.slack.errors import translated
from bot.words import clean, cut
from charts.picture import Picture
from commands.core.answer import File

log = structlog.get_logger(__name__)

READY_SECONDS = (0.2, 0.4, 0.8, 1.6)  # Slack works on an upload before it can be shown: a second or two
LONGEST_ALT = 1_000  # of an upload; a block's may be longer

Pause = Callable[[float], Awaitable[None]]


class Uploads(Protocol):
    """What is known of pictures: the bytes, and the files that Slack made of them."""

    def find_upload(self, platform: str, tenant: str, digest: str) -> str | None:
        """The file id of an earlier upload."""

    def uploaded(self, platform: str, tenant: str, digest: str, file: str) -> None:
        """Remember an upload."""

    def picture(self, digest: str) -> Picture:
        """The picture of that digest."""

    def document(self, digest: str) -> File:
        """The document of that digest."""


@dataclass(slots=True)
class Pictures:
    """The pictures of one workspace."""

    client: AsyncWebClient
    uploads: Uploads
    pause: Pause

    async def files(self, parcel: Parcel) -> dict[str, str]:
        """Slack's file for each picture of a parcel; none for one that cannot be uploaded.

        Raises:
            Later: the upload failed for a while only, and this was the first try.
            Paused: the workspace refuses us.
        """
        files: dict[str, str] = {}
        for digest in render.pictures(parcel.payload):
            try:
                with translated(parcel.attempt):
                    files[digest] = await self._file(parcel.place.tenant, digest)
            except (Later, Paused):
                raise
            except Unclear as error:
                if parcel.attempt <= 1:
                    raise Later(2, f"the picture was not uploaded: {error}") from error
            except DeliveryError as error:
                log.warning("slack picture left out", parcel=parcel.id, error=str(error))
        return files

    async def _file(self, tenant: str, digest: str) -> str:
        if known := await asyncio.to_thread(self.uploads.find_upload, "slack", tenant, digest):
            return known
        picture = await asyncio.to_thread(self.uploads.picture, digest)
        said = await self.client.files_upload_v2(
            filename=f"{picture.name}.png",
            title=picture.name,
            content=picture.png,
            alt_txt=cut(clean(picture.alt), LONGEST_ALT),
        )
        file = str(said["files"][0]["id"])
        await self._ready(file)
        await asyncio.to_thread(self.uploads.uploaded, "slack", tenant, digest, file)
        return file

    async def _ready(self, file: str) -> None:
        """Wait until Slack has looked at an upload, a few seconds at most."""
        for seconds in READY_SECONDS:
            if (await self.client.files_info(file=file))["file"].get("mimetype"):
                return
            await self.pause(seconds)
