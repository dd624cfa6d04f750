"""Pictures: a Figure drawn without global state, as PNG bytes with words that say the same."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from threading import Lock
from typing import ParamSpec

P = ParamSpec("P")
MOST_KEPT = 64  # pictures of about 100 KB


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG and ``alt``: what it shows, with the numbers, for whom the picture is not there."""

    png: bytes
    alt: str
    name: str  # a file name without ending: "forecast"

    @property
    def digest(self) -> str:
        """The content's own name; the same picture is uploaded once."""
        return sha256(self.png).hexdigest()


_kept: OrderedDict[bytes, Picture] = OrderedDict()
_lock = Lock()


def drawn_once(draw: Callable[P, Picture]) -> Callable[P, Picture]:
    """Remember the last pictures by the content of what they are drawn of: the same values are the same picture."""

    @wraps(draw)
    def known(*args: P.args, **options: P.kwargs) -> Picture:
        said = pickle.dumps((draw.__module__, draw.__qualname__, args, sorted(options.items())), protocol=5)
        key = sha256(said).digest()
        with _lock:
            if key in _kept:
                _kept.move_to_end(key)
                return _kept[key]
        made = draw(*args, **options)
        with _lock:
            _kept[key] = made
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
        return made

    return known


def forget() -> None:
    """Let the remembered pictures go: the next ones are drawn anew."""
    with _lock:
        _kept.clear()
