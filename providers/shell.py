"""Command lines for people to paste: built word by word, or withheld.

One text serves POSIX shells and PowerShell 7.3 or newer: a word is quoted unless both read it as it stands, and
``&&`` at a line's end goes on in both. Where a command needs more of a shell than that (a variable, an ``if``), the
safety note says that it is bash's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from analysis.findings import Action, Finding, Fix

PLAIN = re.compile(r"[A-Za-z0-9_./:+][A-Za-z0-9_./:=+-]*|--?[A-Za-z0-9][A-Za-z0-9-]*", re.ASCII)  # the same to both
REVIEW = "There is no command for it: look at it with whoever runs it, and decide."
BASH = re.compile(r"(?m)^\s*(?:\w+=\$\(|if |\{ |for )|; (?:then|do|fi|done)\b|\\$", re.ASCII)


class Unsafe(Exception):
    """A name that does not follow its service's grammar, so that nothing may be built with it."""


def line(*words: str) -> str:
    """One command, each word quoted so that POSIX shells and PowerShell read the same.

    Raises:
        Unsafe: a word holds a single quote, which they do not quote alike.
    """
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    if PLAIN.fullmatch(word):
        return word
    if "'" in word or "\0" in word:
        raise Unsafe(word)
    return f"'{word}'"


def steps(*commands: str) -> str:
    """Commands of which each runs only if the one before it went well, one a line."""
    return " &&\n".join(commands)


def fixed(fixes: Mapping[Action, Callable[[Finding], Fix]], finding: Finding, where: str) -> Fix:
    """The commands of one finding; withheld when a name in it does not follow its cloud's grammar.

    ``where`` has a bash (``AWS CloudShell``).
    """
    known = fixes.get(finding.remedy.action)
    if known is None:
        return Fix("", "", REVIEW)
    try:
        return _noted(known(finding), where)
    except Unsafe as unsafe:
        return withheld(unsafe)


def _noted(fix: Fix, where: str) -> Fix:
    """The same with a note where its commands are bash's alone."""
    if not BASH.search(fix.act) and not BASH.search(fix.undo):
        return fix
    return replace(fix, safety=f"{fix.safety} Written for bash: in PowerShell, use {where}.")


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
