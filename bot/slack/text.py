"""Text that other people wrote, made harmless before Slack sees it.

Names and tags come from cloud accounts, where anybody may call a disk ``<!channel>``. Blocks show them as plain text or
rich-text elements, in which Slack parses nothing; ``bot.words.clean`` is all they need. Only a message's top-level
``text`` is mrkdwn, and everything in it goes through ``escaped``.
"""

from __future__ import annotations

import re

from bot.words import clean

GUARD = "\u200b"  # zero-width space: parts a mark from the word that it would format
MARKS = re.compile(r"(?<!\w)[*_~]|[*_~](?!\w)")  # inside a_word Slack formats nothing
EMOJI = re.compile(r":(?=[\w+'-]+:)")
ADDRESS = re.compile(r"(?<=\w)(://|\.(?=[^\W\d]))")  # https://…, and a bare evil.example, which Slack links too
QUOTE = re.compile(r"^(?=&gt;)", re.MULTILINE)


def escaped(text: str) -> str:
    """Text for mrkdwn that notifies nobody, links nowhere and formats nothing.

    Applied once, on cleaned or raw text alike.
    """
    safe = clean(text, lines=True).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = MARKS.sub(rf"{GUARD}\g<0>{GUARD}", safe).replace("`", "\u02cb")
    safe = EMOJI.sub(f":{GUARD}", safe)
    safe = ADDRESS.sub(rf"\g<1>{GUARD}", safe)
    return QUOTE.sub(GUARD, safe)


def survives(text: str) -> bool:
    """Whether ``escaped`` leaves a text such that what is copied from Slack is what was meant."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped(text) == plain
