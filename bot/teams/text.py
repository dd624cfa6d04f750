"""Text that other people wrote, made harmless before Teams sees it.

A ``TextRun`` is never parsed, and so needs ``clean`` alone. A ``TextBlock`` and a fact are markdown, in which a tag may
call itself ``[click](https://…)`` or ``<at>everyone</at>``: ``literal`` is for them.
"""

from __future__ import annotations

import re
from datetime import datetime

from bot.words import UNNAMED, clean, cut
from commands.core.moments import split

GUARD = "\u200b"  # zero-width space: parts what would be a macro
GAP = "\u200a"  # hair space: parts an address, where a zero-width space would count as one of its letters
MARKDOWN = re.compile(r"([\\*_\[\]()`#~>!|{}+-])")
ADDRESS = re.compile(r"(?<=\w)(://|\.(?=[^\W\d]))")


def literal(text: str) -> str:
    """Foreign text as itself in markdown: no mark, no mention, no link, no macro, no invisible tricks.

    Its moments are told in the reader's own time.
    """
    return (
        "".join(_macro(piece) if isinstance(piece, datetime) else _escaped(piece) for piece in split(clean(text)))
        or UNNAMED
    )


def run(text: str) -> str:
    """Clean text for a ``TextRun``, which knows no markdown, but knows dates."""
    return "".join(
        _macro(one) if isinstance(one, datetime) else one.replace("{{", f"{{{GUARD}{{") for one in split(text)
    )


def _escaped(text: str) -> str:
    guarded = ADDRESS.sub(rf"\g<1>{GAP}", text)
    return MARKDOWN.sub(r"\\\1", guarded.replace("&", "&amp;").replace("<", "&lt;"))


def _macro(at: datetime) -> str:
    when = f"{at:%Y-%m-%dT%H:%M:00Z}"
    return f"{{{{DATE({when}, SHORT)}}}} at {{{{TIME({when})}}}}"


def shortened(text: str, limit: int) -> str:
    """Clean, and at most ``limit`` long."""
    return cut(clean(text), limit)
