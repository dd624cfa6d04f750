"""Slack's Socket Mode: we call Slack, so that no address of ours needs to be reachable from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from analysis.errors import BadConfig
from bot.slack.errors import code

PING_SECONDS = 10.0


@asynccontextmanager
async def listening(
    app: AsyncApp, app_token: str, *, ping_seconds: float = PING_SECONDS
) -> AsyncIterator[AsyncSocketModeHandler]:
    """Be connected as long as the context lasts; a broken connection is made anew by itself.

    Raises:
        BadConfig: Slack refuses ``app_token``; afterwards it would be tried for ever.
    """
    handler = AsyncSocketModeHandler(app, app_token, ping_interval=ping_seconds)
    try:
        handler.client.wss_uri = await _address(handler)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


async def _address(handler: AsyncSocketModeHandler) -> str:
    try:
        return await handler.client.issue_new_wss_url()
    except SlackApiError as error:
        raise BadConfig(
            f"Slack refuses SLACK_APP_TOKEN ({code(error)}): switch Socket Mode on and make a token "
            "with the scope connections:write"
        ) from error
