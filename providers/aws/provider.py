"""AWS as a provider: the bill, what runs, what was promised, and what AWS itself advises; everything is only read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from analysis.budgets import Budget
from analysis.commitments import Term
from analysis.errors import BadData, NotReadable
from analysis.estate import Advice, Bill
from providers.aws import cost_explorer
from providers.aws import exports as data_exports
from providers.aws.accounts import Account, accounts
from providers.aws.advice import advice, anomalies
from providers.aws.budgets import budgets
from providers.aws.commitments import terms
from providers.aws.connection import HOME, Connection, refusal
from providers.aws.inventory import GLOBAL_REGIONS, Limits, inventory
from providers.aws.prices import PriceList
from providers.cloud import Cloud
from providers.provider import Billed, Export, Inventory, Progress


@dataclass(frozen=True, slots=True)
class Choice:
    """Which billed rows are read, and how much may be asked.

    ``source``: ``auto`` takes the best there is (FOCUS export, CUR 2.0, legacy CUR, then Cost Explorer); ``export``
    and ``cost-explorer`` name one. ``export`` is an export's name where there are several; ``tag`` the one tag that
    Cost Explorer is grouped by.
    """

    source: Literal["auto", "export", "cost-explorer"] = "auto"
    export: str = ""
    tag: str = ""
    months: int = 13
    calls_a_day: int = 100
    only: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Whole:
    """What an organization knows of all its accounts: advice, commitments and budgets; what was not read, and told."""

    advice: Sequence[Advice]
    terms: Sequence[Term]
    budgets: Sequence[Budget]
    unread: Sequence[str]
    told: Sequence[str]


@dataclass
class AwsProvider(Cloud):
    """One organization, or one account."""

    connection: Connection
    choice: Choice = field(default_factory=Choice)

    def exports(self, now: datetime, progress: Progress) -> Sequence[Export]:
        """Billed rows by the best way that there is.

        Raises:
            NotReadable: there are no credentials, or no way to the bill at all.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            found = self.export()
            if found is not None:
                fetched = data_exports.fetch(
                    self.connection.client("s3", region=found.region or HOME),
                    found,
                    self.folder / "exports",
                    now,
                    months=self.choice.months,
                    progress=progress,
                )
                named = f"{self.name}: bill from export {found.name} ({found.table}) in s3://{found.bucket}"
                self.remember(replace(self.memory(), bill=(named, *fetched.warnings)))
                return fetched.exports
            return self._explored(now, progress)
        except (ClientError, BotoCoreError) as error:
            raise NotReadable(self.name, refusal(error)) from None
        except BadData as error:  # which must not cost other providers theirs
            raise NotReadable(self.name, str(error)) from None

    def export(self) -> data_exports.Found | None:
        """The export that is read, the best of those there are; ``None`` for Cost Explorer.

        Raises:
            NotReadable: there is none of the name, or none at all where one must be.
        """
        if self.choice.source == "cost-explorer":
            return None
        ways: list[data_exports.Found] = []
        refused: list[str] = []
        for service, discover in (("bcm-data-exports", data_exports.discovered), ("cur", data_exports.legacy)):
            try:
                ways += discover(self.connection.client(service))
            except (ClientError, BotoCoreError) as error:
                refused.append(refusal(error))
        named = [way for way in ways if not self.choice.export or self.choice.export in (way.name, way.arn)]
        if named:
            return named[0]
        if self.choice.export:
            known = ", ".join(way.name for way in ways) or "none"
            raise NotReadable(self.name, f"there is no export named {self.choice.export!r}; there are: {known}")
        if self.choice.source == "export":
            why = f" ({'; '.join(refused)})" if refused else ""
            raise NotReadable(self.name, f"there is no data export{why}; create one, or set source = 'auto'")
        return None

    def inventory(self, now: datetime, billed: Billed, progress: Progress) -> Inventory:
        """What runs in every account, measured where it is worth it, with AWS's own advice, budgets and commitments."""
        self.folder.mkdir(parents=True, exist_ok=True)
        listed = accounts(self.connection, self.choice.only)
        regions = sorted({spot.region for spot in billed.spots if spot.region not in GLOBAL_REGIONS}) or [HOME]
        own, priced = self._resource_bills(now, billed)
        prices = PriceList(self.connection.client, self.folder / "prices", now)
        with ThreadPoolExecutor(1, thread_name_prefix="aws-whole") as beside:
            asked = beside.submit(self._of_the_whole, now, billed, regions)
            taken = inventory(
                self.connection,
                listed.list,
                billed.spots,
                billed.with_others(own),
                prices=prices,
                now=now,
                limits=self.choice.limits,
                progress=progress,
            )
            whole = asked.result()
        memory = replace(self.memory(), terms=tuple(whole.terms), budgets=tuple(whole.budgets))
        self.remember(memory)
        measured = (
            (f"{self.name}: CloudWatch was asked for {taken.spent.cents()} of measurements",) if taken.spent else ()
        )
        return Inventory(
            taken.inventory.resources,
            unread=(*taken.inventory.unread, *whole.unread),
            kept=taken.inventory.kept,
            advice=tuple(one for one in whole.advice if _ours(one.account, listed.list)),
            bills=own,
            told=(*memory.bill, *listed.told, *priced, *measured, *whole.told),
        )

    def _of_the_whole(self, now: datetime, billed: Billed, regions: Sequence[str]) -> Whole:
        """What the organization is asked for as one: it is asked while its accounts are read."""
        advised, unadvised = advice(self.connection, regions)
        ends, unended = terms(self.connection, billed.commitments)
        limits, unset = budgets(self.connection)
        return Whole(advised, ends, limits, unended, (*unadvised, *anomalies(self.connection, now), *unset))

    def _explored(self, now: datetime, progress: Progress) -> Sequence[Export]:
        read = cost_explorer.read(
            self.connection.client("ce"),
            self.folder / "cost-explorer",
            now,
            payer=self.connection.identity(),
            tag=self.choice.tag,
            months=self.choice.months,
            calls_a_day=self.choice.calls_a_day,
            progress=progress,
        )
        stands_on = (
            f"{self.name}: bill from Cost Explorer, for want of an export: {read.calls} calls today, {read.spent}"
        )
        self.remember(replace(self.memory(), bill=(stands_on, *read.told)))
        return read.exports

    def _resource_bills(self, now: datetime, billed: Billed) -> tuple[Mapping[str, Bill], tuple[str, ...]]:
        """Prices of resources where the rows name none, as those of Cost Explorer do not."""
        if not (self.folder / "cost-explorer").exists() or billed.bills:
            return {}, ()
        services = sorted({spot.service for spot in billed.spots})
        try:
            found = cost_explorer.resource_bills(
                self.connection.client("ce"), self.folder / "cost-explorer", now, services=services
            )
        except (ClientError, BotoCoreError) as error:
            return {}, (f"{self.name}: resources are not priced: {refusal(error)}",)
        return found, () if found else (f"{self.name}: resources are not priced: switch on resource-level data",)


def _ours(account: str, known: Sequence[Account]) -> bool:
    return not account or any(one.id == account for one in known)
