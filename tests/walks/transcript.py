"""What people saw in a walk, written down as they would read it; kept in ``docs/transcripts`` and compared with it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs" / "transcripts"
WRITE = "PITCREW_TRANSCRIPTS"
MINUTES = re.compile(r" at \d\d:\d\d UTC")  # of what was told when it happened: days are the same each time


class Transcript:
    """Headings, and under each what was said, edited or pressed; days are told, minutes are not."""

    def __init__(self, title: str, about: str) -> None:
        self.lines = [f"# {title}", "", about, ""]

    def at(self, moment: datetime, what: str) -> None:
        """A heading: when, and what happens."""
        self.lines += [f"## {moment:%A %-d %B}: {what}", ""]

    def tell(self, words: str) -> None:
        """A sentence between what was said."""
        self.lines += [words, ""]

    def show(self, where: str, message: Mapping[str, Any]) -> None:
        """A message as it stands now."""
        self.lines += [
            f"> **Pitcrew** in {where}",
            ">",
            *(f"> {line}" if line else ">" for line in _closed(read(message))),
            "",
        ]

    def is_kept(self, name: str) -> bool:
        """Whether the page says the same; with ``PITCREW_TRANSCRIPTS=write`` it is made to."""
        page = FOLDER / name
        text = "\n".join(self.lines).rstrip() + "\n"
        if os.environ.get(WRITE) == "write":
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, "utf-8")
        return page.exists() and page.read_text("utf-8") == text


def _closed(lines: Iterator[str]) -> list[str]:
    """Lines without the empty ones at their end."""
    told = list(lines)
    while told and not told[-1]:
        told.pop()
    return told


def read(message: Mapping[str, Any]) -> Iterator[str]:  # noqa: C901 (a kind of block each)
    """A message's blocks as lines of Markdown."""
    for block in message.get("blocks", ()):
        match block["type"]:
            case "header":
                yield f"**{block['text']['text']}**"
            case "rich_text" if any(part["type"] == "rich_text_preformatted" for part in block["elements"]):
                for part in block["elements"]:
                    text = "".join(_run(run) for run in part["elements"])
                    is_code = part["type"] == "rich_text_preformatted"
                    yield from ("```", *text.splitlines(), "```") if is_code else (text, "")
            case "rich_text":  # two spaces at its end keep a line apart from the next
                yield from (
                    "".join(_run(run) for part in block["elements"] for run in part["elements"])
                    .replace("\n", "  \n")
                    .splitlines()
                )
            case "image":
                yield f"*[picture: {block['alt_text']}]*"
            case "actions":
                yield " ".join(f"`[{one['text']['text']}]`" for one in block["elements"])
            case "context":
                yield f"<sub>{MINUTES.sub('', ' '.join(one['text'] for one in block['elements']))}</sub>"
            case "table":
                yield from _table(block)
            case _:
                yield str(block)
        yield ""


def _run(run: Mapping[str, Any]) -> str:
    if run["type"] == "date":
        return f"{datetime.fromtimestamp(run['timestamp'], UTC):%-d %b}"
    if run["type"] == "user":
        return f"@{run['user_id']}"
    text = str(run["text"])
    bare = text.strip()
    return text.replace(bare, f"**{bare}**") if run.get("style", {}).get("bold") and bare else text


def _table(block: Mapping[str, Any]) -> Iterator[str]:
    rows = [[_cell(cell) for cell in row] for row in block["rows"]]
    yield f"| {' | '.join(rows[0])} |"
    yield "|" + "---|" * len(rows[0])
    yield from (f"| {' | '.join(row)} |" for row in rows[1:])


def _cell(cell: Mapping[str, Any]) -> str:
    if "text" in cell:
        return str(cell["text"])
    return "".join(_run(run) for part in cell["elements"] for run in part["elements"])
