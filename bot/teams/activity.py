"""What an activity of Teams says: its words, the ask in it, who sent it, and what was clicked on."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from bot.ports import Conversation
from bot.teams import dialog
from bot.teams.post import THREAD, message_of

Json = Mapping[str, Any]
MENTION = re.compile(r"<at[^>]*>(.*?)</at>", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"</?(?:p|div|br|span)\b[^>]*>", re.IGNORECASE)
LONGEST_ID = 200


class MalformedError(Exception):
    """Sent by Teams, and yet not what its documentation promises."""


def typed(activity: Json) -> str:
    """The words of a message: without our own mention, without what an editor put around them."""
    text = str(activity.get("text") or "")
    ours = text_of(activity.get("recipient"), "id")
    for entity in activity.get("entities") or ():
        if isinstance(entity, Mapping) and entity.get("type") == "mention" and entity.get("text"):
            mine = text_of(entity.get("mentioned"), "id") == ours
            name = text_of(entity.get("mentioned"), "name")
            text = text.replace(str(entity["text"]), " " if mine else f" {name} ")
    text = TAG.sub(" ", text).strip()
    text = MENTION.sub(" ", text, count=1) if text.startswith("<at") else text
    words = html.unescape(MENTION.sub(r" \1 ", text)).replace("\u00a0", " ")
    return " ".join(words.split())


def carried(data: Json, verb: str) -> str:
    """The ask of a click.

    Raises:
        ValueError: it is no click on anything that we make now.
    """
    if "names" in data:
        return dialog.completed(data)
    if verb == "choose" or "choice" in data:
        chosen = data.get(str(data.get("choice")))
        if isinstance(chosen, str) and chosen:
            return chosen
    elif isinstance(data.get("ask"), str) and data["ask"]:
        return str(data["ask"])
    raise ValueError("no ask in it")


def message_clicked(activity: Json, where: Conversation) -> str:
    """The message that was clicked on, as we know it; empty if it is not said."""
    reply = activity.get("replyToId")
    if not isinstance(reply, str) or not reply:
        return ""
    return message_of(thread_of(activity, where), reply)[:LONGEST_ID]


def thread_of(activity: Json, where: Conversation) -> str:
    """The thread of a channel that an activity belongs to; a message that begins one is its own."""
    if where.kind != "channel":
        return ""
    _, _, root = word_of(activity, "conversation", "id").partition(THREAD)
    return root or str(activity.get("replyToId") or activity.get("id") or "")


def user_of(activity: Json) -> str:
    """Who sent it, by Entra's id of them; by Teams' own, where that is not told."""
    sender = activity.get("from")
    return text_of(sender, "aadObjectId") or text_of(sender, "id")


def timezone_of(activity: Json) -> str:
    """Where its sender's clock stands, as far as the client tells."""
    return _told(activity, "timezone") or text_of(activity, "localTimezone")


def locale_of(activity: Json) -> str:
    """How its sender writes figures, as far as the client tells."""
    return _told(activity, "locale") or text_of(activity, "locale")


def _told(activity: Json, name: str) -> str:
    """What a client says of itself."""
    entities = activity.get("entities") or ()
    told = [one for one in entities if isinstance(one, Mapping) and one.get("type") == "clientInfo"]
    return next((text_of(one, name) for one in told), "")


def part_of(body: Json, name: str) -> Json:
    """The object of that name; an empty one if there is none."""
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def text_of(thing: Any, name: str) -> str:  # noqa: ANN401 (whatever came)
    """The string of that name in an object; empty if there is none."""
    found = thing.get(name) if isinstance(thing, Mapping) else None
    return found if isinstance(found, str) else ""


def word_of(body: Json, *path: str) -> str:
    """The string at a path of an activity.

    Raises:
        MalformedError: there is none.
    """
    found: Any = body
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, str) or not found:
        raise MalformedError(f"{'.'.join(path)} is missing")
    return found
