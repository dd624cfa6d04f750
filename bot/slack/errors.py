"""What Slack says when it does not deliver, sorted by what is to be done about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.ports import DeliveryError, Gone, Later, Paused, Unclear, Undeliverable

RATE_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
UNWELL = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
PAUSED = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
GONE = frozenset({"cant_update_message", "edit_window_closed", "message_not_found"})
UNDELIVERABLE = frozenset(
    {
        "cannot_dm_bot",
        "cannot_reply_to_message",
        "channel_is_archived",
        "channel_not_found",
        "ekm_access_denied",
        "invalid_arguments",
        "is_archived",
        "metadata_too_large",
        "missing_scope",
        "no_permission",
        "no_text",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "user_disabled",
        "user_not_found",
        "user_not_in_channel",
        "user_not_visible",
    }
)
CLOSED = frozenset({"not_found", "view_not_found", "expired_trigger_id"})  # a modal that is no longer there
CONTENT = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})
NOT_FOR_EYES = frozenset({"channel_not_found", "is_archived", "not_in_channel", "user_not_in_channel"})

PATIENCE = 5  # an error that nobody knows is tried this often, then parked
OK, TOO_MANY, SERVER_ERROR = 200, 429, 500
UNREACHABLE_SECONDS = 5.0
DEFAULT_RETRY_SECONDS = 30.0


def code(error: SlackApiError) -> str:
    """Slack's word for what is wrong; ``""`` if it had none."""
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


@contextmanager
def translated(attempt: int) -> Iterator[None]:
    """Turn whatever Slack, its library or the wire raises into one of the five kinds of ``DeliveryError``."""
    try:
        yield
    except SlackApiError as error:
        raise _refused(error, attempt) from error
    except aiohttp.ClientConnectorError as error:  # never connected, so nothing was sent
        raise Later(UNREACHABLE_SECONDS, f"Slack cannot be reached: {error}") from error
    except (TimeoutError, aiohttp.ClientError, SlackClientError) as error:
        raise Unclear(f"the connection to Slack broke: {type(error).__name__} {error}".rstrip()) from error


def _refused(error: SlackApiError, attempt: int) -> DeliveryError:
    said = code(error)
    status = int(getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0) or 0)
    if status == TOO_MANY or said in RATE_LIMITED:
        return Later(retry_after(getattr(error.response, "headers", {})), "Slack asks us to slow down")
    if status >= SERVER_ERROR or said in UNWELL or not said:
        return Unclear(f"Slack answered {said or status}")
    if said in PAUSED:
        return Paused(f"Slack refuses our token ({said}): install the app again and renew SLACK_BOT_TOKEN")
    if said in GONE:
        return Gone(f"Slack cannot edit that message ({said})")
    if said in UNDELIVERABLE | CONTENT or attempt >= PATIENCE:
        return Undeliverable(f"Slack will not take it ({said})")
    return Later(UNREACHABLE_SECONDS * 2**attempt, f"Slack answered {said}, which we do not know")


def retry_after(headers: object) -> float:
    """The seconds of a Retry-After header, at least one; half a minute if there is none that can be read."""
    found = headers.get("Retry-After") or headers.get("retry-after") if hasattr(headers, "get") else None
    try:
        return max(1.0, float(found or DEFAULT_RETRY_SECONDS))
    except ValueError:
        return DEFAULT_RETRY_SECONDS
