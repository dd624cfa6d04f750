"""Links: what an answer's reader may click. The one place where an address of somebody else's becomes one of ours."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

LONGEST = 1_000
KEPT = ":/?#@!$&*+,;=~-._%"  # what an address is made of; brackets, quotes, spaces and all else are encoded


class Linked(str):
    """A value that leads somewhere: ``words`` to click, and a ``url`` that is safe, or empty.

    As text it is both, for platforms and places that have no links.
    """

    words: str
    url: str

    def __new__(cls, words: str, url: str) -> Linked:
        """Words, and an address as somebody else gave it."""
        safe = address(url)
        made = super().__new__(cls, " ".join(part for part in (words, safe) if part))
        made.words, made.url = words or safe, safe
        return made


def address(url: str) -> str:
    """An address as it may be clicked: of https, with a host and without a user, in plain letters; empty otherwise."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    plain = parts.scheme == "https" and host and host.isascii() and parts.username is None and url.isprintable()
    return quote(url, safe=KEPT) if plain and "[" not in parts.netloc and len(url) <= LONGEST else ""
