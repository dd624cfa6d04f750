"""List prices of sizes: what a machine or a database lists at an hour, where and as it runs.

They only ever make a ratio of two sizes; money always comes from billed rows.
"""

from __future__ import annotations

from typing import Protocol

from analysis.estate import Size


class Prices(Protocol):
    """Sizes with what they list at."""

    def machine(self, name: str, region: str, system: str = "Linux") -> Size | None:
        """An EC2 instance type; ``None`` if it is not on the price list."""

    def machines_like(self, name: str, region: str, system: str = "Linux") -> tuple[Size, ...]:
        """The smaller sizes of its own family."""

    def newer_machine(self, name: str, region: str, system: str = "Linux") -> Size | None:
        """The same size of the family that AWS names as its successor, where there is one."""

    def arm_machine(self, name: str, region: str, system: str = "Linux") -> Size | None:
        """The same size of a family with Graviton processors, where there is one."""

    def database(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> Size | None:
        """An RDS class (``db.m5.large``); ``engine`` as RDS names it (``postgres``)."""

    def databases_like(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> tuple[Size, ...]:
        """The smaller classes of its own family."""

    def newer_database(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> Size | None:
        """The same size of the class that succeeds it, where there is one."""

    def arm_database(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> Size | None:
        """The same size of a class with Graviton processors, where there is one."""
