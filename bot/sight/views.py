"""What is kept of each sight, so that what it sees is composed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.allocation_rules import Rulebook
from bot.scopes import Scope
from bot.sight.hidden import Hidden
from bot.sight.ports import NarrowCosts
from bot.sight.report import narrow_report
from commands.core.report import Report

if TYPE_CHECKING:
    from providers.lake import Lake


@dataclass
class Views:
    """What is kept of each sight, so that an assessment of it is composed once: the bill, and what is told of it."""

    lake: Lake
    scopes: Sequence[Scope]
    rulebook: Rulebook
    _hidden: dict[frozenset[str], Hidden] = field(default_factory=dict)
    _costs: dict[frozenset[str], NarrowCosts] = field(default_factory=dict)
    _reports: dict[frozenset[str], tuple[Report, str, Report]] = field(default_factory=dict)

    def hidden(self, names: frozenset[str]) -> Hidden:
        """What the scopes of those names hold now."""
        version, known = self.lake.version, self._hidden.get(names)
        if known is None or known.version != version:
            mine = tuple(one for one in self.scopes if one.name in names)
            known = self._hidden[names] = Hidden(mine, self.lake, self.rulebook, version)
        return known

    def costs(self, names: frozenset[str]) -> NarrowCosts:
        """The bill without those scopes."""
        return self._costs.setdefault(names, NarrowCosts(self.lake, lambda: self.hidden(names)))

    def report(self, names: frozenset[str], report: Report) -> Report:
        """The deployment's report without those scopes."""
        known = self._reports.get(names)
        if known is None or known[0] is not report or known[1] != self.lake.version:
            narrow = narrow_report(report, self.costs(names), lambda: self.hidden(names))
            known = self._reports[names] = (report, self.lake.version, narrow)
        return known[2]
