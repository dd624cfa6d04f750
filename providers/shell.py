"""Command lines for people to paste: built word by word, or withheld."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from analysis.findings import Fix


class Unsafe(Exception):
    """A name that does not follow its service's grammar, so that nothing may be built with it."""


def line(*words: str) -> str:
    """One command, each word quoted for a POSIX shell."""
    return shlex.join(words)


def steps(*commands: str) -> str:
    r"""Commands of which each runs only if the one before it went well, one a line (``&& \``)."""
    return " && \\\n".join(commands)


def matching(pattern: re.Pattern[str], word: str) -> str:
    """The word, if all of it follows its service's grammar.

    Raises:
        Unsafe: it does not.
    """
    if not pattern.fullmatch(word):
        raise Unsafe(word)
    return word


def withheld(name: object) -> Fix:
    """No command at all, and why."""
    if not str(name):
        return Fix("", "", "No command is printed: what an undo would return to (size, zone or tier) is not known.")
    shown = repr(str(name)[:80]).replace("`", "'")
    return Fix("", "", f"No command is printed: the name {shown} is not safe to put in a command.")


def untouched(tags: Mapping[str, str], allowed: Mapping[str, str]) -> str:
    """Say which tags an undo cannot bring back, if any."""
    lost = len(tags) - len(allowed)
    return f" {lost} of its tags cannot be written in a command and must be set by hand after an undo." if lost else ""
