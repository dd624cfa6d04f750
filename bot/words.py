"""Words that other people wrote, before any platform has its way with them: visible, whole, not too long."""

from __future__ import annotations

import unicodedata

UNNAMED = "(unnamed)"
NOTHING = "–"
WORDY = 200  # from here on a limit leaves room to count what was cut off
TAIL = 40  # the longest way to say so


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


def is_whole(text: str) -> bool:
    """Whether it has no half characters (lone surrogates), which cannot be sent at all."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def size(text: str) -> int:
    """Its length as chat platforms may count it, in UTF-16 units: never less than in characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """At most ``limit`` long; what was cut off is counted if there is room to say so."""
    if size(text) <= limit:
        return text
    wordy = limit >= WORDY
    room = limit - (TAIL if wordy else 1)
    head = text.encode("utf-16-le", "surrogatepass")[: 2 * room].decode("utf-16-le", "ignore").rstrip()
    return f"{head} … and {size(text) - size(head):,} more characters" if wordy else f"{head}…"
