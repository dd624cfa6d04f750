"""Names to things: the folder is the list, and importing it fills the registry."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Generic, TypeVar

from analysis.errors import UnknownName

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to things, filled by importing every module of one package."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._things: dict[str, T] = {}

    def add(self, name: str, thing: T) -> T:
        """Register ``thing`` under ``name``; a second one is a bug.

        Raises:
            ValueError: two things claim one name.
        """
        if name in self._things:
            raise ValueError(f"two {self.noun}s are named {name!r}")
        self._things[name] = thing
        return thing

    def named(self, name: str) -> Callable[[T], T]:
        """Decorate a thing to register it under ``name``."""
        return lambda thing: self.add(name, thing)

    def discover(self, package: ModuleType) -> None:
        """Import each module of ``package`` so that it registers itself."""
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)

    def __getitem__(self, name: str) -> T:
        try:
            return self._things[name]
        except KeyError:
            raise UnknownName(self.noun, name, known=sorted(self._things)) from None

    def __contains__(self, name: object) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._things))

    def __len__(self) -> int:
        return len(self._things)
