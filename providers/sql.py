"""Names and values as SQL writes them."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A value as an SQL string."""
    return "'" + str(value).replace("'", "''") + "'"


def named(raw: str) -> str:
    """The name of a column that is written in SQL."""
    return raw[1:-1].replace('""', '"')
