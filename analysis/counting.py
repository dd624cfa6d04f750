"""Counts with their nouns: ``1 day``, ``3 days``."""

from __future__ import annotations


def so_many(count: int, noun: str) -> str:
    """So many of something, in words that people read."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
