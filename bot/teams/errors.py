"""What Teams says when it does not deliver, sorted by what is to be done about it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from bot.ports import DeliveryError, Gone, Later, Paused, Unclear, Undeliverable
from bot.teams.wire import BrokenError, NotBegunError, NoTokenError, UntrustedError, WireError

NOT_TAKEN = frozenset({412, 429, 502, 503})  # documented to be tried again: nothing was said
PERHAPS_TAKEN = frozenset({408, 500, 504})
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_LARGE, BAD_REQUEST = 401, 403, 404, 413, 400
CONTENT = frozenset({BAD_REQUEST, TOO_LARGE})  # what may be said in plain words instead
LONGEST_SECONDS = 120.0
UNREACHABLE_SECONDS = 5.0
PATIENCE = 5  # an error that nobody knows is tried this often, then parked


class Shut(Undeliverable):
    """The conversation takes nothing from us: we were removed, blocked, or it is gone."""


@contextmanager
def translated(attempt: int) -> Iterator[None]:
    """Turn whatever Teams or the wire raises into one of the kinds of ``DeliveryError``."""
    try:
        yield
    except WireError as error:
        raise _refused(error, attempt) from error
    except UntrustedError as error:
        raise Undeliverable(str(error)) from error
    except NoTokenError as error:
        raise Paused(str(error)) from error
    except NotBegunError as error:
        raise Later(UNREACHABLE_SECONDS, f"Teams cannot be reached: {error}") from error
    except (TimeoutError, BrokenError) as error:
        raise Unclear(f"the connection to Teams broke: {error}".rstrip()) from error


def _refused(error: WireError, attempt: int) -> DeliveryError:
    if error.status in NOT_TAKEN:
        return Later(wait(error.retry_after, attempt), f"Teams asks us to wait ({error.status})")
    if error.status in PERHAPS_TAKEN:
        return Unclear(f"Teams answered {error.status}")
    if error.status == UNAUTHORIZED:
        return Paused("Teams refuses our token (401): is TEAMS_APP_PASSWORD, or the managed identity, still good?")
    if error.status == FORBIDDEN:
        return Shut(f"Pitcrew is not wanted there any more ({error.code or error.said or FORBIDDEN})")
    if error.status == NOT_FOUND:
        if "activity" in f"{error.code} {error.said}".lower() or "message" in error.said.lower():
            return Gone(f"that message is no longer there ({error.code or NOT_FOUND})")
        return Shut(f"the conversation is gone ({error.code or NOT_FOUND})")
    if error.status in CONTENT or attempt >= PATIENCE:
        return Undeliverable(f"Teams will not take it ({error.status} {error.code})")
    return Later(wait("", attempt), f"Teams answered {error}, which we do not know")


def wait(retry_after: str, attempt: int) -> float:
    """Seconds until the next try: as told, else doubled each time; with jitter, as Microsoft asks."""
    try:
        told = float(retry_after)
    except ValueError:
        told = 0.0
    seconds = max(1.0, told, 2.0 ** min(attempt, 6))
    return min(LONGEST_SECONDS, seconds) + random.random()  # noqa: S311 (jitter)
