"""Names to things: the folder is the list, and a module is imported when its thing, or the list, is asked for."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Generic, TypeVar

from analysis.errors import UnknownName

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to things, each in a module of one package that is called as it is (``idle_disk.py``: idle-disk)."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._things: dict[str, T] = {}
        self._modules: dict[str, str] = {}  # by the name of what should be in them
        self._imported: set[str] = set()  # the names of those that are whole

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
        """Have the modules of ``package`` register themselves when they are needed."""
        if not self._modules:
            names = [module.name for module in pkgutil.iter_modules(package.__path__)]
            self._modules = {name.replace("_", "-"): f"{package.__name__}.{name}" for name in names}

    def fill(self) -> None:
        """Import every module that was not needed yet. Safe to call from many threads."""
        for name in self._modules:
            self._import(name)

    def __getitem__(self, name: str) -> T:
        if name in self:
            return self._things[name]
        raise UnknownName(self.noun, name, known=sorted(self._things))

    def __contains__(self, name: object) -> bool:
        if name in self._modules:
            self._import(str(name))
        if name not in self._modules or name not in self._things:
            self.fill()
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        self.fill()
        return iter(sorted(self._things))

    def __len__(self) -> int:
        self.fill()
        return len(self._things)

    def _import(self, name: str) -> None:
        """Import a module; should another thread be at it, wait until it is whole."""
        if name not in self._imported:
            importlib.import_module(self._modules[name])
            self._imported.add(name)
