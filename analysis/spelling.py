"""Spellings: what people meant by the key or the value of a tag, however they wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from unicodedata import category, normalize

ACCENTS = re.compile(r"[\u0300-\u036f]")  # combining marks of the European scripts; those of others are letters
BETWEEN = re.compile(r"[\s_-]+")
NOBODY = frozenset(
    {"", "none", "n/a", "na", "nil", "null", "nobody", "unknown", "undefined", "untagged", "unassigned", "tbd", "todo"}
)  # what people write where they must write something


@lru_cache(maxsize=65_536)
def meant(written: str) -> str:
    """One form for all spellings of a value: small letters, no accents, ``-`` for blanks, ``-`` and ``_``; no ends.

    ``"Search Engine "``, ``search_engine`` and ``SEARCH-ENGINE`` are the same. What is meant by it is itself.
    """
    while (simpler := _simpler(written)) != written:
        written = simpler
    return written


def _simpler(written: str) -> str:
    """One round: folding case can leave letters that come apart, and those can have cases of their own."""
    visible = "".join(letter for letter in written if category(letter) != "Cf")
    bare = ACCENTS.sub("", normalize("NFKD", visible.casefold()))
    return BETWEEN.sub("-", normalize("NFC", bare)).strip("-")


def key_meant(written: str) -> str:
    """One form for all spellings of a key, which are also run together: ``CostCenter``, ``cost-center``."""
    return meant(written).replace("-", "")


def tagged(tags: Mapping[str, str], key: str) -> str:
    """The value of a tag, however its key is spelled; empty if there is none, or it only fills the field."""
    return next(
        (value for name, value in tags.items() if key_meant(name) == key_meant(key) and not says_nobody(value)), ""
    )


def says_nobody(written: str) -> bool:
    """Whether a value only fills the field: ``n/a``, ``unknown``."""
    return meant(written) in NOBODY
