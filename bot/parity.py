"""What each platform does: every command, every part of an answer, every message that comes unasked. Full, or why not.

``FULL`` is a promise that tests keep: one set of walks runs on all of them (tests/walks/test_everywhere.py, and
test_announced.py for what comes unasked), and each part is drawn by each. What is not full says the platform's reason,
for whoever compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from commands.core.registry import discover
from commands.core.rhythms import Rhythm

FULL = "full"
PLATFORMS = ("Slack", "Teams", "the page")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing, and what each platform makes of it."""

    what: str
    slack: str = FULL
    teams: str = FULL
    page: str = FULL
    note: str = field(default="", compare=False)

    @property
    def cells(self) -> tuple[str, str, str]:
        """In the order of ``PLATFORMS``."""
        return self.slack, self.teams, self.page


TAB = "the answer to `home` in the personal chat: a tab of Teams is a web page with its own sign-in"
LINKED = "Slack: a file; Teams: a link for a day, since bots may send no file into a channel; the page: a link"
NO_SEARCH = "Slack has no search of an app's own beside a message"
MESSAGE = "the answer comes as a private message"

OTHERWISE: Mapping[str, Row] = {
    "home": Row("home", teams=TAB),
    "share": Row("share", teams="in channels, by mention: a personal chat has no channel behind it to share to"),
}

PARTS: Sequence[Row] = (
    Row("Text"),
    Row("Facts"),
    Row("Table", note="cut short with a word about what was left out"),
    Row(
        "Chart",
        note="Slack: a file, or its own with newer_blocks; Teams: its own bars and lines, a signed link to a picture"
        " where ranges or credits are to be seen; the page: served by it",
    ),
    Row("Code"),
    Row("Buttons"),
    Row("Choices"),
    Row("Form", note="Slack: a modal; Teams: a dialog, in the playground inside the card; the page: unfolds"),
    Row("File", note=LINKED),
    Row("Note"),
)
WAYS: Sequence[Row] = (
    Row("typed for oneself", note="Slack: /finops; Teams: the personal chat; the page: /finops"),
    Row("asked before all", note="a mention, answered in its thread"),
    Row("private answers", note="Slack: only you see it; Teams: your chat with Pitcrew; the page: only you see it"),
    Row("a click changes every message of a finding"),
    Row("the same click twice is one"),
    Row("long work tells how far it is, in place, and can be cancelled"),
    Row(
        "search beside a message",
        slack=NO_SEARCH,
        page="completion as one types",
    ),
    Row(
        "pasted links unfold",
        note="Slack: links to our charts; Teams: links into the portals, as the finding behind them",
        page="nothing is pasted there",
    ),
    Row(
        "a window of one's own",
        teams=MESSAGE,
        page=MESSAGE,
    ),
    Row(
        "a message that may have arrived",
        note="Slack: looked for in the channel's history",
        teams="bots may not read a channel: alerts are repeated, digests are held for a person",
        page="it is one process with its reader",
    ),
)
NOTICES: Sequence[Row] = (
    *(Row(f"a {rhythm.value} digest") for rhythm in Rhythm),
    Row("an alert: opened, grown, closed", note="one message that lives; what is new goes into its thread"),
    Row("new findings after an assessment"),
    Row("a finding's owner is reminded"),
    Row("a saving is verified"),
    Row("a welcome when the app is added", slack="Home is the welcome"),
)


def commands() -> Sequence[Row]:
    """Every command there is."""
    return [OTHERWISE.get(name, Row(name)) for name in discover()]


def tables() -> Sequence[tuple[str, Sequence[Row]]]:
    """All rows, under their headings."""
    named = [replace(row, what=f"`{row.what}`") for row in commands()]
    return (
        ("Commands", named),
        ("Parts of an answer", PARTS),
        ("Ways to ask and to be answered", WAYS),
        ("What comes unasked", NOTICES),
    )
