"""The exemptions: what is no waste, until when, says who; entered with the moves of the findings that they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from analysis.errors import NotFound, TooLate
from analysis.exemptions import Exemption, unknown
from analysis.findings import Finding, State, readmit
from bot.state import schema
from bot.state.database import Database
from bot.state.finding_rows import finding_of
from bot.state.findings import FindingsTable
from bot.state.records import AuditLine
from commands.core.caller import Caller

table, finding = schema.exemption, schema.finding


class ExemptionsTable:
    """Every exemption that was ever made, so that it can be said who made it and who ended it."""

    def __init__(self, database: Database, findings: FindingsTable) -> None:
        self.database = database
        self.findings = findings

    def enter(self, name: str, made: Exemption, by: Caller, ask: str, now: datetime) -> tuple[Finding, int]:
        """Enter an exemption with the moves of all findings that it covers; the named one, and how many moved.

        Raises:
            NotFound: no such finding.
            TooLate: it is exempt, done or resolved already.
            NotSaved: the database did not take it.
        """
        with self.database.writing() as connection:
            if known := self.findings.audit.line(connection, by.key):
                return self.findings.get(known.moved or name), 0
            entered = replace(made, by=by.id, by_name=by.name, at=now)
            first = self.findings.get(name)
            others = [one.id for one in self._all(connection, now) if one.id != first.id and entered.covers(one)]
            moved = self.findings.put_to_sleep(connection, [first.id, *others], entered.move, by, now)
            mine = next((one for one in moved if one.id == first.id), None)
            if mine is None:
                raise TooLate(f"already {first.state}; nothing was changed")
            row = {
                "check": entered.check,
                "resource_id": entered.resource_id,
                "tag": entered.tag,
                "why": entered.why,
                "until": entered.until,
                "by": by.id,
                "by_name": by.name,
                "at": now,
                "ended_by": "",
            }
            connection.execute(sa.insert(table).values(row))
            self.findings.audit.enter(connection, AuditLine(by.key, by.id, ask, "answered", now, moved=first.id))
        return mine, len(moved)

    def standing(self, now: datetime) -> Sequence[Exemption]:
        """Those that hold now, the one that ends first in front."""
        with self.database.reading() as connection:
            return self._standing(connection, now)

    def end(self, number: int, by: Caller, now: datetime) -> tuple[Exemption, int]:
        """End one, and wake the findings that no other covers: the exemption, and how many woke.

        Raises:
            NotFound: there is none of that number, or it is over.
            NotSaved: the database did not take it.
        """
        with self.database.writing() as connection:
            held = {one.number: one for one in self._standing(connection, now)}
            if number not in held:
                raise NotFound(unknown(number))
            ended = sa.update(table).where(table.c.number == number, table.c.ended_at.is_(None))
            connection.execute(ended.values(ended_at=now, ended_by=by.name))
            others = [one for key, one in held.items() if key != number]
            freed = [
                one.id
                for one in self._all(connection, now)
                if one.state is State.EXEMPT
                and held[number].covers(one)
                and not any(other.covers(one) for other in others)
            ]
            return held[number], len(self.findings.put_to_sleep(connection, freed, readmit(), by, now))

    def _standing(self, connection: sa.Connection, now: datetime) -> list[Exemption]:
        wanted = sa.select(table).where(table.c.ended_at.is_(None), table.c.until > now.date())
        return [_exemption(row) for row in connection.execute(wanted.order_by(table.c.until, table.c.number))]

    def _all(self, connection: sa.Connection, now: datetime) -> list[Finding]:
        return [finding_of(row, now.date()) for row in connection.execute(sa.select(finding))]


def _exemption(row: Any) -> Exemption:  # noqa: ANN401 (a row)
    return Exemption(row.check, row.why, row.until, row.resource_id, row.tag, row.number, row.by, row.by_name, row.at)
