"""Where in a TOML file a key stands, so that whoever wrote it can find it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.sections.sources import KINDS_OF_PROVIDER

TABLE_LINE = re.compile(r"\s*\[(?P<many>\[?)\s*(?P<name>[^\]]+?)\s*\]")
KEY_LINE = re.compile(r"""\s*["']?(?P<name>[^"'=#]+?)["']?\s*=""")


def line_of(text: str, where: Sequence[str | int]) -> int:
    """The line on which a key of a TOML text stands: the deepest part of its path that is found.

    A path of one word that is no key stands where the word first does.
    """
    wanted = [str(part) for part in where if part not in KINDS_OF_PROVIDER]
    best, depth = 1, 0
    for number, path in _paths(text):
        if len(path) > depth and path == wanted[: len(path)]:
            best, depth = number, len(path)
    if not depth and wanted and wanted[0]:
        best = next((number for number, line in enumerate(text.splitlines(), 1) if wanted[0] in line), 1)
    return best


def _paths(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that opens a table or sets a key, with the path it has in the parsed file."""
    header: list[str] = []
    entries: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if table := TABLE_LINE.match(line):
            header = table["name"].replace('"', "").split(".")
            if table["many"]:
                header.append(str(entries[table["name"]]))
                entries[table["name"]] += 1
            yield number, header
        elif key := KEY_LINE.match(line):
            yield number, [*header, key["name"]]
