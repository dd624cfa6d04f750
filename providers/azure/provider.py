"""Azure as a provider: the bill, what runs, what was promised, what Azure itself advises; everything is only read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from azure.core.exceptions import AzureError

from analysis.errors import BadData, NotReadable
from analysis.estate import Bill
from providers.azure import cost_details, cost_query
from providers.azure import exports as cost_exports
from providers.azure.connection import Connection, refusal
from providers.azure.exports import Found
from providers.azure.inventory import Limits
from providers.azure.scopes import Scopes, inheritance, scopes
from providers.azure.survey import survey
from providers.cloud import Cloud
from providers.provider import Billed, Export, Inventory, Progress

LACKS = "Azure's cost data has no tax, no credits and no support: it does not equal the invoice"
LATE = timedelta(hours=36)  # after which a daily export should have come again


@dataclass(frozen=True, slots=True)
class Choice:
    """Which billed rows are read, and how much may be asked.

    ``source``: ``auto`` takes a FOCUS export where there is one, else the Query API; ``export``, ``query`` and
    ``details`` name one. ``scopes`` are what is asked (empty: every subscription that may be read), ``export`` is an
    export's name or address, ``questions`` how often an assessment may ask the Query API about one scope.
    """

    source: Literal["auto", "export", "query", "details"] = "auto"
    scopes: tuple[str, ...] = ()
    export: str = ""
    months: int = 13
    questions: int = 24
    limits: Limits = field(default_factory=Limits)


@dataclass
class AzureProvider(Cloud):
    """One tenant, by one identity."""

    connection: Connection
    choice: Choice = field(default_factory=Choice)

    def exports(self, now: datetime, progress: Progress) -> Sequence[Export]:
        """Billed rows by the best way that there is.

        Raises:
            NotReadable: there are no credentials, or no way to the bill at all.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        told: tuple[str, ...] = ()
        try:
            if self.choice.source in ("auto", "export"):
                found, told = self._found(progress)
                try:
                    if found:
                        return self._exported(found, told, now, progress)
                except BadData as nothing:
                    if self.choice.source == "export":
                        raise
                    told = (*told, str(nothing))
            where = scopes(self.connection, self.choice.scopes)
            return self._asked(where, told, now, progress)
        except AzureError as error:
            raise NotReadable(self.name, refusal(error)) from None
        except BadData as error:  # which must not cost other providers theirs
            raise NotReadable(self.name, str(error)) from None

    def inventory(self, now: datetime, billed: Billed, progress: Progress) -> Inventory:
        """What runs in every subscription, measured where it is worth it, with Azure's own advice."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            where = scopes(self.connection, self.choice.scopes)
        except AzureError as error:
            raise NotReadable(self.name, refusal(error)) from None
        own, priced = self._resource_bills(where, now, billed)
        seen = survey(
            self.connection,
            replace(billed, bills=billed.with_others(own)),
            folder=self.folder,
            now=now,
            limits=self.choice.limits,
            scopes=[one.id for one in where.list],
            progress=progress,
        )
        memory = replace(self.memory(), terms=tuple(seen.terms), budgets=tuple(seen.budgets))
        self.remember(memory)
        told = (*memory.bill, *where.told, *priced, *inheritance(self.connection, where.list), *seen.inventory.told)
        return replace(seen.inventory, bills={**seen.inventory.bills, **own}, told=told)

    def found(self) -> tuple[list[Found], tuple[str, ...]]:
        """The exports that are read, and what there is to say of others.

        Raises:
            NotReadable: the one that is named is not there.
            AzureError: no scope can be read.
        """
        if self.choice.export.startswith("https://"):
            return [cost_exports.addressed(self.choice.export)], ()
        where = scopes(self.connection, self.choice.scopes)
        every: list[Found] = []
        refused: dict[str, AzureError] = {}

        def look(scope: str) -> list[Found]:
            try:
                return cost_exports.discovered(self.connection, scope)
            except AzureError as error:
                refused[scope] = error
                return []

        with ThreadPoolExecutor(self.choice.limits.workers, thread_name_prefix="azure-exports") as pool:
            for some in pool.map(look, (one.id for one in where.list)):
                every += some
        if refused and len(refused) == len(where.list):
            raise next(iter(refused.values()))
        chosen, told = cost_exports.chosen(every, name=self.choice.export)
        if self.choice.export and not chosen:
            known = ", ".join(sorted({one.name for one in every})) or "none"
            raise NotReadable(self.name, f"there is no FOCUS export named {self.choice.export!r}; there are: {known}")
        if refused:
            first = next(iter(refused.values()))
            told = (*told, f"exports of {len(refused)} of {len(where.list)} scopes are not listed: {refusal(first)}")
        return chosen, told

    def _found(self, progress: Progress) -> tuple[list[Found], tuple[str, ...]]:
        """The exports that are read; none where the Query API is taken instead."""
        progress(0.0, f"{self.name}: looking for exports")
        try:
            chosen, told = self.found()
        except AzureError as error:
            if self.choice.source == "export":
                raise
            return [], (f"exports are not listed: {refusal(error)}",)
        if not chosen and self.choice.source == "export":
            why = f" ({'; '.join(told)})" if told else ""
            raise NotReadable(self.name, f"there is no FOCUS export{why}; create one, or set source = 'auto'")
        return chosen, told

    def _exported(
        self, found: Sequence[Found], told: Sequence[str], now: datetime, progress: Progress
    ) -> Sequence[Export]:
        fetched = cost_exports.fetch(
            self.connection,
            found,
            self.folder / "exports",
            now,
            months=self.choice.months,
            provider=self.name,
            progress=progress,
        )
        kind = f"{found[0].kind} {found[0].version}".strip()
        named = f"export {found[0].name} ({kind}) in {found[0].where}" if len(found) == 1 else f"{len(found)} exports"
        lines = [f"{self.name}: bill from {named}{_age(fetched.fresh, now)}", LACKS, *told, *fetched.warnings]
        self.remember(replace(self.memory(), bill=lines, way=cost_exports.WAY))
        return fetched.exports

    def _asked(self, where: Scopes, told: Sequence[str], now: datetime, progress: Progress) -> Sequence[Export]:
        """By the Query API, or by Cost Details where they are asked for."""
        details = self.choice.source == "details"
        if details:
            read = cost_details.read(
                self.connection,
                where.list,
                self.folder / "details",
                now,
                months=self.choice.months,
                provider=self.name,
                progress=progress,
            )
        else:
            read = cost_query.read(
                self.connection,
                where.list,
                self.folder / "query",
                now,
                months=self.choice.months,
                questions=self.choice.questions,
                names=where.names,
                provider=self.name,
                progress=progress,
            )
        source = "Cost Details" if details else "the Query API, for want of an export"
        what = "" if details else ", by service and day, without tags"
        lines = [f"{self.name}: bill from {source}{what}{_age(read.fresh, now)}", LACKS, *told, *where.told, *read.told]
        self.remember(replace(self.memory(), bill=lines, way=cost_details.WAY if details else cost_query.WAY))
        return read.exports

    def _resource_bills(
        self, where: Scopes, now: datetime, billed: Billed
    ) -> tuple[Mapping[str, Bill], tuple[str, ...]]:
        """Prices of resources where the rows name none, as those of the Query API do not."""
        if self.memory().way != cost_query.WAY:
            return {}, ()
        found, told = cost_query.resource_bills(self.connection, where.list, self.folder / "query", now)
        return {name: bill for name, bill in found.items() if name not in billed.bills}, told


def _age(fresh: datetime | None, now: datetime) -> str:
    """When the newest rows were delivered; with a warning where they are late."""
    if fresh is None:
        return ""
    late = "; nothing has come since, look at the export in the portal" if now - fresh > LATE else ""
    return f", of {fresh:%d %b at %H:%M} UTC{late}"
