"""Answers: what a command says, before any chat platform has a word in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Literal, TypeAlias

from charts.picture import Picture

MARKUP = re.compile(r"\*\*(?P<bold>.+?)\*\*|`(?P<code>[^`\n]+)`", re.DOTALL)  # all that a `Text` has


class Tone(StrEnum):
    """How an answer should feel at a glance."""

    CALM = "calm"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"

    @property
    def symbol(self) -> str:
        """What stands before a title, since nobody is to be told by colour alone."""
        return SYMBOLS[self]


SYMBOLS = {Tone.CALM: "", Tone.GOOD: "✅ ", Tone.WARN: "⚠️ ", Tone.BAD: "🔴 "}


@dataclass(frozen=True, slots=True)
class Whom:
    """Somebody who is spoken to: a user like ``slack:U123``, and what they are called."""

    user: str
    name: str

    def on(self, platform: str) -> str:
        """Their id on a platform; empty where they are not on it."""
        mine, _, rest = self.user.partition(":")
        return rest.rpartition(":")[2] if mine == platform else ""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. ``**bold**`` and `` `code` `` are all the markup there is; foreign text goes through ``plain``.

    Whoever it is ``to`` is named before it, and told by their platform that they were.
    """

    text: str
    to: Whom | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """A few named values, side by side. Values are plain text."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of plain text under headings; a renderer may cut it short, and says so when it does.

    ``numbers`` names the columns (by index) that are figures, to be set flush right.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Plot:
    """A simple chart as figures, for platforms that draw by themselves: a line a name, each with a value a label.

    As ``bars`` each label has one of its own, whose parts are the lines' values; none of them is below 0.
    """

    title: str
    labels: Sequence[str]
    lines: Sequence[tuple[str, Sequence[float]]]
    unit: str = ""  # what the values are, like USD
    kind: Literal["line", "bars"] = "line"


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture in the flow of the answer; ``plot`` is the same as figures, where nothing would be lost."""

    picture: Picture
    plot: Plot | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """A command to copy, shown exactly as it is."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Button:
    """A command that is asked by a click: ``Button("Claim", "claim 3f9a1c")``.

    The answer to a ``window`` button comes in a window of the asker's own, where the platform has windows.
    """

    label: str
    ask: str
    tone: Tone = Tone.CALM
    window: bool = False


@dataclass(frozen=True, slots=True)
class Buttons:
    """A row of buttons."""

    buttons: Sequence[Button]


@dataclass(frozen=True, slots=True)
class Choices:
    """A question with its possible answers, each of which is an ask: a drop-down where the platform has one.

    ``chosen`` is the label of the option that stands.
    """

    label: str
    options: Sequence[Button]
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a form asks for. ``options`` make it a choice; ``kind`` is what may be typed otherwise."""

    name: str
    label: str
    kind: Literal["text", "paragraph", "date"] = "text"
    options: Sequence[str] = ()
    value: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A button that asks something first: a modal or a dialog, whose words complete the ask.

    What is filled in follows ``ask`` as options: ``snooze 3f9a1c`` with a field ``until`` asks
    ``snooze 3f9a1c until=2026-12-01``. A field that is left empty adds nothing.
    """

    label: str
    title: str
    ask: str
    fields: Sequence[Field]


@dataclass(frozen=True, slots=True)
class File:
    """A document to keep: a spreadsheet, a page. ``said`` is what it holds, in a sentence."""

    name: str
    media: str  # its media type, like text/csv
    content: bytes
    said: str

    @property
    def digest(self) -> str:
        """The content's own name; the same document is kept once."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Note:
    """Small print: sources, freshness, assumptions. Plain text."""

    text: str


Part: TypeAlias = Text | Facts | Table | Chart | Code | Buttons | Choices | Form | File | Note


@dataclass(frozen=True, slots=True)
class After:
    """A message of its own that follows an announcement: an ask that only reads, drawn when it is sent.

    ``to`` is a route (``slack:#search``) that it goes to instead; empty for wherever the announcement goes.
    """

    ask: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A titled sequence of parts, its figures as data, and how it wishes to be delivered.

    Entrances decide who sees it (a slash command answers its asker, a schedule its channel); ``private`` says that
    nobody but the asker may, wherever it was asked. ``shows`` names the findings and alerts that it displays: when one
    of them moves, the message is drawn anew. ``details`` follow it in its thread, each a message of its own.
    """

    title: str
    parts: Sequence[Part] = ()
    tone: Tone = Tone.CALM
    private: bool = False
    replaces: bool = False  # takes the place of the message that was clicked
    shared: bool = False  # asked to be seen by the whole channel
    news: bool = True  # worth interrupting people who did not ask
    shows: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)  # Decimal, date, datetime, Money and plain JSON inside
    details: tuple[Detail, ...] = ()
    redraw: str = ""  # the ask that draws it anew, where its own does something
    also: tuple[After, ...] = ()  # posted after it, where it is announced

    @property
    def pictures(self) -> list[Picture]:
        """The pictures it holds, in order."""
        return [part.picture for part in self.parts if isinstance(part, Chart)]

    @property
    def files(self) -> list[File]:
        """The documents it holds, in order."""
        return [part for part in self.parts if isinstance(part, File)]


@dataclass(frozen=True, slots=True)
class Detail:
    """What follows an answer in its thread: an answer to an ask of its own, by which it is drawn anew."""

    ask: str
    answer: Answer


def plain(text: str) -> str:
    """Foreign text (a tag, a name) made safe inside a ``Text``: its own ``*`` and `` ` `` mean nothing there."""
    return text.replace("**", "*\u200b*").replace("`", "\u02cb")
