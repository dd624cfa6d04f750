"""Text that other people wrote, made harmless before Slack sees it.

Names and tags come from cloud accounts, where anybody may call a disk ``<!channel>``. Blocks show them as plain text or
rich-text elements, in which Slack parses nothing; ``clean`` is all they need. Only a message's top-level ``text`` is
mrkdwn, and everything in it goes through ``escaped``.
"""

from __future__ import annotations

import re
import unicodedata

UNNAMED = "(unnamed)"
NOTHING = "–"
GUARD = "\u200b"  # zero-width space: parts a mark from the word that it would format
MARKS = re.compile(r"(?<!\w)[*_~]|[*_~](?!\w)")  # inside a_word Slack formats nothing
EMOJI = re.compile(r":(?=[\w+'-]+:)")
ADDRESS = re.compile(r"(?<=\w)(://|\.(?=[^\W\d]))")  # https://…, and a bare evil.example, which Slack links too
WORDY = 200  # from here on a limit leaves room to count what was cut off
TAIL = 40  # the longest way to say so
QUOTE = re.compile(r"^(?=&gt;)", re.MULTILINE)


def clean(text: str, *, lines: bool = False) -> str:
    """Drop what deceives the eye: control, bidirectional and zero-width characters, lone surrogates.

    Line ends become spaces unless ``lines`` keeps them.
    """
    kept = "".join(map(_visible, text.replace("\r\n", "\n")))
    return kept.strip() if lines else " ".join(kept.split())


def _visible(char: str) -> str:
    if char in "\n\t\r\v\f\x85\u2028\u2029":
        return " " if char == "\t" else "\n"
    category = unicodedata.category(char)
    if category == "Cs":
        return "\ufffd"
    return "" if category in {"Cc", "Cf"} else char


def escaped(text: str) -> str:
    """Text for mrkdwn that notifies nobody, links nowhere and formats nothing.

    Applied once, on cleaned or raw text alike.
    """
    safe = clean(text, lines=True).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = MARKS.sub(rf"{GUARD}\g<0>{GUARD}", safe).replace("`", "\u02cb")
    safe = EMOJI.sub(f":{GUARD}", safe)
    safe = ADDRESS.sub(rf"\g<1>{GUARD}", safe)
    return QUOTE.sub(GUARD, safe)


def is_whole(text: str) -> bool:
    """Whether it has no half characters (lone surrogates), which cannot be sent at all."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def survives(text: str) -> bool:
    """Whether ``escaped`` leaves a text such that what is copied from Slack is what was meant."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped(text) == plain


def size(text: str) -> int:
    """Its length as Slack may count it, in UTF-16 units: never less than in characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """At most ``limit`` long; what was cut off is counted if there is room to say so."""
    if size(text) <= limit:
        return text
    wordy = limit >= WORDY
    room = limit - (TAIL if wordy else 1)
    head = text.encode("utf-16-le", "surrogatepass")[: 2 * room].decode("utf-16-le", "ignore").rstrip()
    return f"{head} … and {size(text) - size(head):,} more characters" if wordy else f"{head}…"
