"""The assessor: looks at everything once, and remembers the one truth that all views are cut from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from threading import RLock
from typing import Any, Protocol, TypeVar
from uuid import uuid4

import structlog

from analysis import checks
from analysis.assessment import Assessment
from analysis.errors import FinOpsError, NotReadable
from analysis.estate import Advice, Bill, Estate, Resource
from analysis.exemptions import withheld
from analysis.findings import STILL_BILLED, Finding, State
from analysis.savings import Saving, Verdict
from bot.composing import COMPOSER, Sources, agreed, with_findings
from bot.figures import plain
from bot.traces import reading
from commands.core.owners import owners_of
from commands.core.ports import Exemptions, Findings, Ledger, Seen
from commands.core.report import Report
from commands.savings import line_figures, said_of
from providers import remedies
from providers.lake import Lake
from providers.provider import Billed, Export, Progress, Provider

log = structlog.get_logger(__name__)
T = TypeVar("T", Resource, Advice)
HISTORY = timedelta(days=400)
TOLD = timedelta(days=90)  # what was fixed longer ago is no news, whatever the bill says


class Runs(Protocol):
    """The record of assessments."""

    def started(self, run: str, now: datetime) -> None:
        """One begins."""

    def finished(self, run: str, now: datetime, summary: Mapping[str, Any]) -> None:
        """It ended well."""

    def tell(self, run: str, told: Mapping[str, Any]) -> None:
        """Keep what was told of one."""

    def told(self, run: str = "") -> tuple[str, Mapping[str, Any]]:
        """The id of one and what was told of it."""

    def scores(self, since: datetime) -> Sequence[tuple[date, int]]:
        """The last maturity score of each month since then."""


@dataclass
class Read:
    """The inventories of all providers, joined; ``complete`` are those that were read but for what ``kept`` names."""

    bills: Mapping[str, Bill] = field(default_factory=dict)
    resources: tuple[Resource, ...] = ()
    advice: tuple[Advice, ...] = ()
    unread: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    complete: frozenset[str] = frozenset()

    def estate(self, day: date) -> Estate:
        """What the checks look at."""
        return Estate.of_all(day, self.resources, self.bills, self.advice)


@dataclass
class Assessor:
    """Makes assessments of all providers, one at a time; the newest is shared by everybody who asks."""

    lake: Lake
    providers: Sequence[Provider]
    findings: Findings
    runs: Runs
    report: Report
    settings: Mapping[str, Mapping[str, Any]]
    ledger: Ledger
    exemptions: Exemptions
    sources: Sources
    progress: Progress = lambda _share, _what: None

    def __post_init__(self) -> None:
        self._lock = RLock()
        self._latest: tuple[object, Assessment] | None = None

    def latest(self, now: datetime) -> Assessment:
        """The assessment that stands: made when there is none for these billed rows and this day.

        Raises:
            NoData: there are no billed rows to assess.
        """
        with self._lock:
            key = (self.lake.version, now.date())
            if self._latest is None or self._latest[0] != key:
                if not self.lake.version:
                    return self.fresh(now)[0]
                self._latest = (key, agreed(COMPOSER.cut(self.sources, self.lake.version, now), self.sources, now))
            return with_findings(self._latest[1], self.sources, now, self._history(now))

    def fresh(self, now: datetime) -> tuple[Assessment, Seen]:
        """Load new billed rows, read every inventory, run every check, and enter what was found."""
        with self._lock, reading():
            run = uuid4().hex[:12]
            self.runs.started(run, now)
            refused = self.load(now)
            self._adopted()
            read, cut = self._looked(now)
            self.progress(0.7, "running the checks")
            estate = read.estate(now.date())
            found = [self._with_fix(finding) for finding in checks.run(estate, self.settings)]
            told, exempt = withheld(self._owned(found, now), self.exemptions.standing(now))
            kept = read.kept | self._still_billed(read)
            seen = self.findings.seen(told, run, read.complete, now, kept=kept, exempt=exempt)
            self.progress(0.8, "putting it together")
            unread = (*refused, *read.unread)
            made = agreed(cut, self.sources, now, run=run, unread=unread, told=read.told)
            self._latest = ((self.lake.version, now.date()), made)
            whole = with_findings(made, self.sources, now, self._history(now))
            if news := self._entered(whole, now, {one.id.lower() for one in read.resources}):
                whole = with_findings(made, self.sources, now, self._history(now))
                seen = replace(seen, verified=news)
            figures = {"waste": str(whole.waste().amount), "findings": len(whole.findings), "unread": len(unread)}
            self.runs.finished(run, now, figures | ({"score": whole.score.total} if whole.score else {}))
            self.progress(1.0, "done")
            return whole, seen

    def tell(self, run: str, told: Mapping[str, Any]) -> None:
        """Keep what was told of an assessment, so that it can be told again."""
        self.runs.tell(run, told)

    def told(self, run: str = "") -> tuple[str, Mapping[str, Any]]:
        """The id of an assessment and what was told of it; the newest, if none is named.

        Raises:
            NotFound: nothing was told of it.
        """
        return self.runs.told(run)

    def load(self, now: datetime) -> tuple[str, ...]:
        """Bring the lake up to date with every provider's exports; what refused to be read, in words.

        Raises:
            NotReadable: no provider could be read, and there are no rows from earlier either.
        """
        with self._lock, reading():
            return self._loaded(now)

    def _loaded(self, now: datetime) -> tuple[str, ...]:
        self.progress(0.0, "reading billed rows")
        exports: list[Export] = []
        refused: list[NotReadable] = []
        for provider in self.providers:
            try:
                exports += provider.exports(now, lambda _share, what: self.progress(0.0, what))
            except NotReadable as error:
                log.warning("exports", provider=provider.name, refused=str(error))
                refused.append(error)
        if refused and not exports and not self.lake.version:
            raise refused[0]
        loaded = self.lake.ingest(exports, now, progress=lambda share, what: self.progress(0.6 * share, what))
        for warning in loaded.warnings:
            log.warning("ingest", warning=warning)
        return tuple(f"{error}; its rows of before stand" for error in refused)

    def _history(self, now: datetime) -> Sequence[tuple[date, int]]:
        return self.runs.scores(now - HISTORY)

    def _entered(self, whole: Assessment, now: datetime, present: set[str]) -> tuple[Saving, ...]:
        """Write into the ledger what the bill says of every fix, where that is new; what of it is news to people.

        It is told before it is written: whoever dies in between tells it again, which is the same message.
        """
        news: list[Saving] = []
        for line in whole.savings.lines if whole.savings else ():
            if self._is_news(line, now, present) and (told := self.findings.billed(line, now, said_of(line))):
                news.append(replace(line, finding=told))
            self.ledger.enter(line.finding.id, str(line.verdict), line.monthly, plain(line_figures(line)), now)
        return tuple(news)

    def _is_news(self, line: Saving, now: datetime, present: set[str]) -> bool:
        """Whether the bill has just confirmed or refuted a fix of ours. What runs on and is no waste was not fixed."""
        judged = line.verdict in {Verdict.VERIFIED, Verdict.NOT_FALLEN}
        if not judged or line.fixed_on < (now - TOLD).date() or not self.findings.history(line.finding.id):
            return False
        if self.ledger.said(line.finding.id, str(line.verdict), line.fixed_on):
            return False
        used = line.finding.state is not State.DONE and line.finding.resource_id.lower() in present
        return line.verdict is Verdict.VERIFIED or not used

    def _still_billed(self, read: Read) -> frozenset[str]:
        """What the bill opened again and still bills: it stays open, whether or not anybody can see it."""
        again = (one for one in self.findings.standing(State.REOPENED) if one.reason.startswith(STILL_BILLED))
        return frozenset(one.resource_id.lower() for one in again if one.resource_id.lower() in read.bills)

    def _owned(self, found: Sequence[Finding], now: datetime) -> list[Finding]:
        """Findings with whose they are: by the rules of owners, by tags, by where allocation puts their cost."""
        try:
            placed = owners_of(self.sources.costs, self.report, now, [one.resource_id for one in found])
        except FinOpsError as error:
            log.info("owners by allocation left out", why=str(error))
            placed = {}
        owned = []
        for one in found:
            whose = self.report.owners.of(one, placed.get(one.resource_id.lower()))
            owned.append(replace(one, team=whose.team, whose=whose.person, why_whose=whose.why))
        return owned

    def _adopted(self) -> None:
        """Enter what was fixed before Pitcrew came."""
        for provider in self.providers:
            if past := provider.past():
                self.findings.adopt(past)

    def _looked(self, now: datetime) -> tuple[Read, Assessment]:
        """Every inventory, and the figures of the billed rows: these are cut while the clouds are waited for.

        Raises:
            NoData: there are no rows.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="cut") as beside:
            cut = beside.submit(COMPOSER.cut, self.sources, self.lake.version, now)
            return self._inventories(now, self.lake.billed(now)), cut.result()

    def _inventories(self, now: datetime, billed: Billed) -> Read:
        """Every provider's inventory together; one that cannot be read at all leaves its findings as they are."""
        read = Read()
        for provider in self.providers:
            self.progress(0.6, f"reading the inventory of {provider.name}")
            try:
                found = provider.inventory(now, billed, lambda share, what: self.progress(0.6 + 0.1 * share, what))
            except NotReadable as error:
                log.warning("inventory", provider=provider.name, refused=str(error))
                read.unread += (f"{provider.name}: {error}",)
                continue
            read.resources += tuple(_named(one, provider.name) for one in found.resources)
            read.unread += found.unread
            read.advice += tuple(_named(one, provider.name) for one in found.advice)
            read.told += found.told
            read.kept |= found.kept
            read.bills = {**found.bills, **read.bills}
            read.complete |= {provider.name}
        read.bills = {**read.bills, **billed.bills}
        return read

    def _with_fix(self, finding: Finding) -> Finding:
        fix = remedies.fix(finding)
        return finding.fixed_by(fix) if fix else finding


def _named(one: T, provider: str) -> T:
    """What a provider told, under the name that it has here."""
    return one if one.provider == provider else replace(one, provider=provider)
